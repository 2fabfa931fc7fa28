import ProjectSQL
import Testing

@Suite("Reading a dump")
struct DumpReaderTests {
    /// What a dump is made of, in one line a piece.
    private func pieces(_ dump: String, cutEvery count: Int = .max) throws -> [String] {
        var reader = DumpReader()
        var pieces: [DumpReader.Piece] = []
        var rest = Array(dump.utf8)[...]
        while !rest.isEmpty {
            pieces += try reader.read(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        pieces += try reader.finish()
        var lines: [String] = []
        var rows: [UInt8] = []
        for piece in pieces {
            switch piece {
            case .statement(let statement): lines.append("\(statement.line): \(statement.text)")
            case .rows(let bytes): rows += bytes
            case .endOfRows:
                lines.append("rows: " + String(decoding: rows, as: UTF8.self))
                rows = []
            }
        }
        return lines
    }

    /// One of each thing in which a semicolon, a quotation mark or a backslash means nothing.
    private static let dump = #"""
        --
        -- Name: it's; a heading
        --

        \restrict abc
        SET standard_conforming_strings = on;
        CREATE TABLE public."a;b" (
            t text DEFAULT 'x;''y\' -- a comment; with 'marks'
            /* a block; /* within */ another ' */
        );
        CREATE FUNCTION public.f() RETURNS text LANGUAGE plpgsql AS $_$
        begin
            execute 'select $$;$$'; -- $x$
            return E'a\';b';
        end
        $_$;
        CREATE FUNCTION public.g(a integer) RETURNS integer
            BEGIN ATOMIC
         SELECT CASE WHEN (a > 0) THEN 1 ELSE 2 END AS c;
         SELECT 2;
        END;
        CREATE RULE r AS ON INSERT TO public.v DO INSTEAD (INSERT INTO public.t VALUES (1); SELECT 1;);
        SELECT E'\';', U&'\0041', $1, 'a' || $t$ ; $$ ; $t$;
        COPY public.t (a, b) FROM stdin;
        1	\\. DROP TABLE x; CREATE TABLE y ('
        \N	$$
        \.x	COPY public.z FROM stdin;
        \.
        COPY public.empty (a) FROM stdin;
        \.
        SELECT pg_catalog.setval('public.s', 3, true);
        \unrestrict abc
        """#

    private static let expected = [
        "6: SET standard_conforming_strings = on",
        """
        7: CREATE TABLE public."a;b" (
            t text DEFAULT 'x;''y\\' -- a comment; with 'marks'
            /* a block; /* within */ another ' */
        )
        """,
        """
        11: CREATE FUNCTION public.f() RETURNS text LANGUAGE plpgsql AS $_$
        begin
            execute 'select $$;$$'; -- $x$
            return E'a\\';b';
        end
        $_$
        """,
        """
        17: CREATE FUNCTION public.g(a integer) RETURNS integer
            BEGIN ATOMIC
         SELECT CASE WHEN (a > 0) THEN 1 ELSE 2 END AS c;
         SELECT 2;
        END
        """,
        "22: CREATE RULE r AS ON INSERT TO public.v DO INSTEAD (INSERT INTO public.t VALUES (1); SELECT 1;)",
        #"23: SELECT E'\';', U&'\0041', $1, 'a' || $t$ ; $$ ; $t$"#,
        "24: COPY public.t (a, b) FROM stdin",
        "rows: 1\t\\\\. DROP TABLE x; CREATE TABLE y ('\n\\N\t$$\n\\.x\tCOPY public.z FROM stdin;\n",
        "29: COPY public.empty (a) FROM stdin",
        "rows: ",
        "31: SELECT pg_catalog.setval('public.s', 3, true)",
    ]

    @Test("statements and rows are what psql takes them for", arguments: [.max, 1, 2, 3, 7, 64])
    func everything(cutEvery count: Int) throws {
        #expect(try pieces(Self.dump, cutEvery: count) == Self.expected)
    }

    @Test("rows keep every byte, wherever they are cut", arguments: [1, 2, 3, 5])
    func rowBytes(cutEvery count: Int) throws {
        let rows = "\\\n\\.\\.\n.\n\\..\n\\.\r \na\u{e9}\u{301}\r\n"
        let dump = "COPY t FROM stdin;\n" + rows + "\\.\nSELECT 1;"
        #expect(try pieces(dump, cutEvery: count) == ["1: COPY t FROM stdin", "rows: " + rows, "9: SELECT 1"])
    }

    @Test("lines that end with a carriage return are lines")
    func carriageReturns() throws {
        #expect(
            try pieces("SELECT 1;\r\nCOPY t FROM stdin;\r\nx\r\n\\.\r\nSELECT 2;\r\n")
                == ["1: SELECT 1", "2: COPY t FROM stdin", "rows: x\r\n", "5: SELECT 2"])
    }

    @Test("a comment ends at a carriage return, as it does for PostgreSQL", arguments: [.max, 1])
    func commentEnds(cutEvery count: Int) throws {
        #expect(
            try pieces("-- a;\rSELECT 1 -- b;\r; SELECT 2;", cutEvery: count) == ["1: SELECT 1 -- b;\r", "1: SELECT 2"])
        let second = "COPY public.t FROM stdin --\r; COMMIT\n;\n1\n\\.\n"
        #expect(throws: DumpError.unreadable(line: 1, "text follows a COPY on its line")) {
            try pieces(second, cutEvery: count)
        }
    }

    @Test(
        "words of BEGIN ATOMIC are names where they stand in parentheses",
        arguments: [
            #"CREATE FUNCTION public.f(begin date, "end" date) RETURNS date LANGUAGE sql AS $$ select $1 $$"#,
            "CREATE FUNCTION public.f() RETURNS TABLE(begin date, finish date) LANGUAGE sql AS $$ select 1; $$",
            "CREATE FUNCTION f(begin int) RETURNS int BEGIN ATOMIC SELECT (CASE WHEN a THEN 1 END); SELECT 2; END",
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT (begin.end + 1) FROM (public.begin); END",
        ])
    func namesOfParameters(text: String) throws {
        #expect(try pieces(text + ";\nSELECT 1;\n", cutEvery: 3) == ["1: " + text, "2: SELECT 1"])
    }

    @Test(
        "what an import does not carry out is refused, with its line",
        arguments: [
            ("SELECT 1;\n\\! rm -rf /\n", DumpError.unreadable(line: 2, "a psql command")),
            ("\\connect other\n", .severalDatabases(line: 1)), ("\\c other\n", .severalDatabases(line: 1)),
            ("\\copy t from program 'x'\n", .unreadable(line: 1, "a psql command")),
            ("SELECT 1 \\gexec\n", .unreadable(line: 1, "a psql command within a statement")),
            ("COPY t FROM stdin; SELECT 1;\n", .unreadable(line: 1, "text follows a COPY on its line")),
            ("PGDMP\u{1}\u{e}", .customFormat), ("SELECT '\0';", .notText(line: 1)),
            ("COPY t FROM stdin;\n\0\n", .notText(line: 2)),
            ("\nSELECT 1", .truncated(line: 2, "within a statement: its semicolon is missing")),
            ("SELECT 'a;\n", .truncated(line: 1, "within a quotation or a comment")),
            ("SELECT $a$;$b$;\n", .truncated(line: 1, "within a quotation or a comment")),
            ("COPY t FROM stdin;\n1\n", .truncated(line: 3, "within the rows of a COPY")),
        ])
    func refusals(dump: String, error: DumpError) {
        for count in [Int.max, 1] where error != .customFormat || count > 1 {
            #expect(throws: error) { try pieces(dump, cutEvery: count) }
        }
    }

    @Test("compressed bytes and statements without an end are named")
    func bounds() throws {
        var reader = DumpReader()
        #expect(throws: DumpError.compressed) { try reader.read([0x1F, 0x8B, 8]) }
        var endless = DumpReader(statementBytesMax: 100)
        let piece = Array("SELECT '".utf8) + [UInt8](repeating: 0x61, count: 100)
        #expect(throws: DumpError.tooLarge(line: 1)) { try endless.read(piece) }
    }
}
