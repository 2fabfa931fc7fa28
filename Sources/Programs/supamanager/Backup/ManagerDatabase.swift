import EmbeddedPostgres
import FoundationEssentials
import PostgresKit

/// The manager's database for a tool beside the manager, which may run or not.
struct ManagerDatabase: Sendable {
    let parameters: PostgresConnectionParameters
    /// Where `pg_dump` and `pg_restore` are looked for, in this order.
    private let toolFolders: [String]
    /// The private cluster, where this tool has started it.
    private let cluster: EmbeddedCluster?

    /// Longest run of `pg_dump` or `pg_restore`.
    static let toolDeadline: Duration = .seconds(1_800)
    private static let searchPath = "/usr/local/bin:/usr/bin:/bin"

    /// Finds the database: the given one, that of the running manager, or the private cluster, which is started.
    static func open(_ settings: ServeSettings) async throws -> ManagerDatabase {
        if let given = settings.database {
            let installed = await PostgresPrograms.installed(searchPath: searchPath).map(\.folder)
            return ManagerDatabase(
                parameters: given, toolFolders: installed + searchPath.split(separator: ":").map(String.init),
                cluster: nil)
        }
        let configuration = EmbeddedClusterConfiguration(in: settings.dataFolder)
        do {
            let cluster = try await EmbeddedCluster.start(configuration)
            return ManagerDatabase(
                parameters: cluster.parameters, toolFolders: [cluster.programs.folder], cluster: cluster)
        } catch {
            guard case .inUse = error else { throw error }
        }
        let (parameters, programs) = try await EmbeddedCluster.besideManager(configuration)
        return ManagerDatabase(parameters: parameters, toolFolders: [programs.folder], cluster: nil)
    }

    /// Stops the private cluster, where it was started here.
    func close() async throws { try await cluster?.stop() }

    /// Runs one of PostgreSQL's own programs on this database.
    func run(_ tool: String, _ arguments: [String]) async throws {
        let candidates = toolFolders.map { "\($0)/\(tool)" }
        guard let path = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else {
            throw ServeSettings.Problem(description: "\(tool) is not installed (apt install postgresql-client)")
        }
        let environment = ["PATH": Self.searchPath, "LC_ALL": "C"].merging(try parameters.environment()) { $1 }
        let completed = try await ChildProcess.run(
            path, arguments: arguments, environment: environment, within: Self.toolDeadline)
        guard completed.isSuccess else {
            let reason = completed.output.split(separator: "\n").suffix(3).joined(separator: "; ")
            throw ServeSettings.Problem(
                description: completed.exit == nil
                    ? "\(tool) did not end within \(Self.toolDeadline.components.seconds) s"
                    : "\(tool) failed: \(reason)")
        }
    }

    /// Runs something on a connection of its own.
    func withConnection<Value: Sendable>(
        _ body: (PostgresConnection) async throws -> Value
    ) async throws -> Value {
        let connection = try await PostgresConnection.connect(parameters)
        let result: Result<Value, any Error>
        do { result = .success(try await body(connection)) } catch { result = .failure(error) }
        await connection.close()
        return try result.get()
    }
}
