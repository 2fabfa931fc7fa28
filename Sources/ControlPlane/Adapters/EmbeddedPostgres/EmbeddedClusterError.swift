public import PostgresKit

/// Why the manager's own PostgreSQL cluster does not run.
public enum EmbeddedClusterError: Error, Sendable {
    /// No PostgreSQL server is installed, or not in the folder given.
    case noPrograms(searched: String)

    /// The data was made by another major version than those installed.
    case versionMismatch(data: Int, installed: [Int])

    /// The manager runs as root and there is no such user to run the server as.
    case noServerAccount(name: String)

    /// The program that changes to another user is not installed.
    case noSetpriv

    /// The server's user may not pass through this folder on the way to its data.
    case unreachable(folder: String, account: String)

    /// Another manager uses this folder.
    case inUse(folder: String)

    /// The folder is no absolute path.
    case relativeFolder(String)

    /// A file or folder could not be made, read or given to the server's user.
    case fileSystem(FileSystemError)

    /// A program could not be started.
    case process(ChildProcessError)

    /// `initdb` failed: the end of its output.
    case initializeFailed(output: String)

    /// The server ended before it answered: the end of its log.
    case startFailed(log: String)

    /// The server did not answer in time: the end of its log.
    case startDeadlineExceeded(log: String)

    /// A server did not end in time, even by an immediate shutdown.
    case stopDeadlineExceeded(processID: Int32)

    /// The server answers, but the manager's database cannot be used.
    case database(PostgresError)

    /// The task was cancelled.
    case cancelled
}

extension EmbeddedClusterError: CustomStringConvertible {
    /// The message: what is wrong and what to do.
    public var description: String {
        switch self {
        case .noPrograms(let searched):
            "no PostgreSQL server found (\(searched)); install the package postgresql, or set SUPAMANAGER_DATABASE_URL"
        case .versionMismatch(let data, let installed):
            "the data folder was made by PostgreSQL \(data), installed is \(Self.list(installed)); install"
                + " PostgreSQL \(data), or move the data with pg_upgrade"
        case .noServerAccount(let name):
            "PostgreSQL does not run as root, and there is no user \(name) to run it as; create the user, run the"
                + " manager as another user, or set SUPAMANAGER_DATABASE_URL"
        case .noSetpriv: "the program setpriv (package util-linux) is needed to run PostgreSQL as another user"
        case .unreachable(let folder, let account):
            "the user \(account), who runs PostgreSQL, may not pass through \(folder); allow it (chmod o+x), or choose"
                + " another data folder"
        case .inUse(let folder): "another manager uses the PostgreSQL cluster in \(folder)"
        case .relativeFolder(let folder): "the cluster's folder \(folder) is not an absolute path"
        case .fileSystem(let error): error.description
        case .process(let error): error.description
        case .initializeFailed(let output): "initdb failed: \(output)"
        case .startFailed(let log): "PostgreSQL did not start: \(log)"
        case .startDeadlineExceeded(let log): "PostgreSQL did not answer in time: \(log)"
        case .stopDeadlineExceeded(let processID): "PostgreSQL (process \(processID)) did not stop in time"
        case .database(let error): "the manager's own database cannot be used: \(error)"
        case .cancelled: "the start of PostgreSQL was cancelled"
        }
    }

    private static func list(_ versions: [Int]) -> String {
        versions.isEmpty ? "none" : versions.map(String.init).joined(separator: ", ")
    }
}
