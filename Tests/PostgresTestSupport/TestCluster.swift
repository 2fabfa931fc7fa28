public import EmbeddedPostgres
import FoundationEssentials
public import PostgresKit
public import Testing

/// A private PostgreSQL cluster for the tests of one suite, in a folder of its own that is removed afterwards.
public struct TestCluster: Sendable {
    /// The running cluster.
    public let cluster: EmbeddedCluster

    /// Whether PostgreSQL's server programs are installed: the condition of every suite that needs them.
    public static func isAvailable() async -> Bool {
        await !PostgresPrograms.installed(searchPath: EmbeddedClusterConfiguration(folder: "/").searchPath).isEmpty
    }

    @TaskLocal private static var current: TestCluster?

    /// The cluster of the suite that runs.
    public static var running: TestCluster {
        get throws {
            try #require(current, "the suite has no .postgresCluster trait")
        }
    }

    /// Parameters of the cluster's default database.
    public var parameters: PostgresConnectionParameters { cluster.parameters }

    /// A new, empty database in the cluster.
    public func emptyDatabase() async throws -> PostgresConnectionParameters {
        let name = "test_\(UInt64.random(in: 0 ... .max))"
        let connection = try await PostgresConnection.connect(parameters)
        try await connection.executeScript("CREATE DATABASE \(name)")
        await connection.close()
        return parameters.with(database: name)
    }

    /// Runs `body` with a new cluster. Durability is off: what is tested here is not the disk.
    static func with(
        _ settings: [String: String] = [:], _ body: @Sendable () async throws -> Void
    ) async throws {
        let folder = TestFolder()
        defer { folder.remove() }
        var configuration = EmbeddedClusterConfiguration(folder: folder.path + "/postgres")
        configuration.settings = ["fsync": "off", "max_connections": "200"].merging(settings) { _, own in own }
        let cluster = try await EmbeddedCluster.start(configuration)
        let result: Result<Void, any Error>
        do {
            result = .success(try await $current.withValue(TestCluster(cluster: cluster)) { try await body() })
        } catch {
            result = .failure(error)
        }
        try await cluster.stop()
        try result.get()
    }
}

/// A new folder under `/tmp`, where every user may pass through and paths are short.
public struct TestFolder: Sendable {
    /// The folder's path.
    public let path: String

    /// Makes the folder.
    public init() {
        path = "/tmp/smtest-pg-\(String(UInt64.random(in: 0 ... .max), radix: 16))"
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o711])
        } catch {
            Issue.record("cannot make \(path): \(error)")
        }
    }

    /// Removes the folder with all that is in it.
    public func remove() {
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            Issue.record("cannot remove \(path): \(error)")
        }
    }
}

/// Runs a whole suite with one ``TestCluster``.
public struct PostgresClusterTrait: SuiteTrait, TestScoping {
    /// Settings of the server besides the usual ones.
    var settings: [String: String] = [:]

    /// Starts the cluster, runs the suite, stops and removes the cluster.
    public func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await TestCluster.with(settings, function)
    }
}

extension Trait where Self == PostgresClusterTrait {
    /// One private cluster for the suite.
    public static var postgresCluster: Self { PostgresClusterTrait() }

    /// One private cluster for the suite, whose changes can be replicated.
    public static var logicalPostgresCluster: Self {
        PostgresClusterTrait(
            settings: ["wal_level": "logical", "max_wal_senders": "10", "max_replication_slots": "10"])
    }
}
