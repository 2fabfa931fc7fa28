import Locks
import PostgresTestSupport
import Testing

@testable import PostgresKit

@Suite(
    "Pipelines without libpq", .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .postgresCluster)
struct DirectLineTests {
    private func text(_ outcome: PostgresPipelineOutcome) -> [[String?]] {
        guard case .finished(let results) = outcome else { return [] }
        return results.map { result in
            result.rows.flatMap { row in row.map { $0.map { String(decoding: $0, as: UTF8.self) } } }
        }
    }

    @Test("pipelines and other calls on one connection at once have their own answers each")
    func turns() async throws {
        let connection = try await PostgresConnection.watched(try await TestCluster.running.emptyDatabase())
        #expect(connection.line.withLock { $0 } != nil)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<100 {
                group.addTask {
                    if number.isMultiple(of: 3) {
                        return try await connection.single("SELECT \(number) AS n").int("n") == number
                    }
                    let statement = PostgresStatement("SELECT $1::int", ["\(number)"])
                    return text(try await connection.pipeline([statement])) == [["\(number)"]]
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
        await connection.close()
        await #expect(throws: PostgresError.closed) { try await connection.pipeline([PostgresStatement("SELECT 1")]) }
    }

    @Test("the same values, types, tags and reports as by libpq")
    func likeLibpq() async throws {
        let parameters = try await TestCluster.running.emptyDatabase()
        let one = try await PostgresConnection.connect(parameters)
        let other = try await PostgresConnection.watched(parameters)
        let long = String(repeating: "é", count: 40_000)
        let pipelines: [[PostgresStatement]] = [
            [PostgresStatement("CREATE TEMPORARY TABLE t (n int, b bytea, t text)", isPrepared: false)],
            [
                PostgresStatement("INSERT INTO t SELECT g, '\\x00ff', $1 FROM generate_series(1, 300) g", [long]),
                PostgresStatement("SELECT n, b, t, NULL, '' FROM t ORDER BY n LIMIT 20"), PostgresStatement(""),
            ],
            [PostgresStatement("SELECT t, t, t FROM t LIMIT 4"), PostgresStatement("SELECT 'ä' AS \"a b\"")],
            [PostgresStatement("SELECT 1; SELECT 2")], [PostgresStatement("SELECT $1::int", ["x"])],
            [PostgresStatement("DO $$ BEGIN RAISE NOTICE 'x'; RAISE 'y' USING hint = 'h', detail = 'd'; END $$")],
            [
                PostgresStatement("SELECT set_config('TimeZone', 'Asia/Tokyo', false)"),
                PostgresStatement("TABLE t LIMIT 0"),
            ],
        ]
        for pipeline in pipelines {
            for _ in 0..<2 {
                let (first, second) = (try await one.pipeline(pipeline), try await other.pipeline(pipeline))
                #expect(first == second)
            }
        }
        await one.close()
        await other.close()
    }

    @Test("cancelling the task cancels the statement on the server, and the connection is not used again")
    func cancellation() async throws {
        let watcher = try await PostgresConnection.connect(try TestCluster.running.parameters)
        let connection = try await PostgresConnection.watched(
            try await TestCluster.running.emptyDatabase(), limits: shortLimits())
        let backend = try await connection.backendID()
        let error = try await withThrowingTaskGroup(of: PostgresError?.self) { group in
            group.addTask {
                await failure { _ = try await connection.pipeline([PostgresStatement("SELECT pg_sleep(99)")]) }
            }
            #expect(try await eventually { try await watcher.isActive(backend) })
            group.cancelAll()
            return try await group.next() ?? nil
        }
        #expect(error == .cancelled && !connection.isReusable)
        #expect(try await eventually { try await !watcher.isActive(backend) })
        await connection.close()
        await watcher.close()
    }

    @Test("a task that is cancelled already sends nothing, and the connection stays good")
    func cancelledBefore() async throws {
        let connection = try await PostgresConnection.watched(try await TestCluster.running.emptyDatabase())
        let error = await withTaskGroup(of: PostgresError?.self) { group in
            group.cancelAll()
            group.addTask { await failure { _ = try await connection.pipeline([PostgresStatement("SELECT 1")]) } }
            return await group.next() ?? nil
        }
        #expect(error == .cancelled && connection.isReusable)
        #expect(text(try await connection.pipeline([PostgresStatement("SELECT 1")])) == [["1"]])
        await connection.close()
    }

    @Test("a connection that the server has ended meanwhile is known to be of no use, and says why")
    func terminated() async throws {
        let watcher = try await PostgresConnection.connect(try TestCluster.running.parameters)
        let connection = try await PostgresConnection.watched(try await TestCluster.running.emptyDatabase())
        let backend = try await connection.backendID()
        #expect(connection.isReusable)
        _ = try await watcher.query("SELECT pg_terminate_backend($1::int)", [.int(backend)])
        #expect(try await eventually { !connection.isReusable })
        let error = await failure { _ = try await connection.pipeline([PostgresStatement("SELECT 1")]) }
        #expect(error == .connectionLost(reason: "terminating connection due to administrator command"))
        await connection.close()
        await watcher.close()
    }

    @Test("a refused pipeline leaves its transaction open until it is rolled back")
    func rollback() async throws {
        let connection = try await PostgresConnection.watched(try await TestCluster.running.emptyDatabase())
        _ = try await connection.pipeline([PostgresStatement("BEGIN"), PostgresStatement("SELECT 1 / 0")])
        #expect(!connection.isReusable)
        try await connection.rollBackPipeline()
        #expect(connection.isReusable)
        await connection.close()
    }

    @Test("a pipeline that is too large for one write goes by libpq")
    func large() async throws {
        let connection = try await PostgresConnection.watched(try await TestCluster.running.emptyDatabase())
        let large = String(repeating: "x", count: 3 << 20)
        let statement = PostgresStatement("SELECT length($1)", [large])
        #expect(text(try await connection.pipeline([statement])) == [["\(3 << 20)"]])
        #expect(text(try await connection.pipeline([PostgresStatement("SELECT 1")])) == [["1"]])
        await connection.close()
    }
}

@Suite("The end of a pipeline")
struct DirectLineEndTests {
    /// Receives its answer when something is sent, in two pieces.
    private final class ScriptedWatch: PostgresSocketWatch {
        let line: DirectLine
        let pieces: [ArraySlice<UInt8>]
        let isClosed = Lock(false)

        init(line: DirectLine, pieces: [ArraySlice<UInt8>]) { (self.line, self.pieces) = (line, pieces) }

        var isHere: Bool { true }

        func send(_ bytes: [UInt8]) {
            for piece in pieces where !isClosed.withLock({ $0 }) {
                piece.withUnsafeBytes { line.receive(RawSpan(_unsafeBytes: $0)) }
            }
        }

        func pause() async {}
        func resume() async {}
        func after(_ delay: Duration, _ work: @escaping @Sendable () -> Void) {}
        func close() { isClosed.withLock { $0 = true } }
    }

    private static let whole =
        FakeServer.message("1", []) + FakeServer.message("2", []) + FakeServer.message("n", [])
        + FakeServer.done("INSERT 0 1") + FakeServer.ready
    private static let goodbye = FakeServer.error(["S": "FATAL", "C": "57P01", "M": "terminating connection"])

    private func line() throws -> DirectLine {
        DirectLine(
            limits: PostgresLimits(), cancelPacket: CancelPacket(serverAddress: [], key: []), wakeup: try Wakeup(),
            note: { _ in })
    }

    @Test(
        "what was committed is not refused by what the server says behind the end",
        arguments: [
            goodbye, FakeServer.done("INSERT 0 1"), FakeServer.row(["a"]), FakeServer.columns(["a"]), FakeServer.ready,
            FakeServer.message("R", [0, 0, 0, 0]), [68, 0, 0, 0, 3],
        ])
    func lastWords(behind: [UInt8]) async throws {
        let bytes = Self.whole + behind
        let expected = PostgresPipelineResult(rows: [], types: [], commandTag: "INSERT 0 1")
        for cut in 0...bytes.count {
            let line = try line()
            let watch = ScriptedWatch(line: line, pieces: [bytes[..<cut], bytes[cut...]])
            line.begin(on: watch)
            let statement = PostgresStatement("INSERT INTO t VALUES (1)")
            let answer = try await line.run([statement], byteCount: 100, within: .seconds(10), isShielded: false)
            #expect(answer.0 == .finished([expected]), "\(cut)")
            // Words alone end nothing: the server closes the socket next.
            #expect(
                line.isSound == (behind == Self.goodbye) && watch.isClosed.withLock { $0 } != line.isSound, "\(cut)")
            line.end()
            let error = await failure {
                _ = try await line.run([statement], byteCount: 100, within: .seconds(10), isShielded: false)
            }
            #expect(behind != Self.goodbye || error == .connectionLost(reason: "terminating connection"), "\(cut)")
            #expect(error != nil)
        }
    }

    @Test("a socket that has ended before it is watched is closed")
    func endedBefore() throws {
        let line = try line()
        line.end()
        let watch = ScriptedWatch(line: line, pieces: [])
        line.begin(on: watch)
        #expect(watch.isClosed.withLock { $0 } && !line.isSound)
    }
}

@Suite("What a server answers to a pipeline")
struct DirectReaderTests {
    private static let parsed = FakeServer.message("1", [])
    private static let bound = FakeServer.message("2", [])
    private static let done = FakeServer.done("SELECT 1")
    private static let row = FakeServer.row(["value"])
    private static let columns = FakeServer.columns(["a"])
    private static let failed = FakeServer.error(["S": "ERROR", "C": "22012", "M": "division by zero"])
    private static let whole =
        parsed + bound + columns + row + row + done + FakeServer.message("N", [0]) + bound + row + done
        + FakeServer.ready

    private func reader(limitBytes: Int = 1 << 20, room: PostgresResultRoom? = nil) -> DirectReader {
        var reader = DirectReader(limitBytes: limitBytes, room: room)
        // The second statement is known.
        reader.begin(types: [nil, [25]])
        return reader
    }

    @Test("whatever the pieces are, the answer is the same")
    func pieces() {
        for size in 1...Self.whole.count {
            var reader = reader()
            for start in stride(from: 0, to: Self.whole.count, by: size) {
                #expect(reader.status == nil)
                Self.whole[start..<min(start + size, Self.whole.count)].withUnsafeBytes { _ = reader.take($0) }
            }
            let value = Array("value".utf8)
            let expected = [
                PostgresPipelineResult(rows: [[value], [value]], types: [25], commandTag: "SELECT 1"),
                PostgresPipelineResult(rows: [[value]], types: [25], commandTag: "SELECT 1"),
            ]
            let answer = reader.end()
            #expect(reader.failure == nil && reader.status == .idle && answer?.parses == 1)
            #expect(answer?.outcome == .finished(expected) && reader.isBetweenMessages, "\(size)")
        }
    }

    @Test(
        "what is no answer to the pipeline ends the connection",
        arguments: [
            // Results that nothing waits for, or too few of them.
            parsed + bound + columns + row + done + bound + row + done + done + FakeServer.ready,
            parsed + bound + columns + row + done + FakeServer.ready, FakeServer.ready,
            failed + bound + row + done + FakeServer.ready,
            // Rows of no, and of another width.
            parsed + bound + row + done, parsed + bound + columns + FakeServer.row(["a", "b"]),
            // Messages that are none.
            FakeServer.message("D", [0]), FakeServer.message("D", [0, 1, 0, 0, 0, 9, 1]),
            FakeServer.message("D", [0, 1, 0, 0, 0, 1, 1, 1]), FakeServer.message("T", [0, 1, 0]), [68, 0, 0, 0, 3],
            FakeServer.message("R", [0, 0, 0, 0]), FakeServer.message("G", [0, 0, 0]),
            // Too much.
            FakeServer.message("D", [UInt8](repeating: 0, count: (1 << 20) + 1)),
            FakeServer.message("N", [UInt8](repeating: 0, count: PostgresProtocolLimit.otherMessageBytes + 1)),
        ])
    func violation(answer: [UInt8]) {
        for size in [1, 7, answer.count] {
            var reader = reader()
            for start in stride(from: 0, to: answer.count, by: size) {
                answer[start..<min(start + size, answer.count)].withUnsafeBytes { _ = reader.take($0) }
            }
            #expect(reader.end() == nil || reader.failure != nil, "\(size)")
            #expect(reader.failure != nil, "\(size)")
        }
    }

    @Test("a statement that is refused is named by its place, with what was prepared before")
    func refusal() {
        var reader = reader()
        let answer = Self.parsed + Self.bound + Self.columns + Self.done + Self.failed + FakeServer.message("Z", [69])
        answer.withUnsafeBytes { _ = reader.take($0) }
        #expect(reader.status == .inTransaction)
        let outcome = reader.end()
        guard case .refused(1, let report)? = outcome?.outcome else {
            Issue.record("\(String(describing: outcome))")
            return
        }
        #expect(report.sqlState == "22012" && outcome?.parses == 1 && outcome?.types.first == [25])
    }

    @Test("rows that find no room are not taken in")
    func room() {
        let room = ResultRoom(bytesMax: 10)
        var reader = reader(room: { room.share() })
        (Self.parsed + Self.bound + Self.columns + Self.row).withUnsafeBytes { _ = reader.take($0) }
        #expect(reader.failure == .noRoomForResult)
    }
}
