import Orchestrator
import PostgresTestSupport
import ProjectAccess
import ProjectModel
import ProjectSQL
import Testing

/// Types and operators that the owner of a database puts before PostgreSQL's own, by schema and search path. Names in
/// declarations are resolved before the first statement runs.
@Suite(
    "Names that the owner puts in front, on a real server", .serialized,
    .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() }, .projectCluster)
struct TypeNameTests {
    private let database = PostgresProjectDatabase()

    private static let types = ["name", "text", "oid", "bool", "int8", "_name", "_oid", "_text"]

    private static func attack(on database: String) -> String {
        let domains = types.map { type in
            "create domain evil.\(type) as pg_catalog.\(type) check (evil.f());"
        }
        return """
            create schema evil;
            create function evil.f() returns boolean language plpgsql as
                $$ begin execute 'alter role postgres superuser'; return true; end $$;
            \(domains.joined(separator: "\n"))
            create function evil.same(pg_catalog.name, pg_catalog.name) returns boolean language plpgsql as
                $$ begin raise exception 'as % with the owner''s operator', current_user; end $$;
            create operator evil.= (leftarg = pg_catalog.name, rightarg = pg_catalog.name, function = evil.same);
            grant usage on schema evil to public;
            alter database "\(database)" set search_path to evil, pg_catalog, public;
            """
    }

    private func attacked() async throws -> DatabaseTarget {
        let owner = try await ProjectCluster.running.newDatabase()
        _ = try await database.json(Self.attack(on: owner.roles.database), on: owner)
        return owner
    }

    private func login(readOnly: Bool, _ roles: DatabaseRoles) throws -> ProjectQueryText {
        try #require(LoginRole(of: roles, readOnly: readOnly)).create(
            verifier: try verifier(Secret("x")), ttl: .seconds(60))
    }

    private func expectNoSuperuser(_ deed: String) async throws {
        let fresh = try await ProjectCluster.running.newDatabase()
        let rights = "select rolsuper as s from pg_catalog.pg_roles where rolname = 'postgres'"
        #expect(try await database.json(rights, on: fresh) == "[{\"s\":false}]", "\(deed)")
    }

    @Test("no text of the manager's superuser runs the owner's functions through the names of types")
    func types() async throws {
        var administrator = try await attacked()
        let roles = administrator.roles
        administrator.user = roles.administrator
        let texts = [
            ("login role", try login(readOnly: false, roles)),
            ("read-only login role", try login(readOnly: true, roles)),
            ("password", try PasswordChange.sql(verifier: try verifier(Secret(ProjectCluster.password)), of: roles)),
            ("removal", try LoginRole.dropAll(of: roles)),
        ]
        for (deed, text) in texts {
            _ = try await database.run(text, on: administrator)
            try await expectNoSuperuser(deed)
        }
    }

    @Test("nor does a read-only query, whose role is prepared before")
    func restrictedReading() async throws {
        let owner = try await attacked()
        for isRestricted in [true, false] {
            let text = ProjectQueryText(sql: "select 1 as a", isReadOnly: true, isRestricted: isRestricted)
            #expect(try await database.json(text, on: owner) == "[{\"a\":1}]")
            try await expectNoSuperuser("restricted: \(isRestricted)")
        }
    }

    @Test("the owner's own queries see the database as it is set")
    func ownQueries() async throws {
        let owner = try await attacked()
        #expect(
            try await database.json("show search_path", on: owner)
                == "[{\"search_path\":\"evil, pg_catalog, public\"}]")
        let read = ProjectQueryText(sql: "show search_path", isReadOnly: true)
        #expect(try await database.json(read, on: owner) == "[{\"search_path\":\"evil, pg_catalog, public\"}]")
    }
}
