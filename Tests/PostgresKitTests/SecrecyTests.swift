import PostgresTestSupport
import Testing

@testable import PostgresKit

/// Every way to print a value that a log line might use.
private func renderings(_ value: Any) -> String {
    var dumped = ""
    dump(value, to: &dumped)
    return "\(value) \(String(reflecting: value)) \([value]) \(dumped)"
}

@Suite("Nothing secret is printed")
struct SecrecyTests {
    private let secret = "hunter2-Xyzzy"

    @Test("connection parameters never print the password")
    func parameters() throws {
        let parameters = try PostgresConnectionParameters(url: "postgresql://me:\(secret)@db.example:6543/app")
        #expect(parameters.password == secret)
        #expect(parameters.port == 6_543)
        #expect(!renderings(parameters).contains(secret))
    }

    @Test(
        "a URL that cannot be read is refused without repeating any of it",
        arguments: [
            "postgresql://me:hunter2-Xyzzy/4f4@db/app", "postgresql://me:hunter2-Xyzzy@db:port/app",
            "postgresql://me:%zzhunter2-Xyzzy@db/app", "password=hunter2-Xyzzy user", "host=db password='hunter2-Xyzzy",
            "postgresql://:hunter2-Xyzzy@db/app", "postgresql://me:hunter2-Xyzzy@db:70000/app",
        ])
    func badURL(url: String) throws {
        do throws(PostgresError) {
            let parameters = try PostgresConnectionParameters(url: url)
            Issue.record("accepted as \(parameters)")
        } catch {
            #expect(!renderings(error).contains("hunter2"))
        }
    }

    @Test("parameters and rows never print their values")
    func values() {
        for parameter: PostgresParameter in [.text(secret), .textArray([secret]), .bytes(Array(secret.utf8))] {
            #expect(!renderings(parameter).contains(secret))
        }
        let columns = PostgresColumns(names: ["password"], types: [PostgresTypeID(number: 25)])
        let rows = PostgresRows(columns: columns, cells: [secret], rowCount: 1, commandTag: "SELECT 1")
        #expect(!renderings(rows).contains(secret))
        #expect(!renderings(rows[0]).contains(secret))
        #expect(renderings(rows[0]).contains("password"))
    }
}

@Suite(
    "Server errors on a real server",
    .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .postgresCluster)
struct ServerErrorTests {
    /// Statements that make PostgreSQL quote its input in the message, the detail or both.
    @Test(
        "no error repeats the value of a parameter, yet each says what is wrong",
        arguments: [
            ("SELECT $1::text::int", "22P02"), ("SELECT $1::text::jsonb", "22P02"),
            ("SELECT $1::text::timestamptz", "22007"), ("INSERT INTO account VALUES ($1, 1)", "23505"),
            ("INSERT INTO account VALUES ($1, NULL)", "23502"), ("INSERT INTO account VALUES ($1 || 'x', -1)", "23514"),
            ("INSERT INTO entry VALUES ($1 || 'y')", "23503"), ("SELECT $1::text::uuid", "22P02"),
            ("SELECT raise($1)", "P0001"), ("SELECT set_config($1, 'x', false)", "42704"),
        ])
    func redaction(sql: String, sqlState: String) async throws {
        let secret = "hunter2\"quoted' Xyzzy"
        try await withConnection { connection async throws in
            try await connection.executeScript(
                """
                CREATE TABLE account (name text PRIMARY KEY, n int NOT NULL CHECK (n > 0));
                CREATE TABLE entry (name text REFERENCES account);
                CREATE FUNCTION raise(t text) RETURNS void LANGUAGE plpgsql AS
                $$ BEGIN RAISE EXCEPTION 'no %', t USING DETAIL = t; END $$;
                """)
            try await connection.execute("INSERT INTO account VALUES ($1, 1)", [.text(secret)])
            let error = try #require(await failure { try await connection.query(sql, [.text(secret)]) })
            let text = renderings(error)
            #expect(!text.contains("hunter2") && !text.contains("Xyzzy"), "\(text)")
            #expect(error.sqlState == sqlState, "\(text)")
        }
    }

    @Test("constraint, table and column of a refusal can be read")
    func fields() async throws {
        try await withConnection { connection async throws in
            try await connection.executeScript(
                "CREATE TABLE lease (port int CONSTRAINT one_port UNIQUE, owner text NOT NULL)")
            try await connection.execute("INSERT INTO lease VALUES (1, 'a')")
            let twice = await failure { try await connection.execute("INSERT INTO lease VALUES (1, 'b')") }
            #expect(twice?.isUniqueViolation == true)
            #expect(twice?.constraint == "one_port")
            let null = await failure { try await connection.execute("INSERT INTO lease VALUES (2, NULL)") }
            guard case .server(let error) = null else {
                Issue.record("\(String(describing: null))")
                return
            }
            #expect(error.table == "lease" && error.column == "owner" && error.schema == "public")
        }
    }
}
