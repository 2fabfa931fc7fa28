import Accounts
import FileKit
import FoundationEssentials
import InstallationArchive
import Orchestrator
import PostgresKit
import PostgresStore
import ProjectKeys
import ProjectModel
import TokenKit

/// Puts together what a backup of the manager holds.
struct ManagerBackup {
    let settings: ServeSettings

    /// Largest file of a project that is taken; functions and templates are far smaller.
    static let projectFileBytesMax = 64 << 20

    /// Writes the backup into an empty file.
    func write(to file: DiskFile, passphrase: [UInt8]?) async throws -> BackupSummary {
        guard FileManager.default.fileExists(atPath: settings.masterKeyFile) else {
            throw ServeSettings.Problem(
                description: "there is no manager to back up: \(settings.masterKeyFile) is not there; name its data "
                    + "folder with --data-dir")
        }
        let database = try await ManagerDatabase.open(settings)
        let work = DataFolder.workFolder(in: settings.dataFolder)
        let result: Result<BackupSummary, any Error>
        do {
            result = .success(try await write(to: file, passphrase: passphrase, database: database, work: work))
        } catch { result = .failure(error) }
        try DataFolder.removeWorkFolder(in: settings.dataFolder)
        try await database.close()
        return try result.get()
    }

    private func write(
        to file: DiskFile, passphrase: [UInt8]?, database: ManagerDatabase, work: String
    ) async throws -> BackupSummary {
        let (row, projects) = try await database.withConnection { connection in
            let projects = try await connection.single("select count(*) as n from projects where status <> 'DELETED'")
                .int("n")
            return (try await InstallationRow.load(from: connection), projects)
        }
        guard let row else { throw ServeSettings.Problem(description: "the database holds no installation") }
        // One that fits no key would be of no use.
        try MasterKey.load(path: settings.masterKeyFile, sealedDataExists: true)
            .verify(keyCheck: row.keyCheck, installation: row.id)
        let writer = try ArchiveWriter(
            file,
            header: ArchiveHeader(
                installation: row.id, version: Version.text,
                createdAt: Date.now.formatted(.iso8601)), passphrase: passphrase)
        let key = try KeyFile.read(settings.masterKeyFile, byteCount: MasterKey.byteCount)
        try writer.add(.masterKey, bytes: key.reveal())
        if let token = try DataFolder.tokenFile(in: settings.dataFolder) {
            try writer.add(.adminToken, bytes: token.reveal())
        }
        // In one transaction with one snapshot: the state at one moment, whatever the manager does meanwhile.
        try DiskFolder.make(work)
        let dump = work + "/database.dump"
        try await database.run(
            "pg_dump",
            [
                "--format=custom", "--no-owner", "--no-privileges", "--no-password", "--lock-wait-timeout=60000",
                "--file=\(dump)",
            ])
        try writer.add(.database, contentsOf: try DiskFile.reading(dump))
        try addProjectFiles(to: writer)
        try writer.finish()
        return BackupSummary(installation: row.id, projects: projects, isEncrypted: passphrase != nil)
    }

    /// The files that containers mount. A file that disappears meanwhile belonged to a project that was deleted or upgraded.
    private func addProjectFiles(to writer: ArchiveWriter) throws {
        for path in try files(below: "") {
            guard let name = ArchiveName("\(ArchiveName.projects)/\(path)") else { continue }
            let file: DiskFile
            do throws(FileError) { file = try DiskFile.reading(settings.projectsFolder + "/" + path) } catch {
                guard error.isMissing else { throw error }
                continue
            }
            let bytes = try file.read(at: 0, upTo: Self.projectFileBytesMax + 1)
            guard bytes.count <= Self.projectFileBytesMax else { throw ArchiveError.fileTooLarge(name: name.text) }
            try writer.add(name, bytes: bytes)
        }
    }

    /// Paths of regular files, relative to the folder of projects; none of a folder that has gone.
    private func files(below relative: String) throws -> [String] {
        let manager = FileManager.default
        let folder = settings.projectsFolder + (relative.isEmpty ? "" : "/" + relative)
        guard manager.fileExists(atPath: folder) else { return [] }
        let names: [String]
        do { names = try manager.contentsOfDirectory(atPath: folder).sorted() } catch {
            guard manager.fileExists(atPath: folder) else { return [] }
            throw error
        }
        return try names.flatMap { name in
            let path = relative.isEmpty ? name : relative + "/" + name
            switch try fileType(settings.projectsFolder + "/" + path) {
            case .typeDirectory: return try files(below: path)
            case .typeRegular: return [path]
            default: return []
            }
        }
    }

    private func fileType(_ path: String) throws -> FileAttributeType? {
        do {
            return try FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
        } catch {
            guard FileManager.default.fileExists(atPath: path) else { return nil }
            throw error
        }
    }
}
