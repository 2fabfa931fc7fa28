import EmbeddedPostgres
import Orchestrator
import PostgresKit
import PostgresTestSupport
import ProjectAccess
import ProjectModel
import ProjectSQL
import Testing

/// Who may read and not write reads the users' tables, and nothing by which one becomes an end user or the superuser.
/// On a cluster of its own, as roles belong to the whole cluster.
@Suite(
    "Restricted reading on a real server", .serialized,
    .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() }, .projectCluster)
struct ReadOnlyRoleTests {
    private let database = PostgresProjectDatabase()

    /// Schemas and tables of the services, as the official images make them, with a secret in each; and the users' own.
    private static let seed = """
        do $$ begin
            if to_regrole('supabase_auth_admin') is null then
                create role supabase_auth_admin noinherit login; create role supabase_storage_admin noinherit login;
                create role team_role;
                grant team_role to postgres;
            end if;
        end $$;
        create schema auth authorization supabase_auth_admin;
        create table auth.users (id int, email text, encrypted_password text, confirmation_token text);
        create table auth.refresh_tokens (id int, token text); create table auth.mfa_factors (id int, secret text);
        create table auth.sessions (id int); create table auth.one_time_tokens (token_hash text);
        create view auth.all_tokens as select token from auth.refresh_tokens;
        create schema storage authorization supabase_storage_admin;
        create table storage.objects (name text); create table storage.migrations (hash text);
        grant all on storage.objects to authenticated, service_role;
        create schema vault; create table vault.secrets (secret text);
        create view vault.decrypted_secrets as select secret as decrypted_secret from vault.secrets;
        create schema _realtime authorization postgres; create table _realtime.tenants (jwt_secret text);
        alter table _realtime.tenants owner to postgres;
        create schema _analytics authorization postgres; create table _analytics.sources (token text);
        create schema realtime; create table realtime.messages (payload text);
        create schema supabase_functions; create table supabase_functions.hooks (url text);
        create schema supabase_migrations authorization postgres;
        create table supabase_migrations.schema_migrations (statements text);
        alter table supabase_migrations.schema_migrations owner to postgres;
        create table public.internal_of_admin (secret text);
        set role postgres;
        create table public.notes (id int, body text); insert into public.notes values (1, 'mine');
        alter table public.notes enable row level security;
        create view public.note_count as select count(*)::int as n from public.notes;
        create materialized view public.note_copy as select * from public.notes;
        create schema shop; create table shop.orders (id int); create sequence shop.numbers;
        create schema team authorization team_role;
        """

    private static let users = [
        "public.note_copy", "public.note_count", "public.notes", "shop.orders",
    ]

    /// Every relation outside of PostgreSQL's own schemas that the session may read, whole or in part.
    private static let readable = """
        select coalesce(string_agg(n.nspname || '.' || c.relname, ' ' order by n.nspname, c.relname), '') as r
        from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname not in ('pg_catalog', 'information_schema')
            and has_schema_privilege(n.oid, 'usage') and has_any_column_privilege(c.oid, 'select')
        """

    private func seeded() async throws -> DatabaseTarget {
        let target = try await ProjectCluster.running.newDatabase()
        try await ProjectCluster.running.administrate(Self.seed, in: target.roles.database)
        return target
    }

    private func read(_ sql: String) -> ProjectQueryText {
        ProjectQueryText(sql: sql, isReadOnly: true, isRestricted: true)
    }

    @Test("of all tables there are, exactly the users' can be read")
    func everyTable() async throws {
        let target = try await seeded()
        let expected = "[{\"r\":\"\(Self.users.joined(separator: " "))\"}]"
        #expect(try await database.json(read(Self.readable), on: target) == expected)
        // The stack's own read-only role reads all of them: that is why there is another one.
        let all = try await database.json(ProjectQueryText(sql: Self.readable, isReadOnly: true), on: target)
        #expect(all.contains("auth.refresh_tokens") && all.contains("vault.decrypted_secrets"))
        #expect(try await database.json(read("select body from notes"), on: target) == "[{\"body\":\"mine\"}]")
    }

    @Test(
        "no catalogue that holds a secret can be read, and no function that reaches one called",
        arguments: [
            "select rolpassword from pg_authid", "table pg_shadow", "table pg_user_mapping", "table pg_statistic",
            "select subconninfo from pg_subscription", "table pg_largeobject", "table pg_hba_file_rules",
            "table pg_ident_file_mappings", "table pg_file_settings", "table pg_backend_memory_contexts",
            "select pg_read_file('PG_VERSION')", "select pg_ls_dir('.')", "select lo_import('/etc/passwd')",
            "select token from auth.refresh_tokens", "select * from auth.all_tokens", "table auth.users",
            "table auth.mfa_factors", "table vault.decrypted_secrets", "table storage.objects",
            "table _realtime.tenants", "set role supabase_read_only_user", "set role postgres",
            "set session authorization postgres", "table public.internal_of_admin", "create temp table t ()",
            "select setval('shop.numbers', 9)", "insert into notes values (2, '')",
            "table supabase_migrations.schema_migrations",
        ])
    func secrets(sql: String) async throws {
        let target = try await seeded()
        let refusal = await database.refusal(read(sql), on: target)
        #expect(["42501", "25006"].contains(refusal?.code), "\(sql): \(refusal?.code ?? "-")")
    }

    @Test("rights follow the tables: new ones can be read at once, those that moved away no longer")
    func follows() async throws {
        let target = try await seeded()
        _ = try await database.run(read("select 1"), on: target)
        _ = try await database.json(
            "create table shop.later (id int); alter table shop.orders set schema auth", on: administrator(target))
        try await ProjectCluster.running.administrate(
            "alter table shop.later owner to postgres; grant all on shop.numbers to supamanager_read_only",
            in: target.roles.database)
        let rows = try await database.json(read(Self.readable), on: target)
        #expect(rows.contains("shop.later") && !rows.contains("orders"))
        #expect(await database.refusal(read("select last_value from shop.numbers"), on: target)?.code == "42501")
    }

    @Test("manual grants to the role and changes of it are reverted before the next query")
    func tampered() async throws {
        let target = try await seeded()
        _ = try await database.run(read("select 1"), on: target)
        for deed in [
            "grant pg_read_all_data to supamanager_read_only", "grant postgres to supamanager_read_only",
            "alter role supamanager_read_only superuser", "alter role supamanager_read_only createrole inherit",
            "grant select on auth.users to supamanager_read_only",
            "grant usage, create on schema auth to supamanager_read_only",
            "alter role supamanager_read_only password 'other'", "alter role supamanager_read_only nologin",
        ] {
            try await ProjectCluster.running.administrate(deed, in: target.roles.database)
            #expect(await database.refusal(read("table auth.users"), on: target)?.code == "42501", "\(deed)")
            #expect(await database.refusal(read("table pg_authid"), on: target)?.code == "42501", "\(deed)")
            #expect(try await database.json(read("select id from notes"), on: target) == "[{\"id\":1}]", "\(deed)")
        }
    }

    @Test("a table that row level security alone protects stays protected")
    func rowSecurity() async throws {
        let target = try await seeded()
        try await ProjectCluster.running.administrate(
            """
            create schema cron; grant usage on schema cron to public;
            create table cron.job (command text, username text default current_user);
            insert into cron.job values ('secret of postgres', 'postgres');
            alter table cron.job enable row level security;
            create policy own on cron.job using (username = current_user); grant select on cron.job to public;
            """, in: target.roles.database)
        #expect(try await database.json(read("table cron.job"), on: target) == "[]")
        try await ProjectCluster.running.administrate("drop schema cron cascade", in: target.roles.database)
        #expect(try await database.json(read("select id from notes"), on: target) == "[{\"id\":1}]")
    }

    @Test("a dozen queries at once make one role, and an old project gets it the first time")
    func concurrent() async throws {
        let target = try await seeded()
        let database = database
        let text = read("select id from notes")
        let answers = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<12 { group.addTask { try await database.json(text, on: target) } }
            return try await group.reduce(into: [String]()) { $0.append($1) }
        }
        #expect(answers.allSatisfy { $0 == "[{\"id\":1}]" })
    }

    @Test("a role that holds the lock of the preparation delays a query for a bounded time")
    func heldLock() async throws {
        let target = try await seeded()
        let own = try ProjectCluster.running.cluster.parameters.with(database: target.roles.database)
        let holder = try await PostgresConnection.connect(own)
        let sql = try ReadOnlyRole.prepare(of: target.roles).sql
        let number = try #require(sql.firstMatch(of: /pg_advisory_xact_lock\(([0-9]+)\)/)?.1)
        try await holder.query("select pg_advisory_lock(\(number))")
        #expect(await database.refusal(read("select 1 as a"), on: target)?.code == "55P03")
        try await holder.query("select pg_advisory_unlock_all()")
        #expect(try await database.json(read("select 1 as a"), on: target) == "[{\"a\":1}]")
        await holder.close()
    }

    private func administrator(_ target: DatabaseTarget) -> DatabaseTarget {
        var target = target
        target.user = target.roles.administrator
        return target
    }
}
