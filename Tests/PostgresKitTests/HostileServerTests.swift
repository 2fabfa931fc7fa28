import Testing

@testable import PostgresKit

/// A sink that notes how many columns each result has, and how many values each row.
private struct WidthSink: PostgresRowSink {
    var columns: [Int] = []
    var rows: [Int] = []
    private var values = 0

    mutating func begin(_ columns: [PostgresColumn]) { self.columns.append(columns.count) }
    mutating func null() { values += 1 }
    mutating func value(_ bytes: Span<UInt8>) { values += 1 }
    mutating func endRow() -> Bool {
        rows.append(values)
        values = 0
        return true
    }
    mutating func end(commandTag: String) {}
}

/// Pieces of answers, and answers that no PostgreSQL server gives.
private enum Answers {
    static let one = FakeServer.columns(["a"]) + FakeServer.row(["1"])
    static let two = FakeServer.columns(["a", "b"]) + FakeServer.row(["1", "2"])
    static let done = FakeServer.done("SELECT 1")
    static let failed = FakeServer.error(["S": "ERROR", "C": "22012", "M": "division by zero"])

    static let toSinks = [
        one + failed + two + done, one + failed + one, failed + two + done, one + done + failed + done,
    ]
    static let toQueries = [
        two + done + one + done, one + done + two + done, one + done + one + done, failed + one + done,
    ]
    static let toPipelines = [[], one + done, one + done + two + done + one + done]
}

@Suite("A server that lets clients in and then misbehaves")
struct HostileServerTests {
    /// Runs `body` with a connection to a server that answers what it sends with `answers`, one after the other.
    private func withServer<Value>(
        _ answers: [[UInt8]], isGuarded: Bool = true, cancelGrace: Duration = .seconds(2),
        _ body: (PostgresConnection) async throws -> Value
    ) async throws -> Value {
        let server = try FakeServer(says: FakeServer.greeting, answers: answers)
        var limits = PostgresLimits()
        limits.maximumMessageBytes = isGuarded ? 32 << 20 : nil
        limits.maximumPreparedBytes = 0
        limits.statementDeadline = .seconds(20)
        limits.cancelGrace = cancelGrace
        let connection = try await PostgresConnection.connect(
            PostgresConnectionParameters(
                host: "127.0.0.1", port: server.port, user: "a", database: "a", options: ["sslmode": "disable"]),
            limits: limits)
        let result: Result<Value, any Error>
        do { result = .success(try await body(connection)) } catch { result = .failure(error) }
        await connection.close()
        return try result.get()
    }

    private func isViolation(_ error: PostgresError?) -> Bool {
        if case .protocolViolation = error { true } else { false }
    }

    // MARK: Results

    @Test(
        "rows of another width, and results after an error, end the connection instead of reaching the sink",
        arguments: Answers.toSinks)
    func sink(answer: [UInt8]) async throws {
        for kind in [PostgresExchangeKind.script, .single([])] {
            try await withServer([answer + FakeServer.ready]) { connection async throws in
                let error = await failure { _ = try await connection.run("x", kind, into: WidthSink()) }
                #expect(isViolation(error), "\(String(describing: error))")
                #expect(isViolation(await failure { try await connection.ping() }))
            }
        }
    }

    @Test("a script has several results, of any width")
    func script() async throws {
        let answer =
            Answers.one + Answers.done + Answers.two + Answers.done + FakeServer.done("CREATE TABLE") + FakeServer.ready
        try await withServer([answer, answer]) { connection async throws in
            guard case .finished(let sink) = try await connection.run("x", .script, into: WidthSink()) else {
                Issue.record("refused")
                return
            }
            #expect(sink.columns == [1, 2] && sink.rows == [1, 2])
            try await connection.executeScript("x")
        }
    }

    @Test(
        "a second result, or one after an error, is no answer to a statement",
        arguments: Answers.toQueries)
    func query(answer: [UInt8]) async throws {
        try await withServer([answer + FakeServer.ready]) { connection async throws in
            #expect(isViolation(await failure { _ = try await connection.query("x").map { try $0.string("a") } }))
        }
    }

    @Test(
        "a pipeline that ends too early, or has results too many, is no answer",
        arguments: Answers.toPipelines)
    func pipeline(answer: [UInt8]) async throws {
        let statements = [PostgresStatement("x"), PostgresStatement("y")]
        try await withServer([answer + FakeServer.ready]) { connection async throws in
            let error = await failure { _ = try await connection.pipeline(statements) }
            #expect(error != nil)
            #expect(await failure { try await connection.ping() } != nil)
        }
        try await withServer([Answers.one + Answers.done + Answers.two + Answers.done + FakeServer.ready]) {
            connection async throws in
            guard case .finished(let results) = try await connection.pipeline(statements) else {
                Issue.record("refused")
                return
            }
            #expect(results.map(\.types.count) == [1, 2])
        }
    }

    // MARK: Reports

    @Test("every text of a report is bounded", arguments: [true, false])
    func reports(isGuarded: Bool) async throws {
        let long = String(repeating: "é", count: 100_000)
        let report = FakeServer.error(["S": long, "C": "22012", "M": long, "D": long, "H": long, "W": long])
        try await withServer([report + FakeServer.ready, report + FakeServer.ready], isGuarded: isGuarded) {
            connection async throws in
            guard case .refused(let report) = try await connection.run("x", .script, into: WidthSink()) else {
                Issue.record("not refused")
                return
            }
            for letter in "SMDHW".unicodeScalars {
                let text = try #require(report[letter])
                #expect(text.utf8.count <= PostgresProtocolLimit.reportTextBytes + 3 && text.hasSuffix("é…"))
            }
            guard case .server(let error) = await failure({ try await connection.query("x") }) else {
                Issue.record("no report")
                return
            }
            #expect(error.description.utf8.count < 1_000)
        }
    }

    @Test("a report of megabytes is not received")
    func hugeReport() async throws {
        let huge = FakeServer.error(["C": "22012", "M": String(repeating: "x", count: 31 << 20)])
        try await withServer([huge + FakeServer.ready]) { connection async throws in
            let error = await failure { _ = try await connection.run("x", .script, into: WidthSink()) }
            #expect(
                error
                    == .protocolViolation(
                        reason: "it sent more than \(PostgresProtocolLimit.otherMessageBytes) bytes that are not rows"))
        }
    }

    // MARK: Time

    @Test("a server that leaves requests to cancel open does not keep their threads")
    func cancellation() async throws {
        try await withServer([], cancelGrace: .milliseconds(100)) { connection async throws in
            let error = await failure { _ = try await connection.query("x", [], deadline: .milliseconds(50)) }
            #expect(error == .deadlineExceeded)
            #expect(try await eventually { CancelRequest.concurrent == 0 })
        }
    }

    @Test("a server that does not answer is named")
    func address() async throws {
        let server = try FakeServer(says: [])
        var limits = PostgresLimits()
        limits.connectDeadline = .milliseconds(100)
        let own = limits
        let parameters = PostgresConnectionParameters(
            host: "127.0.0.1", port: server.port, user: "a", database: "a", password: "very-secret-word")
        let error = try #require(
            await failure { _ = try await PostgresConnection.connect(parameters, limits: own) })
        #expect(error == .connectDeadlineExceeded(address: "127.0.0.1:\(server.port)"))
        #expect(error.description.contains("127.0.0.1:\(server.port)") && !error.description.contains("very-secret"))
    }

    // MARK: Notifications

    @Test("notifications larger than PostgreSQL's are dropped, and the gap is reported")
    func hugeNotification() async throws {
        let huge = FakeServer.notification("c", String(repeating: "x", count: 500_000))
        let answer = FakeServer.done("LISTEN") + FakeServer.ready + huge + FakeServer.notification("c", "small")
        try await withServer([answer]) { connection async throws in
            try await connection.executeScript("LISTEN c")
            guard case .overflow = try await connection.nextNotification(within: .seconds(10)),
                case .notification(let next) = try await connection.nextNotification(within: .seconds(10))
            else {
                Issue.record("no gap")
                return
            }
            #expect(next == PostgresNotification(channel: "c", payload: "small"))
        }
    }
}
