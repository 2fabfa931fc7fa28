import Orchestrator
import PostgresKit
import PostgresTestSupport
import ProjectAccess
import ProjectModel
import ProjectSQL
import Testing
import TokenKit

/// What the manager sets in place of a password.
func verifier(_ password: Secret<String>) throws -> DatabasePasswordVerifier {
    try DatabasePasswordVerifier(try SCRAMVerifier.make(password.reveal()))
}

/// One after the other and on a cluster of their own: roles belong to the whole cluster.
@Suite(
    "Roles of a project on a real server", .serialized,
    .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() }, .projectCluster)
struct RoleTests {
    private static let roles = ProjectCluster.databaseRoles(named: "postgres")

    private let database = PostgresProjectDatabase()

    private static func role(readOnly: Bool) throws -> LoginRole {
        try #require(LoginRole(of: roles, readOnly: readOnly))
    }

    @Test("a login role becomes postgres, and the read-only one cannot write")
    func loginRoles() async throws {
        let owner = try await ProjectCluster.running.newDatabase()
        let admin = administrator(owner)
        _ = try await database.json("create table item (id int); insert into item values (1)", on: owner)
        let secret = Secret("pa'ss\\word $$ %I %L")
        for readOnly in [false, true] {
            let text = try Self.role(readOnly: readOnly).create(verifier: try verifier(secret), ttl: .seconds(60))
            _ = try await database.run(text, on: admin)
            // Again: the role is there already.
            _ = try await database.run(text, on: admin)
        }
        var login = owner
        login.user = "cli_login_postgres"
        login.password = secret
        #expect(await database.refusal(ProjectQueryText(sql: "table item"), on: login)?.code == "42501")
        let asOwner = "set session role postgres; delete from item returning current_user::text as who"
        #expect(try await database.json(asOwner, on: login) == "[{\"who\":\"postgres\"}]")
        login.user = "cli_login_supabase_read_only_user"
        #expect(try await database.json("select count(*)::int as n from item", on: login) == "[{\"n\":0}]")
        let write = ProjectQueryText(sql: "insert into item values (1)")
        #expect(await database.refusal(write, on: login)?.code == "25006")
        let stubborn = ProjectQueryText(sql: "begin read write; insert into item values (1)")
        #expect(await database.refusal(stubborn, on: login)?.code == "42501")
    }

    @Test("a login role ends with its time, and with its removal")
    func ends() async throws {
        let owner = try await ProjectCluster.running.newDatabase()
        let admin = administrator(owner)
        let secret = Secret("short-lived")
        _ = try await database.run(
            try Self.role(readOnly: false).create(verifier: try verifier(secret), ttl: .seconds(1)), on: admin)
        var login = owner
        login.user = try Self.role(readOnly: false).name
        login.password = secret
        let query = ProjectQueryText(sql: "select 1")
        #expect(
            try await eventually {
                do throws(ProjectDatabaseError) {
                    _ = try await database.run(query, on: login)
                    return false
                } catch {
                    return "\(error)".contains("password authentication failed")
                }
            })
        _ = try await database.run(
            try Self.role(readOnly: false).create(verifier: try verifier(secret), ttl: .seconds(600)), on: admin)
        #expect(try await database.run(query, on: login).rowCount == 1)
        // A session that is open ends as well.
        let session = try await PostgresConnection.connect(
            PostgresConnectionParameters(
                host: login.host, user: login.user, database: login.roles.database, password: secret.reveal()))
        _ = try await database.run(try LoginRole.dropAll(of: Self.roles), on: admin)
        #expect(try await eventually { (try? await session.ping()) == nil })
        await session.close()
        let left = "select count(*)::int as n from pg_roles where rolname like 'cli_login_%'"
        #expect(try await database.json(left, on: admin) == "[{\"n\":0}]")
        // Nothing to remove is no error.
        _ = try await database.run(try LoginRole.dropAll(of: Self.roles), on: admin)
        #expect(throws: ProjectDatabaseError.self) {
            try Self.role(readOnly: true).create(verifier: try verifier(secret), ttl: .milliseconds(900))
        }
    }

    @Test("functions that the owner puts before PostgreSQL's own are not run by the superuser")
    func shadowing() async throws {
        let owner = try await ProjectCluster.running.newDatabase()
        _ = try await database.json(
            """
            create function public.format(text, text) returns text language plpgsql as
                $$ begin execute 'alter role postgres superuser'; return 'select 1'; end $$;
            create function public.now() returns timestamptz language plpgsql as
                $$ begin execute 'alter role postgres superuser'; return null; end $$;
            alter database "\(owner.roles.database)" set search_path = public, pg_catalog;
            """, on: owner)
        let admin = administrator(owner)
        _ = try await database.run(
            try Self.role(readOnly: false).create(verifier: try verifier(Secret("x")), ttl: .seconds(60)), on: admin)
        _ = try await database.run(
            try PasswordChange.sql(verifier: try verifier(Secret(ProjectCluster.password)), of: Self.roles), on: admin)
        _ = try await database.run(try LoginRole.dropAll(of: Self.roles), on: admin)
        let rights = "select rolsuper as s from pg_catalog.pg_roles where rolname = 'postgres'"
        #expect(try await database.json(rights, on: owner) == "[{\"s\":false}]")
    }

    @Test("a new password is every login role's, whatever it holds; missing roles are passed over")
    func passwordChange() async throws {
        let owner = try await ProjectCluster.running.newDatabase()
        let changed = Secret("n'e\\w $$ ' || %L \" ~")
        _ = try await database.run(
            try PasswordChange.sql(verifier: try verifier(changed), of: Self.roles), on: administrator(owner))
        var target = owner
        for user in ["postgres", "authenticator", "supabase_admin", "supabase_read_only_user"] {
            target.user = user
            target.password = changed
            #expect(try await database.json("select 1 as a", on: target) == "[{\"a\":1}]", "\(user)")
            target.password = owner.password
            guard case .unreachable = await database.failure(ProjectQueryText(sql: "select 1"), on: target) else {
                Issue.record("\(user) still has the old password")
                continue
            }
        }
        target = administrator(owner)
        target.password = changed
        _ = try await database.run(
            try PasswordChange.sql(verifier: try verifier(owner.password), of: Self.roles), on: target)
    }

    @Test(
        "what is no verifier is not taken: PostgreSQL would take it for a password",
        arguments: [
            "", "password", "SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk", "md5d41d8cd98f00b204e9800998ecf8427e",
            "SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy'; drop", "scram-sha-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy",
        ])
    func noVerifier(text: String) {
        #expect(throws: ProjectDatabaseError.self) { try DatabasePasswordVerifier(text) }
    }

    @Test("no statement that sets a password holds it")
    func texts() throws {
        let verifier = try verifier(Secret("a-very-long-password"))
        let texts = [
            try PasswordChange.sql(verifier: verifier, of: Self.roles),
            try Self.role(readOnly: false).create(verifier: verifier, ttl: .seconds(60)),
            try ReadOnlyRole.prepare(of: Self.roles, setting: verifier),
        ]
        for text in texts {
            #expect(text.sql.contains("SCRAM-SHA-256$4096:") && !text.sql.contains("a-very-long"))
            #expect(text.isConfidential)
        }
    }

    private func administrator(_ target: DatabaseTarget) -> DatabaseTarget {
        var target = target
        target.user = Self.roles.administrator
        return target
    }
}
