import FoundationEssentials
import PostgresKit

extension EmbeddedClusterSite {
    /// Makes the data folder with `initdb`, unless there is one.
    ///
    /// `initdb` works in a folder with another name, which gets the final one when everything in it is complete and
    /// written to disk: a manager killed meanwhile leaves nothing that looks like data.
    func initializeIfNeeded() async throws(EmbeddedClusterError) {
        let manager = FileManager.default
        guard !manager.fileExists(atPath: layout.data) else { return }
        try remove(layout.unfinishedData)
        // Made here, because the server's user cannot make anything in the cluster's folder.
        try Self.files { () throws(FileSystemError) in
            try PrivateFolder.prepare(layout.unfinishedData, owner: account)
        }
        var arguments = [
            "--pgdata=\(layout.unfinishedData)", "--username=\(configuration.role)", "--auth-local=peer",
            "--auth-host=reject", "--encoding=UTF8", "--no-locale", "--data-checksums", "--no-instructions",
        ]
        if configuration.settings["fsync"] == "off" { arguments.append("--no-sync") }
        let command = asServerAccount(programs.initdb, arguments)
        let completed: ChildProcess.Completed
        do throws(ChildProcessError) {
            completed = try await ChildProcess.run(
                command.executable, arguments: command.arguments, environment: environment,
                within: configuration.initializeDeadline)
        } catch {
            throw .process(error)
        }
        guard completed.isSuccess else {
            if Task.isCancelled { throw .cancelled }
            throw .initializeFailed(output: Self.tail(completed.output))
        }
        do {
            try manager.moveItem(atPath: layout.unfinishedData, toPath: layout.data)
        } catch {
            throw .fileSystem(FileSystemError(path: layout.data, reason: "the new data folder cannot be renamed"))
        }
    }

    /// Writes who may log in: through the socket, the manager's user and the server's own, as the manager's role.
    func writeAccessFiles() throws(EmbeddedClusterError) {
        var users: Set<String> = [account.name]
        if let current = SystemAccount.current { users.insert(current.name) }
        try write("local all all peer map=manager\n", to: layout.hostAccess)
        let map = users.sorted().map { "manager \"\($0)\" \"\(configuration.role)\"\n" }.joined()
        try write(map, to: layout.identMap)
    }

    /// Makes the manager's database, unless it is there.
    func createDatabase() async throws(EmbeddedClusterError) {
        do throws(PostgresError) {
            let connection = try await PostgresConnection.connect(parameters)
            let name = configuration.role
            let found = try await connection.first("SELECT 1 FROM pg_database WHERE datname = $1", [.text(name)])
            if found == nil {
                try await connection.executeScript("CREATE DATABASE \(try PostgresQuoting.identifier(name))")
            }
            await connection.close()
        } catch {
            throw .database(error)
        }
    }

    /// A program and its arguments, to be run as the server's user.
    func asServerAccount(_ executable: String, _ arguments: [String]) -> (executable: String, arguments: [String]) {
        guard let setpriv else { return (executable, arguments) }
        let identity = [
            "--reuid=\(account.userID)", "--regid=\(account.groupID)", "--clear-groups", "--inh-caps=-all", "--",
        ]
        return (setpriv, identity + [executable] + arguments)
    }

    /// The server inherits none of the manager's own environment, which may hold secrets, and no `PG…` variable.
    var environment: [String: String] {
        ["PATH": configuration.searchPath, "LC_ALL": "C", "TZ": "UTC"]
    }

    /// Removes a file or folder, if it is there.
    func remove(_ path: String) throws(EmbeddedClusterError) {
        guard FileManager.default.fileExists(atPath: path) else { return }
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            throw .fileSystem(FileSystemError(path: path, reason: "cannot be removed"))
        }
    }

    /// The last lines of a text, few enough for an error message.
    static func tail(_ text: String) -> String {
        text.split(separator: "\n").suffix(8).joined(separator: "\n")
    }

    private func write(_ text: String, to path: String) throws(EmbeddedClusterError) {
        try Self.files { () throws(FileSystemError) in try PlainFile.write(text, to: path, reader: account) }
    }
}
