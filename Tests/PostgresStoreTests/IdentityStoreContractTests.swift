import Identity
import Orchestrator
import OrchestratorTesting
import PostgresKit
import PostgresTestSupport
import ProjectModel
import Testing

@testable import PostgresStore

@Suite(
    "Identities in a real PostgreSQL",
    .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .postgresCluster)
struct IdentityStoreContractTests {
    private func withStore(_ body: (PostgresIdentityStore, PostgresPool) async throws -> Void) async throws {
        let pool = PostgresPool(try await TestCluster.running.emptyDatabase())
        do {
            _ = try await Migrations.apply(DatabaseSchema.migrations, to: pool)
            try await body(PostgresIdentityStore(pool: pool), pool)
        } catch {
            await pool.close()
            throw error
        }
        await pool.close()
    }

    @Test("the store does what every store does")
    func contract() async throws {
        try await withStore { store, pool async throws in
            try await IdentityStoreContract.run(
                on: store, projects: PostgresProjectStore(pool: pool),
                custody: PostgresCustodyStore(pool: pool))
        }
    }

    @Test("a database from before there were people keeps its projects and gets the default organization")
    func migration() async throws {
        let pool = PostgresPool(try await TestCluster.running.emptyDatabase())
        do {
            _ = try await Migrations.apply(Array(DatabaseSchema.migrations.prefix(3)), to: pool)
            try await pool.execute(
                """
                insert into projects (ref, name, organization_slug, region, cloud_provider, status, services,
                    inserted_at, updated_at, status_changed_at)
                values ($1, 'Old', 'default', 'local', 'AWS', 'ACTIVE_HEALTHY', '{}', now(), now(), now())
                """, [.text(ProjectRef.sample(1).text)])
            #expect(try await Migrations.apply(DatabaseSchema.migrations, to: pool).contains(4))
            let roster = try await PostgresIdentityStore(pool: pool).roster(of: Organization.defaultSlug)
            #expect(roster?.projects == [.sample(1): "Old"] && roster?.organization.number == 1)
        } catch {
            await pool.close()
            throw error
        }
        await pool.close()
    }

    @Test("what the database refuses: two current refresh tokens, two roles, two bootstraps, bad digests")
    func constraints() async throws {
        try await withStore { store, pool async throws in
            let directory = AccountDirectory(
                store: store, crypto: PlainIdentityCrypto(), policy: IdentityPolicy(issuer: "test"))
            let account = try await directory.bootstrap(
                adminEmail: "a@b", adminPassword: Secret("a password"), adminToken: Secret("sbp_x"))
            let grant = try await directory.signIn(email: "a@b", password: Secret("a password"), from: "x")
            for (sql, constraint) in [
                (
                    "insert into refresh_tokens values (repeat('b', 64), '\(grant.sessionID)', null, now())",
                    "refresh_tokens_current"
                ),
                (
                    "insert into role_assignments values (1, '\(account.id)', 2, null)",
                    "role_assignments_organization"
                ),
                (
                    "insert into access_tokens (account, name, alias, digest, is_bootstrap, created_at) "
                        + "values ('\(account.id)', 'x', 'x', repeat('c', 64), true, now())", "access_tokens_bootstrap"
                ),
                ("update access_tokens set digest = 'sbp_x'", "access_tokens_digest_check"),
                ("update accounts set email = 'A@b'", "accounts_email_check"),
                ("insert into project_roles values (default, 1, 1, '{x}')", "project_roles_base_role_check"),
            ] {
                let error = await #expect(throws: PostgresError.self) { try await pool.execute(sql) }
                #expect(error?.constraint == constraint)
            }
        }
    }

    @Test("no secret is stored as it is: no token, no password")
    func secrecy() async throws {
        try await withStore { store, pool async throws in
            let token = Secret("sbp_" + String(repeating: "ab12", count: 10))
            let directory = AccountDirectory(
                store: store, crypto: PlainIdentityCrypto(), policy: IdentityPolicy(issuer: "test"))
            let account = try await directory.bootstrap(
                adminEmail: "a@b", adminPassword: Secret("a password"), adminToken: token)
            let grant = try await directory.signIn(email: "a@b", password: Secret("a password"), from: "x")
            let (_, personal) = try await directory.createAccessToken(of: account.id, name: "x", expiresAt: nil)
            let (_, scoped) = try await directory.createAccessToken(
                of: account.id, name: "x",
                scope: TokenLimits(permissions: [.projectsRead], organizationSlugs: nil, projectRefs: nil),
                expiresAt: nil)
            let owner = try #require(try await directory.principal(for: token))
            let (_, invited) = try await directory.invite(
                email: "c@d", role: 3, projects: nil, to: "default", by: owner)
            let tables = ["sessions", "refresh_tokens", "access_tokens", "scoped_access_tokens", "invitations"]
            for secret in [token, grant.accessToken, grant.refreshToken, personal, scoped, invited] {
                for table in tables {
                    let found = try await pool.single(
                        "select count(*) as n from \(table) t where position($1 in t::text) > 0",
                        [.text(secret.reveal())])
                    #expect(try found.int("n") == 0, "in \(table)")
                }
            }
        }
    }
}
