import EmbeddedPostgres
import FoundationEssentials
import Orchestrator
import PostgresKit
import PostgresTestSupport
import ProjectAccess
import ProjectModel
import Testing

/// A server as a project has one: on TCP, with passwords, the stack's roles, and an owner who is no superuser.
struct ProjectCluster: Sendable {
    static let password = "project-database-password"

    let cluster: EmbeddedCluster
    let address: String

    @TaskLocal private static var current: ProjectCluster?

    /// The cluster of the suite that runs.
    static var running: ProjectCluster {
        get throws { try #require(current, "the suite has no .projectCluster trait") }
    }

    /// A database of its own for a test, owned by `postgres`, and how to reach it.
    func newDatabase(
        user: String = "postgres", password: String = Self.password, ref: String = "abcdefghijklmnopqrst"
    ) async throws -> DatabaseTarget {
        let name = "test_\(UInt64.random(in: 0 ... .max))"
        try await administrate("create database \(name) owner postgres")
        try await administrate("alter schema public owner to postgres", in: name)
        return DatabaseTarget(
            ref: try #require(ProjectRef(ref)), host: address, port: 5432, user: user, password: Secret(password),
            roles: Self.databaseRoles(named: name))
    }

    /// The roles of the cluster, as a template declares them.
    static func databaseRoles(named database: String) -> DatabaseRoles {
        DatabaseRoles(
            database: database, owner: "postgres", administrator: "supabase_admin",
            readOnly: "supabase_read_only_user",
            sharingPassword: ["authenticator", "nobody of this name", "supabase_read_only_user"],
            serviceSchemas: [
                "auth", "cron", "realtime", "storage", "supabase_functions", "supabase_migrations", "vault",
            ])
    }

    /// Runs statements as the cluster's own superuser.
    func administrate(_ sql: String, in database: String? = nil) async throws {
        let parameters = database.map { cluster.parameters.with(database: $0) } ?? cluster.parameters
        let connection = try await PostgresConnection.connect(parameters)
        let result: Result<Void, any Error>
        do {
            result = .success(try await connection.executeScript(sql))
        } catch {
            result = .failure(error)
        }
        await connection.close()
        try result.get()
    }

    fileprivate static func with(_ body: @Sendable () async throws -> Void) async throws {
        let folder = TestFolder()
        defer { folder.remove() }
        // Every address in 127.0.0.0/8 is this machine: another one for each cluster keeps port 5432 free of clashes.
        let address = "127.\((1...254).map(String.init).shuffled().prefix(3).joined(separator: "."))"
        let access = folder.path + "/access.conf"
        let lines = "local all all peer map=manager\nhost all all 127.0.0.0/8 scram-sha-256\n"
        try lines.write(toFile: access, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: access)
        var configuration = EmbeddedClusterConfiguration(folder: folder.path + "/postgres")
        configuration.settings = [
            "fsync": "off", "max_connections": "200", "listen_addresses": address, "hba_file": access,
        ]
        let running = ProjectCluster(cluster: try await .start(configuration), address: address)
        let result: Result<Void, any Error>
        do {
            try await running.administrate(Self.roles)
            result = .success(try await $current.withValue(running) { try await body() })
        } catch {
            result = .failure(error)
        }
        try await running.cluster.stop()
        try result.get()
    }

    private static let roles = """
        create role supabase_admin superuser login password '\(password)';
        create role postgres createdb createrole login bypassrls password '\(password)';
        create role anon nologin;
        grant anon to postgres;
        create role service_role nologin bypassrls;
        create role authenticated nologin;
        create role supabase_read_only_user login bypassrls password '\(password)';
        grant pg_read_all_data to supabase_read_only_user;
        create role authenticator login noinherit password '\(password)';
        """
}

/// Runs a whole suite with one ``ProjectCluster``.
struct ProjectClusterTrait: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await ProjectCluster.with(function)
    }
}

extension Trait where Self == ProjectClusterTrait {
    /// One private cluster for the suite.
    static var projectCluster: Self { ProjectClusterTrait() }
}

/// Everything that runs on one cluster.
@Suite(
    "Project databases on a real server",
    .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() }, .projectCluster)
enum Databases {}

extension PostgresProjectDatabase {
    /// The JSON of a query's rows.
    func json(_ sql: String, on target: DatabaseTarget) async throws -> String {
        try await json(ProjectQueryText(sql: sql), on: target)
    }

    /// The JSON of a query's rows.
    func json(_ query: ProjectQueryText, on target: DatabaseTarget) async throws -> String {
        String(decoding: try await run(query, on: target).json, as: UTF8.self)
    }

    /// The error of a query; records an issue if there is none.
    func failure(_ query: ProjectQueryText, on target: DatabaseTarget) async -> ProjectDatabaseError? {
        do throws(ProjectDatabaseError) {
            let answer = try await run(query, on: target)
            Issue.record("no error; rows: \(String(decoding: answer.json, as: UTF8.self))")
            return nil
        } catch {
            return error
        }
    }

    /// The server's report on a query that it is to refuse.
    func refusal(_ query: ProjectQueryText, on target: DatabaseTarget) async -> QueryFailure? {
        let error = await failure(query, on: target)
        guard case .query(let failure) = error else {
            Issue.record("not refused by the server: \(error.map(String.init(describing:)) ?? "no error")")
            return nil
        }
        return failure
    }
}

/// Waits until `condition` holds, for at most twenty seconds. Whether it did.
func eventually(_ condition: () async throws -> Bool) async throws -> Bool {
    let deadline = ContinuousClock.now + .seconds(20)
    while ContinuousClock.now < deadline {
        if try await condition() { return true }
        try await Task.sleep(for: .milliseconds(10))
    }
    return false
}
