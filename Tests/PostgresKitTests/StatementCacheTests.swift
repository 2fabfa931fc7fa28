import PostgresTestSupport
import Testing

@testable import PostgresKit

@Suite("Statement cache")
struct StatementCacheTests {
    @Test("the least recently used statement becomes garbage")
    func leastRecentlyUsed() {
        var cache = StatementCache(capacity: 2)
        let first = cache.newName()
        cache.insert("A", name: first)
        let second = cache.newName()
        cache.insert("B", name: second)
        #expect(cache.name(of: "A") == first)
        cache.insert("C", name: cache.newName())
        #expect(cache.garbage == [second])
        #expect(cache.name(of: "B") == nil)
        #expect(cache.name(of: "A") == first)
        cache.deallocated(second)
        #expect(cache.garbage.isEmpty)
        #expect(cache.count == 2)
    }

    @Test("what the server has let go of leaves the garbage from its front")
    func deallocated() {
        var cache = StatementCache(capacity: 1)
        for sql in ["A", "B", "C", "D"] { cache.insert(sql, name: "name of \(sql)") }
        cache.deallocated(first: 2)
        #expect(cache.garbage == ["name of C"])
        cache.deallocated(first: 5)
        #expect(cache.garbage.isEmpty && cache.count == 1)
    }
}

@Suite(
    "Prepared statements on a real server",
    .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() }, .postgresCluster)
struct PreparedStatementTests {
    @Test("the server never holds more prepared statements than the limit and one")
    func bounded() async throws {
        try await withConnection(limits: shortLimits { $0.maximumCachedStatements = 3 }) { connection async throws in
            for number in 0..<10 {
                #expect(try await connection.single("SELECT \(number) AS n").int("n") == number)
            }
            let row = try await connection.single("SELECT count(*) AS n FROM pg_prepared_statements")
            #expect(try row.int("n") <= 4)
        }
    }

    @Test("a text beyond the limit runs without being kept")
    func long() async throws {
        try await withConnection(limits: shortLimits { $0.maximumPreparedBytes = 150 }) { connection async throws in
            let long = "SELECT $1::int AS n -- " + String(repeating: "x", count: 150)
            for number in 0..<3 { #expect(try await connection.single(long, [.int(number)]).int("n") == number) }
            let row = try await connection.single("SELECT count(*) AS n FROM pg_prepared_statements")
            #expect(try row.int("n") == 1)
        }
    }

    @Test("a repeated statement is prepared once")
    func reused() async throws {
        try await withConnection { connection async throws in
            for number in 0..<5 {
                #expect(try await connection.single("SELECT $1::int AS n", [.int(number)]).int("n") == number)
            }
            let row = try await connection.single(
                "SELECT count(*) AS n FROM pg_prepared_statements WHERE statement = 'SELECT $1::int AS n'")
            #expect(try row.int("n") == 1)
        }
    }

    @Test("a statement survives a change of its table and the loss of all prepared statements")
    func stale() async throws {
        try await withConnection { connection async throws in
            try await connection.executeScript("CREATE TABLE item (n int); INSERT INTO item VALUES (1)")
            #expect(try await connection.single("SELECT * FROM item").columnNames == ["n"])
            try await connection.executeScript("ALTER TABLE item ADD COLUMN name text")
            #expect(try await connection.single("SELECT * FROM item").columnNames == ["n", "name"])
            try await connection.executeScript("DISCARD ALL")
            #expect(try await connection.single("SELECT * FROM item").columnNames == ["n", "name"])
        }
    }
}

extension PostgresRow {
    fileprivate var columnNames: [String] { columns.names }
}
