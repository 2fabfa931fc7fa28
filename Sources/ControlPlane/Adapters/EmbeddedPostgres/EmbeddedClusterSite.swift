import FoundationEssentials
import PostgresKit

/// What is fixed about a cluster once its folder is prepared: where it lies, who runs it, with which programs.
struct EmbeddedClusterSite: Sendable {
    let configuration: EmbeddedClusterConfiguration
    let layout: EmbeddedClusterLayout
    let programs: PostgresPrograms

    /// The account that runs the server.
    let account: SystemAccount

    /// The program that changes to ``account``; nil where that is not needed.
    let setpriv: String?

    let socketFolder: String

    /// How to connect to the database that every cluster has.
    var parameters: PostgresConnectionParameters {
        PostgresConnectionParameters(
            host: socketFolder, user: configuration.role, database: "postgres",
            // A socket of another user's server in this place is refused.
            options: ["requirepeer": account.name, "application_name": "supamanager"])
    }

    /// Checks what is needed and prepares the folders, under the lock of the cluster's folder.
    static func prepare(
        _ configuration: EmbeddedClusterConfiguration
    ) async throws(EmbeddedClusterError) -> (site: EmbeddedClusterSite, lock: FileLock) {
        guard configuration.folder.hasPrefix("/") else { throw .relativeFolder(configuration.folder) }
        let account = try serverAccount(configuration)
        let setpriv = SystemAccount.isRoot ? try setpriv(configuration) : nil
        let layout = EmbeddedClusterLayout(folder: try prepareFolder(configuration.folder, account))
        let socketFolder = layout.socketFolder(maximumBytes: PostgresProtocolLimit.socketFolderBytes)
        let lock = try files { () throws(FileSystemError) in
            try PrivateFolder.prepare(socketFolder, owner: account)
            return try FileLock(layout.lock)
        }
        guard let lock else { throw .inUse(folder: configuration.folder) }
        let site = EmbeddedClusterSite(
            configuration: configuration, layout: layout, programs: try await programs(configuration, layout),
            account: account, setpriv: setpriv, socketFolder: socketFolder)
        return (site, lock)
    }

    /// The cluster of another process: nothing is made, changed or locked.
    static func beside(
        _ configuration: EmbeddedClusterConfiguration
    ) async throws(EmbeddedClusterError) -> EmbeddedClusterSite {
        let layout = EmbeddedClusterLayout(
            folder: URL(filePath: configuration.folder).resolvingSymlinksInPath().path)
        return EmbeddedClusterSite(
            configuration: configuration, layout: layout, programs: try await programs(configuration, layout),
            account: try serverAccount(configuration), setpriv: nil,
            socketFolder: layout.socketFolder(maximumBytes: PostgresProtocolLimit.socketFolderBytes))
    }

    /// Makes the folder and gives its path without symbolic links, as the server will see it.
    private static func prepareFolder(
        _ folder: String, _ account: SystemAccount
    ) throws(EmbeddedClusterError) -> String {
        // The server's user may pass through and change nothing in it: root opens the log in this folder.
        try files { () throws(FileSystemError) in
            SystemAccount.isRoot
                ? try PrivateFolder.prepare(folder, passableFor: account)
                : try PrivateFolder.prepare(folder, owner: account)
        }
        let resolved = URL(filePath: folder).resolvingSymlinksInPath().path
        guard
            let obstacle = try files({ () throws(FileSystemError) in
                try PrivateFolder.obstacle(on: resolved, for: account)
            })
        else { return resolved }
        let isParent = resolved.hasPrefix(obstacle + "/") && !resolved.dropFirst(obstacle.count + 1).contains("/")
        // The manager's own data folder, private to root: the server's group may pass through, and read nothing.
        let isAdmitted = try files { () throws(FileSystemError) in
            isParent ? try PrivateFolder.admit(account, through: obstacle) : false
        }
        guard isAdmitted else { throw .unreachable(folder: obstacle, account: account.name) }
        return resolved
    }

    private static func serverAccount(
        _ configuration: EmbeddedClusterConfiguration
    ) throws(EmbeddedClusterError) -> SystemAccount {
        let name = configuration.serverAccount
        if SystemAccount.isRoot {
            guard let account = SystemAccount(named: name), account.userID != 0 else {
                throw .noServerAccount(name: name)
            }
            return account
        }
        guard let current = SystemAccount.current else { throw .noServerAccount(name: "with this program's user id") }
        return current
    }

    private static func setpriv(_ configuration: EmbeddedClusterConfiguration) throws(EmbeddedClusterError) -> String {
        let candidates = configuration.searchPath.split(separator: ":").map { "\($0)/setpriv" }
        guard let found = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else {
            throw .noSetpriv
        }
        return found
    }

    /// The programs of the version that made the data; for new data, the newest ones.
    private static func programs(
        _ configuration: EmbeddedClusterConfiguration, _ layout: EmbeddedClusterLayout
    ) async throws(EmbeddedClusterError) -> PostgresPrograms {
        let installed: [PostgresPrograms]
        if let folder = configuration.programsFolder {
            installed = await PostgresPrograms.inspect(folder).map { [$0] } ?? []
        } else {
            installed = await PostgresPrograms.installed(searchPath: configuration.searchPath)
        }
        guard let newest = installed.first else {
            throw .noPrograms(searched: configuration.programsFolder ?? "usual places, \(configuration.searchPath)")
        }
        guard let version = dataVersion(layout) else { return newest }
        guard let matching = installed.first(where: { $0.majorVersion == version }) else {
            throw .versionMismatch(data: version, installed: installed.map(\.majorVersion))
        }
        return matching
    }

    /// The major version that made the data; nil when there is none yet.
    private static func dataVersion(_ layout: EmbeddedClusterLayout) -> Int? {
        text(of: layout.data + "/PG_VERSION").flatMap { Int($0.filter(\.isNumber)) }
    }

    /// The text of a small file; nil when it is not there.
    static func text(of path: String) -> String? {
        PlainFile.text(of: path)
    }

    /// Runs something on the file system, with its error as this module's.
    static func files<Value>(
        _ body: () throws(FileSystemError) -> Value
    ) throws(EmbeddedClusterError) -> Value {
        do throws(FileSystemError) {
            return try body()
        } catch {
            throw .fileSystem(error)
        }
    }
}
