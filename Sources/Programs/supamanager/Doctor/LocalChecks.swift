import APIKit
import ComposeTemplates
import ConsistencyModel
import DockerEngine
import FoundationEssentials
import Glibc
import LinuxHost
import ManagementAPI
import Orchestrator
import PostgresKit
import ProjectKeys
import ProjectModel

/// Checks of single files and folders that a manager opens when it starts.
struct LocalChecks {
    let settings: ServeSettings

    /// Every stack in the folder can be used, and the one that new projects get is there: a manager reads all of them.
    func templates() -> [ConsistencyFinding] {
        let stacks = StackFolders(path: settings.templatesFolder)
        return Set(stacks.names).union([settings.stack]).sorted().map { stack in
            let folder = stacks.folder(of: stack)
            do {
                _ = try stacks.template(of: stack)
                return ConsistencyFinding(
                    "template.valid", .ok, subject: folder, found: "the template in \(folder) can be used")
            } catch {
                return ConsistencyFinding(
                    "template.valid", .error, subject: folder, found: "\(error)",
                    advice: "correct \(folder)/compose.yaml (supamanager template check tells its "
                        + "problems), or name another folder of stacks with SUPAMANAGER_TEMPLATES")
            }
        }
    }

    /// The data folder exists or can be created, and others cannot write into it.
    func dataFolder() -> ConsistencyFinding {
        let path = settings.dataFolder
        func finding(_ severity: ConsistencyFinding.Severity, _ found: String, advice: String = "")
            -> ConsistencyFinding
        {
            ConsistencyFinding("data.folder", severity, subject: path, found: found, advice: advice)
        }
        var isFolder = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            let parent = DataFolder.existingPart(of: path)
            guard FileManager.default.isWritableFile(atPath: parent) else {
                return finding(
                    .error, "the data folder \(path) does not exist, and this user may not make it in \(parent)",
                    advice: "make it and give it to the manager's user, or name another with SUPAMANAGER_DATA_DIR")
            }
            return finding(.ok, "the data folder \(path) does not exist yet: the first start makes it")
        }
        guard isFolder else {
            return finding(.error, "\(path) is not a folder", advice: "name a folder with SUPAMANAGER_DATA_DIR")
        }
        guard FileManager.default.isWritableFile(atPath: path) else {
            return finding(
                .error, "this user may not write into the data folder \(path)",
                advice: "run as the user who owns it (ls -ld \(path)), or give it to this one: chown -R")
        }
        guard let mode = mode(of: path), mode & 0o022 == 0 else {
            return finding(
                .error, "others may write into the data folder \(path), which holds keys and databases",
                advice: "chmod go-w \(path)")
        }
        return finding(.ok, "the data folder \(path) can be written by its owner alone")
    }

    /// The master key is there where there is something to open with it, and is readable for its owner alone.
    func masterKey() -> ConsistencyFinding {
        let path = settings.masterKeyFile
        func finding(_ severity: ConsistencyFinding.Severity, _ found: String, advice: String = "")
            -> ConsistencyFinding
        {
            ConsistencyFinding("master.key", severity, subject: path, found: found, advice: advice)
        }
        guard FileManager.default.fileExists(atPath: path) else {
            // The private database begins its life together with the key.
            let cluster = settings.dataFolder + "/postgres"
            guard settings.database == nil, FileManager.default.fileExists(atPath: cluster) else {
                return finding(.ok, "there is no master key \(path) yet: the first start makes it")
            }
            return finding(
                .error, "the master key \(path) is gone, and a database in \(cluster) is there that needs it",
                advice:
                    "restore the key from a backup: without it no secret of any project can be read, and a new key opens none"
            )
        }
        if let mode = mode(of: path), mode & 0o077 != 0 {
            return finding(.error, "others may use the master key \(path)", advice: "chmod 600 \(path)")
        }
        do {
            // With this nothing is ever made: a key that is missing is an error.
            _ = try MasterKey.load(path: path, sealedDataExists: true)
            return finding(.ok, "the master key \(path) can be read by its owner alone")
        } catch {
            return finding(
                .error, "\(error)", advice: "put the key back from a backup, and give it to the manager's user")
        }
    }

    /// The engine's socket is there and this user may use it.
    func engineSocket() -> ConsistencyFinding {
        let path = settings.dockerHost.socketPath
        guard FileManager.default.fileExists(atPath: path) else {
            return ConsistencyFinding(
                "engine.socket", .error, subject: path, found: "there is no Docker Engine at \(path)",
                advice: "install and start Docker (systemctl start docker), or name its socket: "
                    + "DOCKER_HOST=unix:///path/to/docker.sock")
        }
        guard FileManager.default.isWritableFile(atPath: path) else {
            return ConsistencyFinding(
                "engine.socket", .error, subject: path,
                found: "this user may not use the Docker Engine's socket \(path)",
                advice: "add the user to the socket's group (usermod -aG docker USER) and sign in again, or run the "
                    + "manager as a user who may")
        }
        return ConsistencyFinding("engine.socket", .ok, subject: path, found: "this user may use the socket \(path)")
    }

    /// The manager's listen address is free.
    func listenAddress() -> [ConsistencyFinding] {
        let listen = settings.listen
        // A name is no address: what it stands for is known only when the manager binds it.
        guard listen.port > 0, let taken = try? LinuxHostNetwork().listeningPorts(on: listen.host) else { return [] }
        guard taken.contains(listen.port) else {
            return [
                ConsistencyFinding("listen.free", .ok, subject: "\(listen)", found: "\(listen) is free")
            ]
        }
        return [
            ConsistencyFinding(
                "listen.free", .error, subject: "\(listen)",
                found: "something listens on \(listen), and it does not answer as a manager",
                advice:
                    "find out who it is with ss -ltnp 'sport = :\(listen.port)', or set SUPAMANAGER_LISTEN to another "
                    + "address")
        ]
    }

    /// The programs of a private PostgreSQL are installed, where it is needed.
    func databasePrograms(searchPath: String) async -> ConsistencyFinding {
        guard settings.database == nil else {
            return ConsistencyFinding("database.programs", .ok, found: "a database is given: no private one is needed")
        }
        guard let programs = await PostgresPrograms.installed(searchPath: searchPath).first else {
            return ConsistencyFinding(
                "database.programs", .error, found: "no PostgreSQL server programs are installed here",
                advice: "install them (apt install postgresql), or give a database: SUPAMANAGER_DATABASE_URL")
        }
        return ConsistencyFinding(
            "database.programs", .ok, subject: programs.folder,
            found: "PostgreSQL \(programs.majorVersion) in \(programs.folder) can run the private database")
    }

    /// The rights of a file or folder.
    private func mode(of path: String) -> UInt32? {
        var status = stat()
        // SAFETY: both are used during the call only; the structure is ours.
        return unsafe stat(path, &status) == 0 ? status.st_mode & 0o777 : nil
    }
}
