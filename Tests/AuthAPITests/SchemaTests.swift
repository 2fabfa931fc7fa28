import DataPlaneCore
import PostgresKit
import PostgresTestSupport
import Testing

@testable import AuthAPI

@Suite(
    "Schema of the AUTH API", .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .postgresCluster, .serialized)
struct SchemaTests {
    private static let tables = [
        "audit_log_entries", "custom_oauth_providers", "flow_state", "identities", "instances", "mfa_amr_claims",
        "mfa_challenges", "mfa_factors", "oauth_authorizations", "oauth_client_states", "oauth_clients",
        "oauth_consents", "one_time_tokens", "refresh_tokens", "saml_providers", "saml_relay_states",
        "schema_migrations", "sessions", "sso_domains", "sso_providers", "users", "webauthn_challenges",
        "webauthn_credentials",
    ]

    private static let ownTables: Set<String> = [
        "projectd_code_attempts", "projectd_factor_attempts", "projectd_mails", "projectd_wrong_codes",
    ]

    @Test("all tables are there, and only the owner reads them")
    func allTablesAreThereAndNobody() async throws {
        let fixture = try await AuthFixture.with()
        let rows = try await fixture.pool.query(
            """
            SELECT c.relname::text AS name, c.relrowsecurity AS secured FROM pg_class c
            JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'auth' AND c.relkind = 'r'
            """)
        let names = try Set(rows.map { try $0.string("name") })
        #expect(names.isSuperset(of: Self.tables))
        #expect(names.subtracting(Self.tables) == Self.ownTables)
        #expect(try rows.allSatisfy { try $0.bool("secured") })
    }

    @Test("making it again changes nothing, also when two servers do it at once")
    func makingItAgainChangesNothingAlso() async throws {
        let database = try await TestCluster.running.emptyDatabase()
        async let first = AuthFixture.with(database)
        async let second = AuthFixture.with(database)
        _ = try await (first, second)
        let fixture = try await AuthFixture.with(database)
        #expect(try await fixture.count("auth.schema_migrations") == AuthSchema.steps.count)
    }

    @Test("a role that owns the schema and no more makes it")
    func aRoleThatOwnsTheSchema() async throws {
        var database = try await TestCluster.running.emptyDatabase()
        let owner = try await PostgresConnection.connect(database)
        try await owner.executeScript(
            """
            DO $$ BEGIN CREATE ROLE supabase_auth_admin LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
            DO $$ BEGIN CREATE ROLE authenticated; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
            CREATE SCHEMA auth AUTHORIZATION supabase_auth_admin;
            """)
        // The cluster lets in only its own role; of the connection's rights those of the current role count.
        database.options["options"] = "-c role=supabase_auth_admin"
        let fixture = try await AuthFixture.with(database)
        #expect(await fixture.signUp("a@b.example").status == 200)
        // Policies of the project call the functions as the client's role.
        try await owner.executeScript(
            """
            SET ROLE authenticated;
            SET request.jwt.claims = '{"sub":"11111111-2222-4333-8444-555555555555","role":"authenticated","email":"e"}';
            """)
        let row = try await owner.single(
            "SELECT auth.uid()::text AS uid, auth.role() AS role, auth.email() AS email, auth.jwt() ->> 'sub' AS sub")
        #expect(try row.string("uid") == "11111111-2222-4333-8444-555555555555")
        #expect(try row.string("role") == "authenticated")
        #expect(try row.string("email") == "e")
        #expect(try row.string("sub") == "11111111-2222-4333-8444-555555555555")
        try await owner.executeScript("SET request.jwt.claims = ''")
        #expect(try await owner.single("SELECT auth.uid()::text AS uid").optionalString("uid") == nil)
        await owner.close()
    }

    @Test("a schema with rows of before is taken as it is")
    func aSchemaWithRowsOfBefore() async throws {
        let database = try await TestCluster.running.emptyDatabase()
        let fixture = try await AuthFixture.with(database)
        // What GoTrue leaves: no rows of this server's in its list, a bcrypt hash, a refresh token with a row.
        try await fixture.pool.withConnection {
            try await $0.executeScript(
                """
                DELETE FROM auth.schema_migrations; INSERT INTO auth.schema_migrations VALUES ('20251104100000');
                DROP TABLE auth.projectd_mails, auth.projectd_code_attempts;
                INSERT INTO auth.users (instance_id, id, aud, role, email, encrypted_password, email_confirmed_at)
                VALUES ('00000000-0000-0000-0000-000000000000', '11111111-2222-4333-8444-555555555555', 'authenticated',
                  'authenticated', 'old@b.example', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW', now());
                INSERT INTO auth.sessions (id, user_id, created_at, updated_at, aal)
                VALUES ('21111111-2222-4333-8444-555555555555', '11111111-2222-4333-8444-555555555555', now(), now(), 'aal1');
                INSERT INTO auth.refresh_tokens (token, user_id, revoked, created_at, updated_at, session_id)
                VALUES ('abcdefghijkl', '11111111-2222-4333-8444-555555555555', false, now(), now(),
                  '21111111-2222-4333-8444-555555555555');
                """)
        }
        let again = try await AuthFixture.with(database)
        let refreshed = await again.refresh("abcdefghijkl")
        #expect(refreshed.status == 200, "\(refreshed)")
        // The answer was lost: the client asks again with what it has.
        #expect(await again.refresh("abcdefghijkl").status == 200)
        let next = await again.refresh(refreshed.text("refresh_token"))
        #expect(next.status == 200)
        let signedIn = await again.ask(
            "POST", "/token?grant_type=password", body: #"{"email":"old@b.example","password":"U*U"}"#)
        #expect(signedIn.status == 200, "\(signedIn)")
        #expect(signedIn.json["weak_password"]?["reasons"] == .array([.string("length")]))
        let hash = try await again.pool.single("SELECT encrypted_password AS hash FROM auth.users").string("hash")
        #expect(hash.hasPrefix("$argon2id$"))
    }
}
