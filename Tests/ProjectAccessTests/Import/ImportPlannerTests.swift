import ProjectSQL
import Testing

@Suite("What an import does with a statement")
struct ImportPlannerTests {
    private static let ground = ImportGround(
        owner: "postgres", serverVersion: 150_020,
        roles: ["postgres", "anon", "authenticated", "service_role", "supabase_auth_admin"],
        schemas: ["public", "extensions", "auth", "storage"], installed: ["pgcrypto"], installable: ["citext"],
        tables: [
            "auth.users": ["id", "email"], "auth.identities": ["id", "user_id"], "auth.sessions": ["id"],
            "storage.buckets": ["id"], "storage.objects": ["id"],
        ],
        references: [ImportReference(table: "auth.identities", target: "auth.users")],
        serviceSchemas: ImportGround.knownServiceSchemas)

    private func step(_ text: String, after earlier: [String] = []) -> ImportStep {
        var planner = ImportPlanner(Self.ground)
        for text in earlier { _ = planner.step(DumpStatement(bytes: Array(text.utf8), line: 1)) }
        return planner.step(DumpStatement(bytes: Array(text.utf8), line: 7))
    }

    @Test(
        "what users made comes along",
        arguments: [
            "CREATE SCHEMA \"app\"", "CREATE TABLE public.t (id integer)",
            "CREATE TABLE IF NOT EXISTS \"public\".\"t\" ()",
            "CREATE UNLOGGED TABLE t ()", "CREATE TYPE public.mood AS ENUM ('a;')", "CREATE DOMAIN public.d AS text",
            "CREATE OR REPLACE FUNCTION public.f() RETURNS void LANGUAGE sql AS $$ drop table auth.users $$",
            "CREATE VIEW public.v AS SELECT id FROM auth.users", "CREATE UNIQUE INDEX i ON public.t USING btree (id)",
            "CREATE POLICY p ON public.t TO authenticated USING (auth.uid() = id)", "CREATE SEQUENCE public.s",
            "CREATE POLICY own ON storage.objects FOR SELECT USING (true)",
            "ALTER TABLE ONLY public.t ADD CONSTRAINT k PRIMARY KEY (id)",
            "ALTER TABLE public.t ENABLE ROW LEVEL SECURITY",
            "ALTER SEQUENCE public.s OWNED BY public.t.id", "GRANT SELECT ON TABLE public.t TO anon",
            "GRANT ALL ON FUNCTION public.f() TO PUBLIC", "REVOKE ALL ON TABLE public.t FROM anon",
            "SELECT pg_catalog.setval('public.s', 3, true)",
            "SELECT setval('public.s', -3)", "SELECT pg_catalog.lowrite(0, '\\x00')",
            "SELECT pg_catalog.set_config('search_path', '', false) -- x\r",
            "SELECT pg_catalog.set_config('search_path', '', false)",
            "SET check_function_bodies = false", "SET row_security = off",
            "COMMENT ON TABLE public.t IS 'it''s'", "INSERT INTO public.t VALUES (1)",
            "ALTER PUBLICATION supabase_realtime ADD TABLE ONLY public.t", "CREATE EXTENSION IF NOT EXISTS pgcrypto",
            "ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA public GRANT ALL ON TABLES TO anon",
            "CREATE SCHEMA supabase_migrations", "CREATE TABLE supabase_migrations.schema_migrations (version text)",
        ])
    func taken(text: String) { #expect(step(text) == .run, "\(text)") }

    @Test(
        "foreign keys and triggers come last",
        arguments: [
            "ALTER TABLE ONLY public.t ADD CONSTRAINT k FOREIGN KEY (id) REFERENCES auth.users(id)",
            "CREATE TRIGGER t BEFORE UPDATE OF a ON public.t FOR EACH ROW EXECUTE FUNCTION public.f()",
            "CREATE TRIGGER t AFTER INSERT ON auth.users FOR EACH ROW EXECUTE FUNCTION public.f()",
            "ALTER TABLE public.t DISABLE TRIGGER t", "ALTER TABLE public.t VALIDATE CONSTRAINT k",
            "COMMENT ON TRIGGER t ON public.t IS 'x'", "REFRESH MATERIALIZED VIEW public.m",
        ])
    func last(text: String) { #expect(step(text) == .runLast, "\(text)") }

    @Test(
        "what is the stack's, an administrator's or a session's is left out",
        arguments: [
            "CREATE SCHEMA auth", "CREATE SCHEMA public", "CREATE TABLE auth.users (id uuid)",
            "CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql AS $$ select 1 $$",
            "ALTER TABLE ONLY auth.users ADD CONSTRAINT k PRIMARY KEY (id)", "ALTER TABLE auth.users OWNER TO x",
            "CREATE INDEX i ON storage.objects USING btree (name)", "CREATE POLICY p ON auth.users USING (true)",
            "ALTER TABLE ONLY auth.identities ADD CONSTRAINT f FOREIGN KEY (user_id) REFERENCES auth.users(id)",
            "CREATE TRIGGER t BEFORE UPDATE ON storage.objects FOR EACH ROW EXECUTE FUNCTION storage.f()",
            "ALTER TABLE public.t OWNER TO supabase_admin", "ALTER FUNCTION public.f() OWNER TO postgres",
            "CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION public.f()", "SET ROLE supabase_admin",
            "SET SESSION AUTHORIZATION 'supabase_admin'", "SET session_replication_role = 'replica'",
            "SET transaction_timeout = 0", "RESET ALL", "BEGIN", "COMMIT", "DROP TABLE public.t",
            "DO $$ begin end $$", "CALL public.p()", "SELECT cron.schedule('x', '* * * * *', 'select 1')",
            "SELECT pg_catalog.set_config('role', 'supabase_admin', false)", "TRUNCATE public.t",
            "SELECT set_config('search_path','',false), set_config('standard_conforming_strings','off',false)",
            "SELECT set_config('search_path', set_config('standard_conforming_strings', 'off', false), false)",
            "SELECT set_config('search_path', '', false) FROM public.f()",
            "SELECT public.set_config('search_path', '', false)",
            "SELECT set_config('search_path' || '', '', false)", "SELECT setval('public.s', public.f())",
            "SELECT setval('public.s', 1), public.f()", "SELECT lo_create((select 1))", "SELECT set_config",
            "SELECT set_config(U&'search_path', '', false)", "SET NAMES 'UTF8'", "SET client_encoding TO UTF8",
            "SELECT pg_catalog.set_config('client_encoding', 'utf8', false)",
            "SELECT pg_catalog.setval('auth.refresh_tokens_id_seq', 3, true)",
            "GRANT ALL ON TABLE auth.users TO anon", "GRANT USAGE ON SCHEMA auth TO anon",
            "GRANT SELECT ON TABLE public.t TO nobody_here",
            "CREATE PUBLICATION supabase_realtime WITH (publish = 'insert')",
            "CREATE EXTENSION IF NOT EXISTS pg_net WITH SCHEMA extensions", "COMMENT ON EXTENSION pgcrypto IS 'x'",
            "CREATE ROLE anon", "ALTER ROLE postgres SUPERUSER", "CREATE SERVER s FOREIGN DATA WRAPPER w",
            "CREATE SUBSCRIPTION s CONNECTION 'host=x password=y' PUBLICATION p",
            "INSERT INTO storage.migrations VALUES (1)",
            "ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA public GRANT ALL ON TABLES TO anon",
        ])
    func leftOut(text: String) { #expect(step(text) == .leaveOut, "\(text)") }

    @Test("other texts take the place of some")
    func changed() {
        #expect(
            step("CREATE EXTENSION IF NOT EXISTS \"citext\" WITH SCHEMA \"gone\" VERSION '1.6'")
                == .runInstead("create extension if not exists \"citext\" with schema \"extensions\""))
        let role = "CREATE ROLE \"a\"\"b\""
        #expect(step(role) == .runInstead("create role \"a\"\"b\" nologin"))
        #expect(step(role, after: [role]) == .leaveOut)
        #expect(
            step("ALTER ROLE \"a\"\"b\" WITH SUPERUSER INHERIT LOGIN PASSWORD 'SCRAM-SHA-256$x'", after: [role])
                == .runInstead("alter role \"a\"\"b\" inherit login"))
        #expect(step("GRANT supabase_auth_admin TO \"a\"\"b\"", after: [role]) == .leaveOut)
        #expect(
            step("GRANT \"a\"\"b\" TO anon GRANTED BY postgres", after: [role])
                == .runInstead("grant \"a\"\"b\" to \"anon\""))
        #expect(step("GRANT SELECT ON TABLE public.t TO \"a\"\"b\"", after: [role]) == .run)
    }

    @Test("rows of users' tables are taken, of accounts kept, of the rest left out")
    func rows() {
        #expect(step("COPY public.t (a) FROM stdin") == .takeRows)
        #expect(
            step("COPY auth.users (instance_id, id, \"email\") FROM stdin")
                == .keepRows(table: "auth.users", columns: ["instance_id", "id", "email"]))
        #expect(step("COPY storage.buckets (id) FROM stdin") == .keepRows(table: "storage.buckets", columns: ["id"]))
        for table in ["auth.sessions", "auth.unknown", "auth.schema_migrations", "storage.objects", "cron.job"] {
            #expect(step("COPY \(table) (id) FROM stdin") == .leaveOutRows(table: table))
        }
    }

    @Test(
        "what would run programs, read files or change databases is refused",
        arguments: [
            "COPY public.t FROM PROGRAM 'id'", "COPY public.t FROM '/etc/passwd'", "COPY public.t TO stdout",
            "COPY public.t FROM stdin WITH (FORMAT csv)", "COPY public.t FROM stdin BINARY", "CREATE DATABASE x",
            "CREATE TABLESPACE x LOCATION '/'", "SET standard_conforming_strings = off", "SET client_encoding = 'SJIS'",
            "SET NAMES 'LATIN1'", "SET NAMES", "SET \"Client_Encoding\" TO DEFAULT",
            "SELECT pg_catalog.set_config('client_encoding', 'SJIS', false)",
            "SELECT set_config('Standard_Conforming_Strings', 'off', false)",
            "INSERT INTO auth.users VALUES ('x')", "; x", "",
        ])
    func refused(text: String) {
        guard case .refuse(let sentence) = step(text) else {
            Issue.record("not refused: \(text)")
            return
        }
        #expect(!sentence.contains("passwd") && !sentence.contains("'x'"))
    }

    @Test("the report counts, names no row and no secret, and is bounded")
    func report() {
        var planner = ImportPlanner(Self.ground)
        for text in [
            "CREATE TABLE public.t ()", "CREATE TABLE public.u ()", "ALTER TABLE public.t OWNER TO x",
            "CREATE SUBSCRIPTION s CONNECTION 'password=geheim'", "CREATE EXTENSION pg_net",
            "CREATE TABLE auth.users ()",
        ] { _ = planner.step(DumpStatement(bytes: Array(text.utf8), line: 1)) }
        planner.leftOut(3, rowsOf: "storage.objects")
        planner.dropped(["odd"], of: "auth.users")
        planner.took(2, rowsOf: "public.t")
        let report = planner.report
        #expect(report.taken == ["TABLE": 2])
        #expect(report.rows == ["public.t": 2])
        #expect(report.changed == ["everything belongs to postgres": 1])
        #expect(report.leftOut["rows of storage.objects"] == 3)
        #expect(report.leftOut["column auth.users.odd"] == 1)
        #expect(report.byHand["files of storage: upload them again"] == 3)
        #expect(report.byHand.keys.contains { $0.hasPrefix("EXTENSION pg_net") })
        #expect(!"\(report)".contains("geheim"))
        for number in 0..<(ImportReport.linesMax + 10) { planner.took(1, rowsOf: "public.t\(number)") }
        #expect(planner.report.rows.count == ImportReport.linesMax + 1)
    }

    @Test("a statement that is not UTF-8 is refused, not altered")
    func notText() {
        var planner = ImportPlanner(Self.ground)
        let bytes = Array("COMMENT ON TABLE public.t IS 'caf".utf8) + [0xE9, UInt8(ascii: "'")]
        guard case .refuse(let sentence) = planner.step(DumpStatement(bytes: bytes, line: 4)) else {
            Issue.record("bytes of LATIN1 were taken")
            return
        }
        #expect(sentence.contains("line 4") && sentence.contains("UTF-8"))
    }

    @Test("names are as long as PostgreSQL stores them, and neither they nor lines of the report grow without bound")
    func lengths() {
        let long = String(repeating: "n", count: 61) + "\u{e9}"
        let stored = long
        #expect(
            step("CREATE ROLE \"\(long)tail\"") == .runInstead("create role \"\(stored)\" nologin"))
        #expect(
            step("CREATE ROLE \"n\(long)\"")
                == .runInstead("create role \"n\(String(repeating: "n", count: 61))\" nologin"))
        var planner = ImportPlanner(Self.ground)
        let endless = String(repeating: "x", count: 100_000)
        for text in [
            "CREATE EXTENSION \(endless)", "GRANT SELECT ON TABLE public.t TO \(endless)", "\(endless) x",
            "CREATE SUBSCRIPTION \(endless)", "CREATE \(endless)", "ALTER \(endless) x",
        ] { _ = planner.step(DumpStatement(bytes: Array(text.utf8), line: 1)) }
        planner.took(.max, rowsOf: endless + "1")
        planner.took(.max, rowsOf: endless + "2")
        let report = planner.report
        let lines = [report.taken, report.rows, report.changed, report.leftOut, report.byHand].flatMap(\.keys)
        #expect(lines.count >= 6 && lines.allSatisfy { $0.utf8.count <= ImportReport.lineBytesMax })
        #expect(Array(report.rows.values) == [.max])
    }

    @Test("a dump makes so many roles and schemas and no more", arguments: ["ROLE", "SCHEMA"])
    func names(kind: String) {
        var planner = ImportPlanner(Self.ground)
        for number in 0..<ImportPlanner.namesMax {
            let step = planner.step(DumpStatement(bytes: Array("CREATE \(kind) n\(number)".utf8), line: 1))
            if case .refuse = step { Issue.record("refused at \(number)") }
        }
        guard case .refuse = planner.step(DumpStatement(bytes: Array("CREATE \(kind) one_more".utf8), line: 1)) else {
            Issue.record("taken without bound")
            return
        }
    }

    @Test("the trail keeps where an import failed, and nothing that a server or a dump wrote")
    func auditText() {
        let failure = ImportError.failed(stage: .data, line: 9, message: "geheim", sqlState: "23505")
        #expect(failure.auditText == "failed at the data, line 9, SQLSTATE 23505")
        #expect("\(failure)".contains("geheim (SQLSTATE 23505)"))
        let errors: [ImportError] = [
            .notEmpty("geheim"), .busy, .tooMany, .dump(.customFormat), .refused("geheim"), .unreachable("geheim"),
            .unknownOutcome, .cancelled, .failed(stage: .schema, line: 1, message: "geheim"),
        ]
        let texts = errors.map(\.auditText)
        #expect(Set(texts).count == errors.count && !texts.contains { $0.contains("geheim") || $0.isEmpty })
    }

    @Test("tables come after those that they refer to, also where there is a circle")
    func order() {
        var ground = Self.ground
        #expect(ground.inOrder(["auth.identities", "auth.users"]) == ["auth.users", "auth.identities"])
        ground.references.append(ImportReference(table: "auth.users", target: "auth.identities"))
        #expect(Set(ground.inOrder(["auth.identities", "auth.users"])).count == 2)
    }
}
