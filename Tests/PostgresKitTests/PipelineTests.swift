import Locks
import PostgresTestSupport
import Testing

@testable import PostgresKit

@Suite(
    "Pipelines", .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() }, .postgresCluster)
struct PipelineTests {
    /// How a connection's pipelines run.
    enum Way: CaseIterable {
        case libpq, direct
    }

    private func connection(
        _ way: Way = .libpq, limits: PostgresLimits = PostgresLimits()
    ) async throws -> PostgresConnection {
        let parameters = try await TestCluster.running.emptyDatabase()
        guard way == .direct else { return try await PostgresConnection.connect(parameters, limits: limits) }
        return try await .watched(parameters, limits: limits)
    }

    /// Counts the statements that the server holds under names, without adding one.
    private let count = PostgresStatement("SELECT count(*) FROM pg_prepared_statements", isPrepared: false)

    private func text(_ outcome: PostgresPipelineOutcome) -> [[String?]] {
        guard case .finished(let results) = outcome else { return [] }
        return results.map { result in
            result.rows.flatMap { row in row.map { $0.map { String(decoding: $0, as: UTF8.self) } } }
        }
    }

    @Test("each statement has its rows, nothing is prepared twice, and NULL stays NULL", arguments: Way.allCases)
    func results(way: Way) async throws {
        let connection = try await connection(way)
        for round in 0..<3 {
            let outcome = try await connection.pipeline([
                PostgresStatement("BEGIN"), PostgresStatement("SELECT $1::int + 1, $2::text", ["\(round)", nil]),
                PostgresStatement("SELECT $1::int + 1, $2::text", ["41", "x"]), PostgresStatement("SELECT WHERE false"),
                PostgresStatement("COMMIT"),
            ])
            #expect(text(outcome) == [[], ["\(round + 1)", nil], ["42", "x"], [], []])
        }
        #expect(
            try await connection.query(
                "SELECT count(*) AS n FROM pg_prepared_statements WHERE NOT from_sql", [], deadline: nil
            ).first?.int("n") == 5)
        await connection.close()
    }

    @Test(
        "a refused statement is named, those after it do not run, and the connection can be used again",
        arguments: Way.allCases)
    func refusal(way: Way) async throws {
        let connection = try await connection(way)
        try await connection.executeScript("CREATE TABLE t (n int)")
        let outcome = try await connection.pipeline([
            PostgresStatement("BEGIN"), PostgresStatement("INSERT INTO t VALUES (1)"),
            PostgresStatement("SELECT 1 / $1::int", ["0"]),
            PostgresStatement("INSERT INTO t VALUES (2)"), PostgresStatement("COMMIT"),
        ])
        guard case .refused(let number, let report) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(number == 2 && report.sqlState == "22012")
        try await connection.rollBackPipeline()
        let after = try await connection.pipeline([PostgresStatement("SELECT count(*) FROM t")])
        #expect(text(after) == [["0"]])
        await connection.close()
    }

    @Test(
        "a statement whose table has changed is forgotten, so that the next try prepares it again",
        arguments: Way.allCases)
    func stale(way: Way) async throws {
        let connection = try await connection(way)
        try await connection.executeScript("CREATE TABLE t (n int); INSERT INTO t VALUES (1)")
        let statements = [PostgresStatement("SELECT * FROM t")]
        #expect(text(try await connection.pipeline(statements)) == [["1"]])
        try await connection.executeScript("ALTER TABLE t ADD COLUMN m int")
        guard case .refused(_, let report) = try await connection.pipeline(statements) else {
            Issue.record("not refused")
            return
        }
        #expect(report.sqlState == "0A000")
        #expect(text(try await connection.pipeline(statements)) == [["1", nil]])
        await connection.close()
    }

    @Test(
        "a deadline cancels the statement under way and the connection is not used again by mistake",
        arguments: Way.allCases)
    func deadline(way: Way) async throws {
        let connection = try await connection(way)
        await #expect(throws: PostgresError.self) {
            try await connection.pipeline(
                [PostgresStatement("SELECT pg_sleep(60)"), PostgresStatement("SELECT 1")], deadline: .milliseconds(200))
        }
        await connection.close()
    }

    @Test("a result beyond the limit ends in an error, not in memory")
    func tooLarge() async throws {
        var limits = PostgresLimits()
        limits.maximumResultBytes = 1_000
        let connection = try await PostgresConnection.connect(
            try await TestCluster.running.emptyDatabase(), limits: limits)
        await #expect(throws: PostgresError.resultTooLarge(limitBytes: 1_000)) {
            try await connection.pipeline([PostgresStatement("SELECT repeat('x', 10000)")])
        }
        await connection.close()
    }

    @Test(
        "results have room together: what finds none is refused, and a result gives its own back",
        arguments: [true, false])
    func room(isInspected: Bool) async throws {
        let room = ResultRoom(bytesMax: 1_500_000)
        let limits = shortLimits {
            $0.maximumMessageBytes = isInspected ? 2_000_000 : nil
            $0.resultRoom = { room.share() }
        }
        let connection = try await connection(limits: limits)
        let large = [PostgresStatement("SELECT repeat('x', 1000000)")]
        var share = try await connection.sharedPipeline(large).share
        #expect(share != nil && room.left.withLock { $0 } < 500_001)
        let other = try await PostgresConnection.connect(
            try await TestCluster.running.emptyDatabase(), limits: limits)
        await #expect(throws: PostgresError.noRoomForResult) { try await other.pipeline(large) }
        #expect(text(try await connection.pipeline([PostgresStatement("SELECT 1")])) == [["1"]])
        share = nil
        #expect(try await eventually { room.left.withLock { $0 } == 1_500_000 })
        _ = try await connection.pipeline(large)
        #expect(try await connection.single("SELECT repeat('x', 1000000) AS v").string("v").utf8.count == 1_000_000)
        #expect(try await eventually { room.left.withLock { $0 } == 1_500_000 })
        await connection.close()
        await other.close()
    }

    @Test("however many texts there were, the server holds no more of them than the limit", arguments: Way.allCases)
    func bounded(way: Way) async throws {
        let connection = try await connection(way, limits: shortLimits { $0.maximumCachedStatements = 8 })
        for number in 0..<100 {
            let outcome = try await connection.pipeline([
                // Refused after anything in the same transaction that takes a snapshot.
                PostgresStatement("BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY"),
                PostgresStatement("SELECT $1::int AS c\(number)", ["\(number)"]), PostgresStatement("COMMIT"),
            ])
            #expect(text(outcome) == [[], ["\(number)"], []])
        }
        #expect(text(try await connection.pipeline([count])) == [["8"]])
        await connection.close()
    }

    @Test("a text beyond the limit runs without being kept", arguments: Way.allCases)
    func long(way: Way) async throws {
        let connection = try await connection(way, limits: shortLimits { $0.maximumPreparedBytes = 100 })
        let long = PostgresStatement("SELECT $1::int -- " + String(repeating: "x", count: 100), ["1"])
        for _ in 0..<3 { #expect(text(try await connection.pipeline([long, long])) == [["1"], ["1"]]) }
        #expect(text(try await connection.pipeline([count])) == [["0"]])
        await connection.close()
    }

    @Test("names that the server has lost already do not end a pipeline, and the others go all the same")
    func lostNames() async throws {
        let connection = try await connection(limits: shortLimits { $0.maximumCachedStatements = 1 })
        let texts = (0..<4).map { PostgresStatement("SELECT \($0)") }
        #expect(text(try await connection.pipeline(texts)).count == 4)
        // Three names are to be deallocated; the server holds the last two of them.
        try await connection.executeScript("DEALLOCATE s1")
        for _ in 0..<2 { #expect(text(try await connection.pipeline([count])).count == 1) }
        #expect(text(try await connection.pipeline([count])) == [["1"]])
        await connection.close()
    }

    @Test("inside a transaction nothing is deallocated: an error would abort it", arguments: Way.allCases)
    func openTransaction(way: Way) async throws {
        let connection = try await connection(way, limits: shortLimits { $0.maximumCachedStatements = 1 })
        let texts = (0..<4).map { PostgresStatement("SELECT \($0)") }
        _ = try await connection.pipeline([PostgresStatement("BEGIN")] + texts)
        try await connection.executeScript("DEALLOCATE ALL")
        #expect(text(try await connection.pipeline([count])) == [["0"]])
        #expect(text(try await connection.pipeline([PostgresStatement("COMMIT", isPrepared: false)])) == [[]])
        await connection.close()
    }

    @Test("a pipeline whose time is over before it is sent leaves the connection as it was", arguments: Way.allCases)
    func neverSent(way: Way) async throws {
        let connection = try await connection(way)
        await #expect(throws: PostgresError.deadlineExceeded) {
            try await connection.pipeline([PostgresStatement("SELECT 1")], deadline: .zero)
        }
        try await connection.executeScript("SELECT 1")
        #expect(text(try await connection.pipeline([PostgresStatement("SELECT 1")])) == [["1"]])
        await connection.close()
    }
}
