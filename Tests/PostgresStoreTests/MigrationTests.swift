import Orchestrator
import PostgresKit
import PostgresTestSupport
import ProjectModel
import Testing

@testable import PostgresStore

@Suite(
    "Migrations on a real server", .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .postgresCluster)
struct MigrationTests {
    private let first = Migration(
        number: 1, name: "people", sql: "CREATE TABLE person (id int); INSERT INTO person VALUES (1)")
    private let second = Migration(number: 2, name: "names", sql: "ALTER TABLE person ADD COLUMN name text")

    private func withPool(_ body: (PostgresPool) async throws -> Void) async throws {
        let pool = PostgresPool(try await TestCluster.running.emptyDatabase())
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(pool))
        } catch {
            result = .failure(error)
        }
        await pool.close()
        try result.get()
    }

    private func failure(_ migrations: [Migration], _ pool: PostgresPool) async -> MigrationError? {
        do throws(MigrationError) {
            _ = try await Migrations.apply(migrations, to: pool)
            return nil
        } catch {
            return error
        }
    }

    @Test("each migration is applied once, in order, and recorded")
    func once() async throws {
        try await withPool { pool async throws in
            #expect(try await Migrations.apply([first], to: pool) == [1])
            #expect(try await Migrations.apply([first, second], to: pool) == [2])
            #expect(try await Migrations.apply([first, second], to: pool) == [])
            let records = try await pool.query("SELECT number, name FROM schema_migrations ORDER BY number")
            #expect(try records.map { try $0.string("name") } == ["people", "names"])
            #expect(try await pool.single("SELECT count(*) AS n FROM person WHERE name IS NULL").int("n") == 1)
        }
    }

    @Test("digests of function secrets that a version of before stored are gone, and the secrets are as they were")
    func secretDigests() async throws {
        try await withPool { pool async throws in
            _ = try await Migrations.apply(Array(DatabaseSchema.migrations.prefix(17)), to: pool)
            try await pool.execute(
                """
                insert into projects (ref, name, organization_slug, region, cloud_provider, status, services, stack,
                    inserted_at, updated_at, status_changed_at)
                values ('abcdefghijklmnopqrst', 'p', 'default', 'local', 'AWS', 'ACTIVE', '{db}', 'supabase', now(),
                    now(), now())
                """)
            try await pool.execute(
                """
                insert into project_function_secrets (ref, name, sealed, digest, updated_at)
                values ('abcdefghijklmnopqrst', 'PIN', '\\x0102', repeat('0', 64), now())
                """)
            _ = try await Migrations.apply(DatabaseSchema.migrations, to: pool)
            let secret = try await pool.single(
                "select to_jsonb(s)::text as row, sealed from project_function_secrets s")
            #expect(try secret.bytes("sealed") == [1, 2])
            #expect(try !secret.string("row").contains("digest"))
        }
    }

    @Test("events from before they had facts are read, and new ones come after them")
    func oldEvents() async throws {
        try await withPool { pool async throws in
            _ = try await Migrations.apply(Array(DatabaseSchema.migrations.prefix(22)), to: pool)
            try await pool.execute(
                """
                insert into projects (ref, name, organization_slug, region, cloud_provider, status, services, stack,
                    inserted_at, updated_at, status_changed_at)
                values ('abcdefghijklmnopqrst', 'p', 'default', 'local', 'AWS', 'ACTIVE', '{db}', 'supabase', now(),
                    now(), now())
                """)
            try await pool.execute(
                """
                insert into project_events (ref, at, status, cause)
                values ('abcdefghijklmnopqrst', now(), 'ACTIVE', 'all services are ready')
                """)
            _ = try await Migrations.apply(DatabaseSchema.migrations, to: pool)
            let ref = try #require(ProjectRef("abcdefghijklmnopqrst"))
            let store = PostgresProjectStore(pool: pool)
            let old = try #require(try await store.events(of: ref, limit: 5).first)
            #expect(old.kind == .unknown && old.facts == EventFacts() && old.cause == "all services are ready")
            let transition = StatusTransition(from: .active, to: .degraded, cause: "x", at: old.at)
            #expect(try await store.transition(ref, transition))
            let events = try await store.events(of: ref, after: 0, limit: 5).map(\.event)
            #expect(events.map(\.kind) == [.unknown, .statusChanged])
            #expect(events.last?.facts.statusBefore == .active)
        }
    }

    @Test("managers that start at the same time apply each migration once")
    func concurrent() async throws {
        let parameters = try await TestCluster.running.emptyDatabase()
        let migrations = [first, second]
        let applied = try await withThrowingTaskGroup(of: [Int].self) { group in
            for _ in 0..<6 {
                group.addTask {
                    let pool = PostgresPool(parameters)
                    let applied = try await Migrations.apply(migrations, to: pool)
                    await pool.close()
                    return applied
                }
            }
            return try await group.reduce([]) { $0 + $1 }
        }
        #expect(applied.sorted() == [1, 2])
    }

    @Test("a migration that fails leaves nothing behind, and those before it stay")
    func failing() async throws {
        try await withPool { pool async throws in
            let bad = Migration(number: 2, name: "bad", sql: "CREATE TABLE half (); SELECT 1 / 0; CREATE TABLE rest ()")
            guard case .failed(number: 2, name: "bad", let cause) = await failure([first, bad], pool) else {
                Issue.record("it did not fail")
                return
            }
            #expect(cause.sqlState == "22012")
            #expect(try await pool.first("SELECT 1 FROM pg_tables WHERE tablename IN ('half', 'rest')") == nil)
            #expect(try await Migrations.apply([first, second], to: pool) == [2])
        }
    }

    @Test("an applied migration that reads otherwise now is refused, and nothing else is applied")
    func changed() async throws {
        try await withPool { pool async throws in
            _ = try await Migrations.apply([first], to: pool)
            let edited = Migration(number: 1, name: "people", sql: first.sql + " ")
            #expect(await failure([edited, second], pool) == .changed(number: 1, name: "people"))
            #expect(try await pool.single("SELECT count(*) AS n FROM schema_migrations").int("n") == 1)
        }
    }

    @Test("a database that a newer program has used is refused")
    func newer() async throws {
        try await withPool { pool async throws in
            _ = try await Migrations.apply([first, second], to: pool)
            #expect(await failure([first], pool) == .databaseIsNewer(number: 2, name: "names", known: 1))
        }
    }

    @Test("a migration that is missing before an applied one is refused")
    func gap() async throws {
        try await withPool { pool async throws in
            _ = try await Migrations.apply([first, second], to: pool)
            try await pool.execute("DELETE FROM schema_migrations WHERE number = 1")
            #expect(await failure([first, second], pool) == .gap(number: 1, name: "people"))
        }
    }

    @Test(
        "a list that is not numbered 1, 2, 3 is refused before the database is touched",
        arguments: [[2], [1, 1], [1, 3], [0]])
    func badList(numbers: [Int]) async throws {
        try await withPool { pool async throws in
            let migrations = numbers.map { Migration(number: $0, name: "m", sql: "SELECT 1") }
            guard case .badList = await failure(migrations, pool) else {
                Issue.record("\(numbers) was accepted")
                return
            }
            #expect(try await pool.first("SELECT 1 FROM pg_tables WHERE tablename = 'schema_migrations'") == nil)
        }
    }

    @Test("a program without migrations accepts an empty database only")
    func empty() async throws {
        try await withPool { pool async throws in
            #expect(try await Migrations.apply([], to: pool) == [])
            _ = try await Migrations.apply([first], to: pool)
            #expect(await failure([], pool) == .databaseIsNewer(number: 1, name: "people", known: 0))
        }
    }
}
