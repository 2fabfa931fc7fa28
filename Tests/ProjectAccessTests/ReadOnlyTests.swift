import Orchestrator
import ProjectAccess
import ProjectModel
import Testing

extension Databases {
    @Suite("Read-only queries")
    struct ReadOnly {
        private let database = PostgresProjectDatabase()

        /// Ways out, each of which would leave a row in `loot`, or change the table, if it worked.
        static let breakouts = [
            "insert into loot values (1)",
            "with w as (insert into loot values (1) returning *) select * from w",
            "commit; drop table loot",
            "commit; begin; insert into loot values (1); commit",
            "rollback; insert into loot values (1)",
            "commit; begin read write; insert into loot values (1); commit",
            "commit; set session characteristics as transaction read write; begin; insert into loot values (1); commit",
            "commit; set default_transaction_read_only = off; insert into loot values (1)",
            "set transaction read write",
            "set transaction read write; insert into loot values (1)",
            "set session characteristics as transaction read write; insert into loot values (1)",
            "reset role; insert into loot values (1)",
            "do $$ begin commit; insert into loot values (1); end $$",
            "do $$ begin insert into loot values (1); end $$",
            "do $$ begin set local transaction_read_only = off; insert into loot values (1); end $$",
            "do $$ begin perform set_config('transaction_read_only', 'off', true); insert into loot values (1); end $$",
            "do $$ begin reset role; insert into loot values (1); end $$",
            "do $$ begin set session authorization default; set role postgres; insert into loot values (1); end $$",
            "do $$ begin begin insert into loot values (1); exception when others then "
                + "set transaction read write; insert into loot values (1); end; end $$",
            "call pillage()", "select pilfer()", "select definer_pilfer()", "select nextval('counter')",
            "create temp table t (); insert into loot values (1)", "explain analyze insert into loot values (1)",
            "lock table loot in access exclusive mode", "drop table loot", "truncate loot",
            "alter table loot add column x int", "grant all on loot to anon", "comment on table loot is 'x'",
            "copy loot from program 'echo 1'", "copy (select 1) to program 'touch /tmp/should-not-be'",
            "select lo_create(77)", "vacuum loot", "reindex table loot", "refresh materialized view copied",
            "create function f() returns int language sql as 'select 1'", "alter role postgres set work_mem = '1MB'",
            "prepare p as insert into loot values (1); execute p", "notify x; insert into loot values (1)",
        ]

        private static let setUp = """
            create table loot (id int);
            create sequence counter;
            create materialized view copied as select 1 as a;
            create function pilfer() returns void language plpgsql as
                $$ begin perform set_config('transaction_read_only', 'off', true); insert into loot values (1); end $$;
            create function definer_pilfer() returns void language plpgsql security definer as
                $$ begin perform set_config('transaction_read_only', 'off', true); insert into loot values (1); end $$;
            create procedure pillage() language plpgsql security invoker as
                $$ begin commit; insert into loot values (1); commit; end $$;
            grant all on table loot to public;
            grant all on sequence counter to public;
            """

        /// What the breakouts would change.
        private static let evidence = """
            select (select count(*)::int from loot) as rows, (select is_called from counter) as called,
                (select count(*)::int from pg_attribute where attrelid = 'loot'::regclass and attnum > 0) as columns,
                (select count(*)::int from pg_largeobject_metadata where oid = 77) as objects,
                obj_description('loot'::regclass) as comment, to_regproc('f') as f,
                has_table_privilege('anon', 'loot', 'insert') as granted
            """

        private static let untouched =
            "[{\"rows\":0,\"called\":false,\"columns\":1,\"objects\":0,\"comment\":null,\"f\":null,\"granted\":true}]"

        @Test("nothing gets out, whichever role logs in", arguments: [true, false])
        func breakouts(readerLogsIn: Bool) async throws {
            let target = try await target(readerLogsIn: readerLogsIn)
            _ = try await database.json(Self.setUp, on: target)
            for sql in Self.breakouts {
                // Some are refused, some (a lone COMMIT) do nothing: what counts is what is left behind.
                _ = try? await database.run(ProjectQueryText(sql: sql, isReadOnly: true), on: target)
                #expect(try await database.json(Self.evidence, on: target) == Self.untouched, "\(sql)")
            }
        }

        @Test("the breakouts work without the walls, so that their failure means something")
        func control() async throws {
            let target = try await target(readerLogsIn: true)
            for sql in ["commit; begin; insert into loot values (1); commit", "call pillage()", "select pilfer()"] {
                _ = try await database.json("drop table if exists loot cascade", on: target)
                _ = try await database.json("drop schema public cascade; create schema public", on: target)
                _ = try await database.json(Self.setUp, on: target)
                _ = try await database.run(ProjectQueryText(sql: sql), on: target)
                #expect(try await database.json("select count(*)::int as n from loot", on: target) == "[{\"n\":1}]")
            }
        }

        @Test("reading works, as the read-only role", arguments: [true, false])
        func reading(readerLogsIn: Bool) async throws {
            let target = try await target(readerLogsIn: readerLogsIn)
            _ = try await database.json("create table item (id int); insert into item values (3)", on: target)
            let query = ProjectQueryText(
                sql: """
                    select id, session_user::text as login, current_user::text as who,
                        current_setting('transaction_read_only') as ro from item where id = $1
                    """,
                parameters: [.number("3")], isReadOnly: true)
            let login = readerLogsIn ? "supabase_read_only_user" : target.user
            let who = "\"login\":\"\(login)\",\"who\":\"\(login)\""
            #expect(try await database.json(query, on: target) == "[{\"id\":3,\(who),\"ro\":\"on\"}]")
            let error = await database.refusal(
                ProjectQueryText(sql: "select 1; select 2", isReadOnly: true), on: target)
            #expect(error?.hint == "A read-only query is exactly one statement.")
            let write = await database.refusal(
                ProjectQueryText(sql: "delete from item", isReadOnly: true), on: target)
            #expect(write?.code == "25006")
        }

        @Test("a superuser's login is not used for reading")
        func mighty() async throws {
            let target = try await ProjectCluster.running.newDatabase(
                user: "supabase_admin", password: ProjectCluster.password)
            let fallback = try await self.target(readerLogsIn: false, like: target)
            let failure = await database.refusal(ProjectQueryText(sql: "select 1", isReadOnly: true), on: fallback)
            #expect(failure?.code == "42501")
            #expect(failure?.message.contains("supabase_read_only_user") == true)
            let query = ProjectQueryText(sql: "select current_user::text as who", isReadOnly: true)
            #expect(try await database.json(query, on: target) == "[{\"who\":\"supabase_read_only_user\"}]")
        }

        @Test("a role can be taken on for reading, where the login may")
        func role() async throws {
            let target = try await target(readerLogsIn: false)
            let query = ProjectQueryText(sql: "select current_user::text as who", isReadOnly: true, role: "anon")
            #expect(try await database.json(query, on: target) == "[{\"who\":\"anon\"}]")
        }

        /// A database whose read-only role can log in, or whose caller has another password than that role.
        private func target(readerLogsIn: Bool, like given: DatabaseTarget? = nil) async throws -> DatabaseTarget {
            let cluster = try ProjectCluster.running
            guard !readerLogsIn else { return try await cluster.newDatabase() }
            // A second owner with a password of its own stands for a project whose read-only role has none.
            var target = if let given { given } else { try await cluster.newDatabase() }
            target.password = Secret("another-password")
            target.user = given == nil ? "postgres_other" : "supabase_admin_other"
            try await cluster.administrate(
                """
                do $$ begin
                    perform pg_advisory_xact_lock(1);
                    if to_regrole('\(target.user)') is null then
                        create role \(target.user) \(given == nil ? "nosuperuser" : "superuser") login
                            password 'another-password';
                        grant postgres, anon to \(target.user);
                    end if;
                end $$
                """)
            return target
        }
    }
}
