import Orchestrator
import ProjectAccess
import ProjectModel
import ProjectSQL
import Synchronization
import Testing

extension Databases {
    @Suite("Importing a dump")
    struct Imports {
        private let database = PostgresProjectDatabase()
        private let importer = PostgresDatabaseImporter()

        /// A database as a stack makes it: accounts with a column more and one less than the dump has.
        private func project() async throws -> DatabaseTarget {
            let target = try await ProjectCluster.running.newDatabase()
            try await ProjectCluster.running.administrate(
                """
                create schema auth; create schema storage; create schema extensions;
                grant usage on schema auth, storage, extensions to postgres;
                create table auth.users (id uuid primary key, email text unique, encrypted_password text,
                    is_new boolean not null default true, label text generated always as (lower(email)) stored);
                create table auth.identities (id uuid primary key, user_id uuid not null references auth.users);
                create table auth.sessions (id uuid primary key, user_id uuid not null references auth.users);
                create table storage.buckets (id text primary key, name text not null);
                grant all on all tables in schema auth, storage to postgres;
                """, in: target.roles.database)
            return target
        }

        /// Rows before what they refer to, a trigger that would fire, and things that only the source has.
        private static let sample = #"""
            SET session_replication_role = 'replica';
            SET transaction_timeout = 0;
            SELECT pg_catalog.set_config('search_path', '', false);
            CREATE SCHEMA auth;
            CREATE EXTENSION IF NOT EXISTS pg_net WITH SCHEMA extensions;
            CREATE TABLE auth.users (id uuid);
            ALTER TABLE auth.users OWNER TO supabase_auth_admin;
            CREATE TYPE public.mood AS ENUM ('good', 'bad;');
            CREATE FUNCTION public.welcome() RETURNS trigger LANGUAGE plpgsql AS $$
                begin insert into public.notes (owner, body) values (new.id, 'welcome'); return new; end $$;
            CREATE TABLE public.notes (id integer NOT NULL, owner uuid, body text, mood public.mood,
                size integer GENERATED ALWAYS AS (length(body)) STORED);
            ALTER TABLE public.notes OWNER TO supabase_admin;
            CREATE SEQUENCE public.notes_id_seq AS integer START WITH 1;
            ALTER SEQUENCE public.notes_id_seq OWNED BY public.notes.id;
            ALTER TABLE ONLY public.notes ALTER COLUMN id SET DEFAULT nextval('public.notes_id_seq'::regclass);
            CREATE TRIGGER on_auth_user_created AFTER INSERT ON auth.users FOR EACH ROW EXECUTE FUNCTION public.welcome();
            ALTER TABLE ONLY public.notes
                ADD CONSTRAINT notes_owner_fkey FOREIGN KEY (owner) REFERENCES auth.users(id);
            COPY auth.identities (id, user_id) FROM stdin;
            20000000-0000-4000-8000-000000000001	10000000-0000-4000-8000-000000000001
            \.
            COPY auth.sessions (id, user_id) FROM stdin;
            30000000-0000-4000-8000-000000000001	10000000-0000-4000-8000-000000000001
            \.
            COPY auth.users (instance_id, id, email, encrypted_password) FROM stdin;
            \N	10000000-0000-4000-8000-000000000001	Ada@example.com	$2a$10$hash\\;
            \.
            COPY public.notes (id, owner, body, mood) FROM stdin;
            7	10000000-0000-4000-8000-000000000001	a;\\.\n'	bad;
            \.
            COPY storage.buckets (id, name) FROM stdin;
            b	b
            \.
            COPY storage.objects (id) FROM stdin;
            40000000-0000-4000-8000-000000000001
            \.
            SELECT pg_catalog.setval('public.notes_id_seq', 7, true);
            ALTER TABLE ONLY public.notes ADD CONSTRAINT notes_pkey PRIMARY KEY (id);
            ALTER TABLE public.notes ENABLE ROW LEVEL SECURITY;
            CREATE POLICY all_of_them ON public.notes TO anon USING (mood = 'good'::public.mood);
            GRANT SELECT ON TABLE public.notes TO anon;

            """#

        private func run(
            _ dump: String, on target: DatabaseTarget, isDryRun: Bool = false, cutEvery count: Int = 50,
            confirm: @Sendable () async throws -> Void = {}
        ) async throws -> ImportReport {
            try await importer.run(
                { take in
                    var rest = Array(dump.utf8)[...]
                    while !rest.isEmpty {
                        try await take(Array(rest.prefix(count)))
                        rest = rest.dropFirst(count)
                    }
                }, on: target, isDryRun: isDryRun, confirm: confirm)
        }

        private func refusal(_ dump: String, on target: DatabaseTarget) async -> ImportError? {
            do {
                _ = try await run(dump, on: target)
                return nil
            } catch { return error as? ImportError }
        }

        private func expectEmpty(_ target: DatabaseTarget, _ moment: String) async throws {
            let sql = """
                select to_regclass('public.notes')::text as t, (select count(*)::int from auth.users) as users,
                    (select count(*)::int from pg_roles where rolname like 'import_test%') as roles
                """
            #expect(
                try await database.json(sql, on: target) == #"[{"t":null,"users":0,"roles":0}]"#, "\(moment)")
        }

        @Test("a trial changes nothing and says the same; what is imported is whole, and is not imported twice")
        func whole() async throws {
            let target = try await project()
            let trial = try await run(Self.sample, on: target, isDryRun: true)
            try await expectEmpty(target, "after the trial")
            var report = try await run(Self.sample, on: target)
            report.isDryRun = true
            #expect(report == trial)
            #expect(
                report.rows == ["auth.users": 1, "auth.identities": 1, "public.notes": 1, "storage.buckets": 1])
            #expect(report.leftOut["column auth.users.instance_id"] == 1)
            #expect(report.leftOut["rows of auth.sessions"] == 1)
            #expect(report.taken["FOREIGN KEY"] == 1 && report.taken["TRIGGER"] == 1 && report.taken["POLICY"] == 1)
            let notes = try await database.json(
                "select id, owner is not null as owned, body, mood::text, size from public.notes", on: target)
            #expect(notes == #"[{"id":7,"owned":true,"body":"a;\\.\n'","mood":"bad;","size":6}]"#)
            let users = try await database.json(
                "select email, encrypted_password as p, is_new, label from auth.users", on: target)
            #expect(
                users == #"[{"email":"Ada@example.com","p":"$2a$10$hash\\;","is_new":true,"label":"ada@example.com"}]"#)
            let state = try await database.json(
                """
                select (select count(*)::int from auth.sessions) as sessions,
                    (select tableowner from pg_tables where tablename = 'notes') as owner,
                    (select convalidated from pg_constraint where conname = 'notes_owner_fkey') as checked,
                    (select count(*)::int from pg_policies) as policies,
                    (select count(*)::int from pg_class where relname like 'supamanager_import%') as rest
                """, on: target)
            #expect(state == #"[{"sessions":0,"owner":"postgres","checked":true,"policies":1,"rest":0}]"#)
            // Triggers see what comes from now on.
            _ = try await database.json(
                "insert into auth.users (id, email) values (gen_random_uuid(), 'b@example.com')", on: target)
            let next = try await database.json("select id, body from public.notes where id > 7", on: target)
            #expect(next == #"[{"id":8,"body":"welcome"}]"#)
            let again = try #require(await refusal(Self.sample, on: target))
            guard case .notEmpty = again else {
                Issue.record("imported twice: \(again)")
                return
            }
            #expect(try await database.run(ProjectQueryText(sql: "select 1 from auth.users"), on: target).rowCount == 2)
        }

        @Test(
            "what fails anywhere leaves the project as it was, and the message names line and stage, not rows",
            arguments: [
                (sample + "COPY public.notes (id) FROM stdin;\ngeheim\n\\.\n", ImportStage.data),
                (sample + "SELECT 1;\nCREATE TABLE public.notes ();\n", .schema),
                (
                    sample
                        + "COPY public.notes (id, owner) FROM stdin;\n9\t90000000-0000-4000-8000-000000000009\n\\.\n",
                    .foreignKeys
                ),
                (
                    "CREATE ROLE import_test_role;\nCREATE TABLE public.notes ();\nSELECT pg_catalog.setval('public.x', 1);\n",
                    .schema
                ),
                (
                    "COPY auth.identities (id, user_id) FROM stdin;\n20000000-0000-4000-8000-000000000001\t10000000-0000-4000-8000-000000000001\n\\.\n",
                    .data
                ),
            ])
        func failures(dump: String, stage: ImportStage) async throws {
            let target = try await project()
            let error = await refusal(dump, on: target)
            guard case .failed(let found, let line, let message, _)? = error else {
                Issue.record("not refused: \(error.map(String.init(describing:)) ?? "no error")")
                return
            }
            #expect(found == stage, "\(message)")
            #expect(line > 0 && !message.contains("geheim"), "\(message)")
            try await expectEmpty(target, "after \(message)")
        }

        @Test("a dump that is cut off, or whose sender goes away, leaves the project as it was")
        func cutOff() async throws {
            let target = try await project()
            let half = String(Self.sample.prefix(Self.sample.count / 2))
            guard case .dump(.truncated)? = await refusal(half, on: target) else {
                Issue.record("half a dump was taken")
                return
            }
            struct Gone: Error {}
            await #expect(throws: Gone.self) {
                _ = try await importer.run(
                    { take in
                        try await take(Array(Self.sample.utf8))
                        throw Gone()
                    }, on: target, isDryRun: false, confirm: {})
            }
            try await expectEmpty(target, "after both")
        }

        @Test("a dump has the owner's rights and no more")
        func rights() async throws {
            let target = try await project()
            let dump = """
                CREATE FUNCTION public.take() RETURNS boolean LANGUAGE plpgsql AS $$
                    begin perform set_config('role', 'supabase_admin', false); return true; end $$;
                CREATE TABLE public.notes (id integer CHECK (public.take()));
                COPY public.notes (id) FROM stdin;
                1
                \\.

                """
            guard case .failed(_, _, let message, let sqlState)? = await refusal(dump, on: target) else {
                Issue.record("a dump became superuser")
                return
            }
            #expect(sqlState == "42501", "\(message)")
            try await expectEmpty(target, "afterwards")
        }

        /// Turns the meaning of quotation marks while rows are checked; then a text holds a second statement.
        private static let turned = #"""
            CREATE FUNCTION public.turn() RETURNS boolean LANGUAGE plpgsql AS $$
                begin perform set_config('standard_conforming_strings', 'off', false); return true; end $$;
            CREATE TABLE public.notes (id text CHECK (public.turn()));
            COPY public.notes FROM stdin;
            1
            \.
            COPY public.notes FROM stdin WITH (DELIMITER '\''); COMMIT; --');
            2
            \.

            """#

        @Test(
            "no text of a dump ends the transaction: what fails afterwards takes all of it back",
            arguments: [
                (turned, "42601"),
                ("CREATE TABLE public.notes (id text);\nCOPY public.notes FROM stdin --\r; COMMIT\n;\n1\n\\.\n", nil),
                (
                    "SELECT set_config('search_path', '', false), set_config('standard_conforming_strings', 'off', "
                        + "false);\nCREATE TABLE public.notes (id text);\n"
                        + "COPY public.notes FROM stdin WITH (DELIMITER '\\''); COMMIT; --');\n1\n\\.\n", "0A000"
                ),
            ])
        func oneTransaction(dump: String, state: String?) async throws {
            let target = try await project()
            let error = await refusal(dump + "CREATE TABLE public.notes ();\n", on: target)
            switch error {
            case .failed(_, _, let message, let found): #expect(found == state, "\(message)")
            case .dump(.unreadable): #expect(state == nil)
            default: Issue.record("\(error.map(String.init(describing:)) ?? "no error")")
            }
            try await expectEmpty(target, "afterwards")
        }

        @Test("a constraint that fails at the commit fails the import")
        func deferred() async throws {
            let target = try await project()
            let dump = """
                CREATE TABLE public.notes (id integer UNIQUE DEFERRABLE INITIALLY DEFERRED);
                COPY public.notes FROM stdin;
                1
                1
                \\.

                """
            guard case .failed(_, _, let message, let state)? = await refusal(dump, on: target) else {
                Issue.record("what was rolled back was called done")
                return
            }
            #expect(state == "23505", "\(message)")
            try await expectEmpty(target, "afterwards")
        }

        @Test("an answer of the server's as large as a dump likes ends the import, not the manager")
        func largeAnswer() async throws {
            let target = try await project()
            let dump = """
                CREATE TABLE public.notes (id integer);
                INSERT INTO public.notes VALUES (1) RETURNING repeat('x', 2000000);

                """
            guard case .failed? = await refusal(dump, on: target) else {
                Issue.record("two megabytes in a row were taken")
                return
            }
            try await expectEmpty(target, "afterwards")
        }

        @Test("who loses the right to it before the commit has changed nothing; a trial does not ask")
        func confirmed() async throws {
            struct Gone: Error {}
            let target = try await project()
            await #expect(throws: Gone.self) { _ = try await run(Self.sample, on: target) { throw Gone() } }
            try await expectEmpty(target, "afterwards")
            _ = try await run(Self.sample, on: target, isDryRun: true) { throw Gone() }
        }

        private final class Found: Sendable { let error = Mutex<ImportError?>(nil) }

        @Test("one import at a time")
        func twoAtOnce() async throws {
            let target = try await project()
            let second = Found()
            _ = try await importer.run(
                { take in
                    try await take(Array("CREATE TABLE public.notes ();\n".utf8))
                    let error = await self.refusal("CREATE TABLE public.other ();\n", on: target)
                    second.error.withLock { $0 = error }
                }, on: target, isDryRun: true, confirm: {})
            #expect(second.error.withLock { $0 } == .busy)
            try await expectEmpty(target, "afterwards")
        }
    }
}
