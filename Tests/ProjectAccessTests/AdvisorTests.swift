import FoundationEssentials
import Orchestrator
import ProjectAccess
import ProjectModel
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI
@testable import ProjectData

extension Databases {
    /// The checks of the advisors on a real server: each finds what it is about, and nothing in a tidy database.
    @Suite("Advisors")
    struct Advisors {
        private let database = PostgresProjectDatabase()

        /// What every project has: the API's roles, and users.
        private static let project = """
            create schema if not exists auth;
            create table auth.users (id uuid primary key, email text);
            create function auth.uid() returns uuid language sql stable as 'select null::uuid';
            create function auth.jwt() returns jsonb language sql stable as 'select null::jsonb';
            grant usage on schema public to anon;
            grant usage on schema auth to anon;
            """

        private func findings(
            _ lints: [DatabaseLint] = DatabaseLint.allCases, after sql: String, exposed: [String] = ["public"]
        ) async throws -> [LintFinding] {
            let cluster = try ProjectCluster.running
            let target = try await cluster.newDatabase()
            try await cluster.administrate(Self.project + sql, in: target.roles.database)
            var roles = StackRoles()
            roles.database = target.roles
            let answer = try await database.run(LintQuery.text(lints, exposed: exposed, of: roles), on: target)
            return try JSONDecoder().decode([LintFinding].self, from: Data(answer.json))
        }

        @Test("a tidy database has no findings")
        func tidy() async throws {
            let found = try await findings(
                after: """
                    create table public.notes (
                        id bigint primary key, owner uuid not null references auth.users, body text);
                    create unique index notes_owner on public.notes (owner);
                    alter table public.notes enable row level security;
                    create policy own on public.notes using ((select auth.uid()) = owner);
                    grant select on public.notes to anon;
                    create view public.mine with (security_invoker = true) as select id from public.notes;
                    grant select on public.mine to anon;
                    create function public.f() returns int language sql set search_path = '' as 'select 1';
                    """)
            #expect(found.map(\.cacheKey) == [])
        }

        /// A mistake, and the findings that it makes by their stable names.
        static let mistakes: [(lint: DatabaseLint, sql: String, keys: [String])] = [
            (.rlsDisabledInPublic, "create table t (id int primary key); grant select on t to anon;", ["public_t"]),
            (
                .policyExistsRLSDisabled, "create table t (id int primary key); create policy p on t using (true);",
                ["public_t"]
            ),
            (
                .rlsEnabledNoPolicy, "create table t (id int primary key); alter table t enable row level security;",
                ["public_t"]
            ),
            (
                .securityDefinerView,
                """
                create table t (id int primary key); create view v as select * from t; grant select on v to anon;
                create view w with (security_invoker = on) as select * from t; grant select on w to anon;
                """, ["public_v"]
            ),
            (
                .authUsersExposed,
                """
                create view v as select email from auth.users; create view w as select * from v;
                create materialized view m as select email from v; create view unread as select * from v;
                grant select on w, m to anon;
                """, ["public_m", "public_w"]
            ),
            (
                .unindexedForeignKeys,
                """
                create table a (id int, sub int, primary key (id, sub));
                create table b (id int primary key, x int, y int, z int references b,
                    constraint b_a foreign key (x, y) references a);
                create table c (x int, y int, foreign key (x, y) references a); create index on c (y, x, (x + y));
                """, ["public_b_b_a", "public_b_b_z_fkey"]
            ),
            (
                .unusedIndex, "create table t (id int primary key, a int unique, b int); create index i on t (b);",
                ["public_t_i"]
            ),
            (
                .duplicateIndex,
                """
                create table t (a int, b int); create index i on t (a); create index j on t (a);
                create index k on t (a) where b > 0; create unique index l on t (a); create index m on t (a desc);
                """, ["public_t_{i,j}"]
            ),
            (
                .functionSearchPathMutable,
                """
                create function f(int) returns int language sql as 'select 1';
                create function g() returns int language sql set search_path = '' as 'select 1';
                """, ["public_f_157db7df530023575515d366c9b672e8"]
            ),
            (
                .multiplePermissivePolicies,
                """
                create table t (id int primary key); alter table t enable row level security;
                create policy p on t for select to anon using (true); create policy q on t using (true);
                create policy r on t as restrictive for select using (true);
                """, ["public_t_anon on SELECT"]
            ),
            (
                .authRLSInitPlan,
                """
                create table t (id uuid primary key); alter table t enable row level security;
                create policy slow on t for select using (auth.uid() = id);
                create policy fast on t for insert with check ((select auth.uid()) = id);
                create policy also on t for update using ((select (auth.jwt() ->> 'sub')) = 'x');
                create policy setting on t for delete using (current_setting('x.y') = '1');
                """, ["public_t_setting", "public_t_slow"]
            ),
            (
                .rlsReferencesUserMetadata,
                """
                create table t (id int primary key); alter table t enable row level security;
                create policy p on t using ((select auth.jwt() -> 'user_metadata' ->> 'admin') = 'true');
                create policy q on t using ((select auth.jwt() -> 'app_metadata' ->> 'admin') = 'true');
                """, ["public_t_p"]
            ),
            (.noPrimaryKey, "create table t (id int); create table u (id int primary key);", ["public_t"]),
            (
                .materializedViewInAPI,
                """
                create materialized view m as select 1 as a; grant select on m to anon;
                create materialized view hidden as select 1 as a;
                """, ["public_m"]
            ),
            (
                .foreignTableInAPI,
                """
                create foreign data wrapper none; create server s foreign data wrapper none;
                create foreign table f (a int) server s; grant select on f to anon;
                """, ["public_f"]
            ),
            (.extensionInPublic, "create extension pgcrypto schema public;", ["pgcrypto"]),
            (
                .unsupportedRegTypes, "create table t (id int primary key, a regclass, b regproc);",
                ["public_t_b"]
            ),
        ]

        @Test("every check has a mistake that it finds, under its stable name", arguments: mistakes.indices)
        func mistake(index: Int) async throws {
            let (lint, sql, keys) = Self.mistakes[index]
            if lint == .extensionInPublic, !(try await hasExtension("pgcrypto")) { return }
            let prefix = lint == .authRLSInitPlan ? "auth_rls_init_plan" : lint.rawValue
            let found = try await findings([lint], after: sql)
            #expect(found.map(\.cacheKey).sorted() == keys.map { "\(prefix)_\($0)" })
            #expect(found.allSatisfy { $0.lint == lint && !$0.detail.isEmpty })
        }

        @Test("there is a mistake for every check")
        func complete() { #expect(Set(Self.mistakes.map(\.lint)) == Set(DatabaseLint.allCases)) }

        @Test("only schemas that the API serves are exposed, and only what its roles may touch")
        func exposure() async throws {
            let sql = """
                create schema inner_one; create table inner_one.t (id int primary key);
                grant usage on schema inner_one to anon; grant select on inner_one.t to anon;
                create table public.t (id int primary key); grant select on public.t to anon;
                create table public.ungranted (id int primary key);
                """
            #expect(try await findings([.rlsDisabledInPublic], after: sql).map(\.schema) == ["public"])
            let both = try await findings([.rlsDisabledInPublic], after: sql, exposed: ["inner_one", "public"])
            #expect(both.map { "\($0.schema).\($0.name)" } == ["inner_one.t", "public.t"])
        }

        @Test("names with quotes are data, not SQL")
        func quotes() async throws {
            let sql = #"create table "it's; drop" (id int primary key); grant select on "it's; drop" to anon;"#
            let found = try await findings([.rlsDisabledInPublic], after: sql, exposed: ["public", "x'; select 1"])
            #expect(found.map(\.name) == ["it's; drop"])
        }

        private func hasExtension(_ name: String) async throws -> Bool {
            let target = try await ProjectCluster.running.newDatabase()
            let sql = "select count(*)::int as n from pg_available_extensions where name = '\(name)'"
            return try await database.json(sql, on: target) == #"[{"n":1}]"#
        }
    }
}
