import PostgresKit
import PostgresTestSupport
import Testing

@Suite(
    "Copying in", .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .postgresCluster)
struct CopyInTests {
    private func count(_ connection: PostgresConnection) async throws -> Int {
        try await connection.single("SELECT count(*)::int AS n FROM item").int("n")
    }

    @Test("rows arrive, cut anywhere, and are counted")
    func rows() async throws {
        try await withConnection { connection in
            try await connection.executeScript("CREATE TABLE item (id int, body text)")
            try await connection.beginCopyIn("COPY item FROM STDIN")
            for piece in ["1\ta", "b\n2", "\tc\n"] { try await connection.copyIn(Array(piece.utf8)) }
            let rows = try await connection.endCopyIn()
            let found = try await count(connection)
            #expect(rows == 2 && found == 2)
        }
    }

    @Test(
        "a text with a second statement is refused, and ends no transaction",
        arguments: [
            "COPY item FROM STDIN; COMMIT", "COPY item FROM STDIN --\r; COMMIT\n", "SELECT 1; COPY item FROM STDIN",
        ])
    func twoStatements(sql: String) async throws {
        try await withConnection { connection in
            try await connection.executeScript("CREATE TABLE item (id int)")
            try await connection.executeScript("BEGIN; INSERT INTO item VALUES (1)")
            let error = await failure { try await connection.beginCopyIn(sql) }
            #expect(error?.sqlState == "42601")
            let end = await failure { try await connection.commitTransaction() }
            #expect(end == .transactionAborted)
            let left = try await count(connection)
            #expect(left == 0)
        }
    }

    @Test("what is no COPY is refused", arguments: ["", "SELECT 1", "CREATE TABLE other ()"])
    func noCopy(sql: String) async throws {
        try await withConnection { connection in
            guard case .invalidConfiguration? = await failure({ try await connection.beginCopyIn(sql) }) else {
                Issue.record("begun with \(sql)")
                return
            }
            try await connection.ping()
        }
    }

    @Test("rows that are refused leave the transaction failed, and its commit says so")
    func refusedRows() async throws {
        try await withConnection { connection in
            try await connection.executeScript("CREATE TABLE item (id int)")
            try await connection.executeScript("BEGIN")
            try await connection.beginCopyIn("COPY item FROM STDIN")
            try await connection.copyIn(Array("x\n".utf8))
            let error = await failure { _ = try await connection.endCopyIn() }
            #expect(error?.sqlState == "22P02")
            let end = await failure { try await connection.commitTransaction() }
            #expect(end == .transactionAborted)
        }
    }

    @Test("a commit needs a transaction, and ends it")
    func commits() async throws {
        try await withConnection { connection in
            let without = await failure { try await connection.commitTransaction() }
            #expect(without == .transactionAborted)
            try await connection.executeScript("BEGIN; CREATE TABLE item (id int)")
            try await connection.commitTransaction()
            let again = await failure { try await connection.commitTransaction() }
            let found = try await count(connection)
            #expect(again == .transactionAborted && found == 0)
        }
    }

    @Test("an error after the end of the rows is not passed over; nor does a second COPY wait without end")
    func hostileServer() async throws {
        let start = FakeServer.message("G", [0, 0, 0])
        let refused = FakeServer.error(["S": "ERROR", "C": "25P02", "M": "no"])
        for (rest, state) in [(refused, "25P02"), (start, nil)] {
            let server = try FakeServer(
                says: FakeServer.greeting, answers: [start, FakeServer.done("COPY 1") + rest + FakeServer.ready])
            let connection = try await PostgresConnection.connect(
                PostgresConnectionParameters(
                    host: "127.0.0.1", port: server.port, user: "a", database: "a", options: ["sslmode": "disable"]))
            try await connection.beginCopyIn("COPY item FROM STDIN", deadline: .seconds(20))
            let error = await failure { _ = try await connection.endCopyIn(deadline: .seconds(20)) }
            #expect(error != nil && error?.sqlState == state)
            await connection.close()
        }
    }
}
