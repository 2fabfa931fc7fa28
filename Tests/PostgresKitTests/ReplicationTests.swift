import PostgresTestSupport
import Testing

@testable import PostgresKit

@Suite(
    "Replication", .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .logicalPostgresCluster, .serialized)
struct ReplicationTests {
    private static let schema = """
        CREATE TABLE notes (id int PRIMARY KEY, body text);
        CREATE PUBLICATION p FOR TABLE notes;
        """

    private func database(_ sql: String = schema) async throws -> PostgresConnectionParameters {
        let parameters = try await TestCluster.running.emptyDatabase()
        try await run(sql, parameters)
        return parameters
    }

    private func run(_ sql: String, _ parameters: PostgresConnectionParameters) async throws {
        let connection = try await PostgresConnection.connect(parameters)
        try await connection.executeScript(sql)
        await connection.close()
    }

    private func slots(_ parameters: PostgresConnectionParameters) async throws -> Int {
        let connection = try await PostgresConnection.connect(parameters)
        let count = try await connection.single("SELECT count(*) AS n FROM pg_replication_slots").int("n")
        await connection.close()
        return count
    }

    /// Messages until a number of commits.
    private func messages(
        _ replication: PostgresReplication, commits: Int
    ) async throws -> [LogicalMessage] {
        var messages: [LogicalMessage] = []
        var left = commits
        while left > 0 {
            for frame in try await replication.next(within: .seconds(10)) {
                guard case .data(_, _, let bytes) = frame else { continue }
                messages.append(try LogicalMessage(bytes))
                if case .commit? = messages.last { left -= 1 }
            }
        }
        return messages
    }

    @Test func changesArrive() async throws {
        let parameters = try await database()
        let replication = try await PostgresReplication.start(parameters, slot: "s1", publications: ["p"])
        #expect(try await slots(parameters) == 1)
        try await run("INSERT INTO notes VALUES (1, 'ö')", parameters)
        try await run("DELETE FROM notes", parameters)
        let all = try await messages(replication, commits: 2)
        let relation = all.compactMap { message -> LogicalRelation? in
            guard case .relation(let relation) = message else { return nil }
            return relation
        }.first
        #expect(relation?.name == "notes")
        let id = try #require(relation?.id)
        #expect(all.contains(.insert(relation: id, new: [.text("1"), .text("ö")])))
        #expect(all.contains(.delete(relation: id, old: .key([.text("1"), .null]))))
        await replication.close()
        try await Self.eventuallyNone { try await slots(parameters) }
    }

    static func eventuallyNone(_ count: () async throws -> Int) async throws {
        #expect(try await eventually { try await count() == 0 })
    }

    @Test func silenceIsEmpty() async throws {
        let parameters = try await database()
        let replication = try await PostgresReplication.start(parameters, slot: "s2", publications: ["p"])
        var frames = try await replication.next(within: .seconds(10))
        while !frames.isEmpty { frames = try await replication.next(within: .milliseconds(300)) }
        await replication.close()
    }

    @Test func aConfirmedPositionMovesTheSlot() async throws {
        let parameters = try await database()
        let replication = try await PostgresReplication.start(parameters, slot: "s3", publications: ["p"])
        try await run("INSERT INTO notes VALUES (1, 'x')", parameters)
        let all = try await messages(replication, commits: 1)
        guard case .commit(_, let end, _)? = all.last else {
            Issue.record("the transaction does not end")
            return
        }
        try await replication.confirm(end, microsecondsSinceEpoch: 946_684_800_000_000)
        let connection = try await PostgresConnection.connect(parameters)
        #expect(
            try await eventually {
                try await connection.first(
                    "SELECT 1 AS one FROM pg_replication_slots WHERE confirmed_flush_lsn = $1::text::pg_lsn",
                    [.text(end.description)]) != nil
            })
        await connection.close()
        await replication.close()
    }

    @Test func whatCannotStartSaysWhy() async throws {
        let parameters = try await database()
        let first = try await PostgresReplication.start(parameters, slot: "s4", publications: ["p"])
        let why = await failure {
            _ = try await PostgresReplication.start(parameters, slot: "s4", publications: ["p"])
        }
        #expect(why?.sqlState == "42710")
        await first.close()
    }

    @Test func anOpenTransactionEndsTheWait() async throws {
        let parameters = try await database()
        let writer = try await PostgresConnection.connect(parameters)
        try await writer.executeScript("BEGIN; INSERT INTO notes VALUES (1, 'open')")
        var limits = PostgresReplication.Limits()
        limits.slotDeadline = .milliseconds(500)
        let why = await failure {
            _ = try await PostgresReplication.start(parameters, slot: "s5", publications: ["p"], limits: limits)
        }
        #expect(why == .deadlineExceeded)
        await writer.close()
    }

    @Test func aMissingPublicationEndsItAtTheFirstChange() async throws {
        let parameters = try await database()
        let replication = try await PostgresReplication.start(parameters, slot: "s6", publications: ["none"])
        try await run("INSERT INTO notes VALUES (1, 'x')", parameters)
        let why = await failure { _ = try await messages(replication, commits: 1) }
        #expect(why?.sqlState == "42704")
        await replication.close()
    }

    /// What is not read stays with the server: memory here does not grow with a transaction.
    @Test func aLargeTransactionComesInBatches() async throws {
        let parameters = try await database()
        var limits = PostgresReplication.Limits()
        limits.batchBytesMax = 64 << 10
        let replication = try await PostgresReplication.start(
            parameters, slot: "s7", publications: ["p"], limits: limits)
        try await run("INSERT INTO notes SELECT n, repeat('x', 1000) FROM generate_series(1, 5000) n", parameters)
        var rows = 0
        var isOver = false
        while !isOver {
            let frames = try await replication.next(within: .seconds(10))
            var bytes = 0
            for case .data(_, _, let data) in frames {
                bytes += data.count
                switch try LogicalMessage(data) {
                case .insert: rows += 1
                case .commit: isOver = true
                default: break
                }
            }
            #expect(bytes < 2 * limits.batchBytesMax)
        }
        #expect(rows == 5_000)
        await replication.close()
    }
}
