import Orchestrator
import ProjectAccess
import ProjectSQL
import Testing

extension Databases {
    @Suite("Migration history")
    struct Migrations {
        private typealias Migration = MigrationHistory.Migration

        private let database = PostgresProjectDatabase()

        @Test("a project without history says so")
        func missing() async throws {
            let target = try await ProjectCluster.running.newDatabase()
            for query in [MigrationHistory.list(), MigrationHistory.get(version: "1")] {
                let failure = try #require(await database.refusal(query, on: target))
                #expect(MigrationHistory.isMissing(failure))
            }
            #expect(!MigrationHistory.isMissing(QueryFailure(message: "", code: "42703")))
        }

        @Test("applied migrations are listed, shown and taken back")
        func life() async throws {
            let target = try await ProjectCluster.running.newDatabase()
            let first = Migration(
                version: "20260101000000", name: "it's \\ first", query: "create table a (id int) -- 'the end'",
                rollback: "drop table a; select 1", createdBy: "owner@example.com", idempotencyKey: "k-1")
            _ = try await database.run(try MigrationHistory.apply(first), on: target)
            let second = Migration(
                version: "20260102000000", query: "set role anon; set search_path = ''; select 1;",
                rollback: "select 2")
            _ = try await database.run(try MigrationHistory.apply(second), on: target)
            let list =
                "[{\"version\":\"20260101000000\",\"name\":\"it's \\\\ first\"},"
                + "{\"version\":\"20260102000000\",\"name\":null}]"
            #expect(try await database.json(MigrationHistory.list(), on: target) == list)
            let entry = """
                [{"version":"20260101000000","name":"it's \\\\ first",\
                "statements":["create table a (id int) -- 'the end'"],"rollback":["drop table a; select 1"],\
                "created_by":"owner@example.com","idempotency_key":"k-1"}]
                """
            #expect(try await database.json(MigrationHistory.get(version: first.version), on: target) == entry)
            #expect(try await database.json(MigrationHistory.get(version: "3"), on: target) == "[]")
            _ = try await database.run(try MigrationHistory.rollBack(from: second.version), on: target)
            #expect(try await database.json("select to_regclass('a')::text as a", on: target) == "[{\"a\":\"a\"}]")
            _ = try await database.run(try MigrationHistory.rollBack(from: "2026"), on: target)
            #expect(try await database.json("select to_regclass('a')::text as a", on: target) == "[{\"a\":null}]")
            #expect(try await database.json(MigrationHistory.list(), on: target) == "[]")
        }

        @Test(
            "a migration that fails, or ends in the middle of something, is neither run nor recorded",
            arguments: [
                "create table a (); select 1/0", "create table a (); select '", "create table a (); /*",
                "create table a (); do $x$",
            ])
        func failing(query: String) async throws {
            let target = try await ProjectCluster.running.newDatabase()
            let text = try MigrationHistory.apply(Migration(version: "1", query: query))
            _ = await database.refusal(text, on: target)
            #expect(try await database.json("select to_regclass('a')::text as a", on: target) == "[{\"a\":null}]")
            #expect(try #require(await database.refusal(MigrationHistory.list(), on: target)).code == "42P01")
        }

        @Test("a version or a key is not taken twice; recording again changes what is given")
        func again() async throws {
            let target = try await ProjectCluster.running.newDatabase()
            let migration = Migration(version: "1", name: "one", query: "create table a ()", idempotencyKey: "k")
            _ = try await database.run(try MigrationHistory.apply(migration), on: target)
            var other = Migration(version: "1", query: "create table b ()")
            #expect(try await database.refusal(MigrationHistory.apply(other), on: target)?.code == "23505")
            other = Migration(version: "2", query: "create table b ()", idempotencyKey: "k")
            #expect(try await database.refusal(MigrationHistory.apply(other), on: target)?.code == "23505")
            _ = try await database.run(
                try MigrationHistory.record(Migration(version: "1", query: "select 5", rollback: "select 6")),
                on: target)
            let entry = """
                [{"version":"1","name":"one","statements":["select 5"],"rollback":["select 6"],\
                "created_by":null,"idempotency_key":"k"}]
                """
            #expect(try await database.json(MigrationHistory.get(version: "1"), on: target) == entry)
            let update = try MigrationHistory.update(version: "1", name: "uno", rollback: nil)
            #expect(try await database.json(update, on: target) == "[{\"version\":\"1\"}]")
            let unknown = try MigrationHistory.update(version: "9", name: "x", rollback: nil)
            #expect(try await database.json(unknown, on: target) == "[]")
            let list = "[{\"version\":\"1\",\"name\":\"uno\"}]"
            #expect(try await database.json(MigrationHistory.list(), on: target) == list)
        }

        @Test("taking back is all or nothing")
        func rollBackAll() async throws {
            let target = try await ProjectCluster.running.newDatabase()
            for (version, rollback) in [("1", nil), ("2", "drop table t2"), ("3", "drop table t3")] {
                let migration = Migration(version: version, query: "create table t\(version) ()", rollback: rollback)
                _ = try await database.run(try MigrationHistory.apply(migration), on: target)
            }
            let failure = await database.refusal(try MigrationHistory.rollBack(from: "1"), on: target)
            #expect(failure?.message == "migration 1 has no rollback script")
            #expect(try await database.run(MigrationHistory.list(), on: target).rowCount == 3)
            #expect(try await database.json("select to_regclass('t3')::text as t", on: target) == "[{\"t\":\"t3\"}]")
        }

        @Test("a table of an older tool, with a version only, is read and completed")
        func older() async throws {
            let target = try await ProjectCluster.running.newDatabase()
            _ = try await database.json(
                """
                create schema supabase_migrations;
                create table supabase_migrations.schema_migrations (version text primary key);
                insert into supabase_migrations.schema_migrations values ('1');
                """, on: target)
            let list = "[{\"version\":\"1\",\"name\":null}]"
            #expect(try await database.json(MigrationHistory.list(), on: target) == list)
            _ = try await database.run(
                try MigrationHistory.apply(Migration(version: "2", query: "select 1")), on: target)
            #expect(try await database.run(MigrationHistory.list(), on: target).rowCount == 2)
        }

        @Test("texts with NUL are refused before they are sent")
        func nul() {
            let refusal = ProjectDatabaseError.invalid("text for PostgreSQL cannot hold a NUL character")
            #expect(throws: refusal) { try MigrationHistory.apply(Migration(version: "1", name: "\0", query: "")) }
            #expect(throws: refusal) { try MigrationHistory.rollBack(from: "\0") }
        }
    }
}
