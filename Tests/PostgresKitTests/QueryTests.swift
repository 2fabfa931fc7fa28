import PostgresKit
import PostgresTestSupport
import Testing

@Suite(
    "Queries on a real server", .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .postgresCluster)
struct QueryTests {
    @Test("every kind of parameter comes back as it was")
    func roundTrip() async throws {
        let bytes = (0...255).map { UInt8($0) }
        let time = PostgresTimestamp(microsecondsSinceEpoch: 1_795_231_020_123_456)
        let row = try await withConnection { connection async throws in
            try await connection.single(
                """
                SELECT $1::text AS text, $2::bigint AS number, $3::boolean AS truth, $4::bytea AS bytes,
                    $5::timestamptz AS time, $6::text[] AS list, $7::float8 AS fraction, $8::text AS nothing
                """,
                [
                    "ä €\n'\"\\", .int(Int64.min), true, .bytes(bytes), .timestamp(time),
                    .textArray(["", "NULL", "a,b", "q\"\\", "{}", "ü"]), .double(-0.1), nil,
                ])
        }
        #expect(try row.string("text") == "ä €\n'\"\\")
        #expect(try row.int64("number") == .min)
        #expect(try row.bool("truth"))
        #expect(try row.bytes("bytes") == bytes)
        #expect(try row.timestamp("time") == time)
        #expect(try row.textArray("list") == ["", "NULL", "a,b", "q\"\\", "{}", "ü"])
        #expect(try row.double("fraction") == -0.1)
        #expect(try row.optionalString("nothing") == nil)
    }

    @Test(
        "text that would change the statement stays text",
        arguments: [
            "'; DROP TABLE person; --", "\\'; DROP TABLE person; --", "$1", "$$; DROP TABLE person; $$", "' OR '1'='1",
            "\"; --", "E'\\x00'", "/* */", "\u{2019} OR 1=1", "%s%n", String(repeating: "'", count: 3_000),
        ])
    func injection(text: String) async throws {
        try await withConnection { connection async throws in
            try await connection.executeScript("CREATE TABLE person (name text)")
            try await connection.execute("INSERT INTO person VALUES ($1)", [.text(text)])
            let row = try await connection.single("SELECT name FROM person WHERE name = $1", [.text(text)])
            #expect(try row.string("name") == text)
            let literal = try PostgresQuoting.literal(text)
            try await connection.executeScript("DELETE FROM person WHERE name = \(literal)")
            #expect(try await connection.single("SELECT count(*) AS n FROM person").int("n") == 0)
        }
    }

    @Test(
        "an identifier is quoted whatever it holds", arguments: ["a\"b", "a;b", "select", "Ä b", "a'b\\", "\"\u{301}x"])
    func identifiers(name: String) async throws {
        try await withConnection { connection async throws in
            let quoted = try PostgresQuoting.identifier(name)
            try await connection.executeScript("CREATE TABLE \(quoted) (one int)")
            let found = try await connection.first("SELECT 1 FROM pg_tables WHERE tablename = $1", [.text(name)])
            #expect(found != nil)
        }
    }

    @Test("a NUL character is refused before anything is sent, and names its parameter")
    func nulCharacter() async throws {
        try await withConnection { connection async throws in
            let error = await failure { try await connection.query("SELECT $1::text, $2::text", ["a", "b\0c"]) }
            #expect(error == .invalidParameter(index: 2, reason: "text in PostgreSQL holds no NUL character"))
            let inSQL = await failure { try await connection.query("SELECT 1\0; DROP TABLE person") }
            #expect(inSQL == .invalidConfiguration(reason: "SQL text holds a NUL character"))
        }
    }

    @Test("a column that is not as expected is named with what is wrong")
    func columnProblems() async throws {
        let row = try await withConnection { connection async throws in
            try await connection.single(
                "SELECT 'x'::text AS name, NULL::bigint AS age, 1 AS twin, 2 AS twin, '\\x00'::bytea AS raw")
        }
        #expect(throws: PostgresError.column(name: "nme", problem: .missing)) { try row.string("nme") }
        #expect(throws: PostgresError.column(name: "age", problem: .null)) { try row.int64("age") }
        #expect(throws: PostgresError.column(name: "twin", problem: .ambiguous)) { try row.int("twin") }
        #expect(throws: PostgresError.column(name: "name", problem: .type(expected: "bigint", found: "text"))) {
            try row.int64("name")
        }
        #expect(throws: PostgresError.column(name: "raw", problem: .type(expected: "text", found: "bytea"))) {
            try row.string("raw")
        }
        #expect(try row.optionalInt64("age") == nil)
    }

    @Test("affected rows are counted for every command")
    func affectedRows() async throws {
        try await withConnection { connection async throws in
            try await connection.executeScript("CREATE TABLE item (n int); INSERT INTO item VALUES (1), (2)")
            #expect(try await connection.execute("INSERT INTO item SELECT generate_series(3, 5)") == 3)
            #expect(try await connection.execute("UPDATE item SET n = n + 1 WHERE n > $1::int", [3]) == 2)
            #expect(try await connection.execute("DELETE FROM item") == 5)
            #expect(try await connection.execute("CREATE TABLE other ()") == 0)
        }
    }

    @Test("single refuses none and several rows, first takes both")
    func rowCounts() async throws {
        try await withConnection { connection async throws in
            let none = await failure { _ = try await connection.single("SELECT 1 WHERE false") }
            #expect(none == .unexpectedRowCount(expected: 1, found: 0))
            let two = await failure { _ = try await connection.single("SELECT generate_series(1, 2)") }
            #expect(two == .unexpectedRowCount(expected: 1, found: 2))
            #expect(try await connection.first("SELECT 1 WHERE false") == nil)
            #expect(try await connection.first("SELECT generate_series(7, 8) AS n")?.int("n") == 7)
        }
    }

    @Test("a result beyond the limit is cut off, and the connection is still good")
    func resultLimit() async throws {
        var limits = PostgresLimits()
        limits.maximumResultBytes = 100_000
        try await withConnection(limits: limits) { connection async throws in
            let error = await failure {
                try await connection.query("SELECT repeat('x', 1000), generate_series(1, 1000000)")
            }
            #expect(error == .resultTooLarge(limitBytes: 100_000))
            #expect(try await connection.single("SELECT 1 AS one").int("one") == 1)
        }
    }

    @Test("the COPY protocol is refused, not waited for")
    func copy() async throws {
        try await withConnection { connection async throws in
            let error = await failure { try await connection.executeScript("COPY (SELECT 1) TO STDOUT") }
            #expect(error == .invalidConfiguration(reason: "COPY is not supported on this connection"))
        }
    }

    @Test("session settings of the role do not change how values are read")
    func roleSettings() async throws {
        let parameters = try await TestCluster.running.emptyDatabase()
        let connection = try await PostgresConnection.connect(parameters)
        let database = try PostgresQuoting.identifier(parameters.database)
        for setting in ["DateStyle = 'German'", "TimeZone = 'Asia/Tokyo'", "bytea_output = 'escape'"] {
            try await connection.executeScript("ALTER DATABASE \(database) SET \(setting)")
        }
        await connection.close()
        let again = try await PostgresConnection.connect(parameters)
        let row = try await again.single("SELECT to_timestamp(0) AS epoch, '\\x0041'::bytea AS bytes")
        #expect(try row.timestamp("epoch") == PostgresTimestamp(microsecondsSinceEpoch: 0))
        #expect(try row.bytes("bytes") == [0, 0x41])
        await again.close()
    }

    @Test("times before and after the epoch agree with the server", arguments: 0..<20)
    func timestamps(seed: Int) async throws {
        try await withConnection { connection async throws in
            // From the year 1000 to 9000, spread by the seed.
            let microseconds = -30_610_224_000_000_000 + Int64(seed) * 12_611_456_123_456_789
            let time = PostgresTimestamp(microsecondsSinceEpoch: microseconds)
            let row = try await connection.single(
                "SELECT $1::timestamptz AS time, (extract(epoch from $1::timestamptz) * 1000000)::bigint AS number",
                [.timestamp(time)])
            #expect(try row.timestamp("time") == time)
            #expect(try row.int64("number") == microseconds)
        }
    }
}
