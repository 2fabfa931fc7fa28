import NIOCore
import NIOPosix
import Reconciler
import Testing

@testable import NetworkProbes

private let notPostgres = ProbeResult.notReady("its answer is not PostgreSQL's")

@Suite struct PostgresProbeTests {
    static let answers: [([UInt8], ProbeResult)] = [
        (PostgresMessages.authenticationRequest, .ready),
        (PostgresMessages.authenticationOk, .ready),
        (PostgresMessages.notice + PostgresMessages.authenticationRequest, .ready),
        (PostgresMessages.versionOffer + PostgresMessages.authenticationOk, .ready),
        (PostgresMessages.error("28P01", "password authentication failed for user \"a\""), .ready),
        (PostgresMessages.error("28000", "no pg_hba.conf entry for host"), .ready),
        (PostgresMessages.error("3D000", "database \"b\" does not exist"), .ready),
        (
            PostgresMessages.error("57P03", "the database system is starting up"),
            .notReady("refused with 57P03: the database system is starting up")
        ),
        (
            PostgresMessages.notice + PostgresMessages.error("57P01", "terminating connection"),
            .notReady("refused with 57P01: terminating connection")
        ),
        (PostgresMessages.error("53300", "too many clients"), .ready),
        (PostgresMessages.error("0A000", "unsupported"), .notReady("refused with 0A000: unsupported")),
        (PostgresMessages.error("28", "short code"), .notReady("refused with 28: short code")),
        (
            PostgresMessages.message("E", [0, 0, 0, 0]),
            .notReady("refused with an error without a code: no message")
        ),
        (
            PostgresMessages.error("XX000", "two\nlines \u{1B}[31m" + String(repeating: "ä", count: 400)),
            .notReady("refused with XX000: two lines  [31m" + String(repeating: "ä", count: 185) + "…")
        ),
        (
            Array("Ecould not fork new process for connection: no memory\n".utf8) + [0],
            .notReady("refused: could not fork new process for connection: no memory ")
        ),
        (Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8), notPostgres),
        (Array("Random text".utf8), notPostgres),
        (PostgresMessages.message("R", []), notPostgres),
        (PostgresMessages.message("S", PostgresMessages.fields([("a", "b")])), notPostgres),
        ([0xFF, 0xFF, 0xFF, 0xFF, 0xFF], notPostgres),
        (Array("N".utf8) + [0xFF, 0xFF, 0xFF, 0xFF], notPostgres),
    ]

    @Test(arguments: answers)
    func theFirstMessageThatTellsSomethingDecides(answer: [UInt8], expected: ProbeResult) async throws {
        let script = StubScript(answer: answer, ending: .close)
        #expect(try await StubServer.with(script) { stub in await run(.database(stub.port)) } == expected)
    }

    @Test(arguments: answers)
    func itDoesNotMatterWhereAnAnswerIsCut(bytes: [UInt8], expected: ProbeResult) {
        for size in [1, 2, 5, 7] {
            var answer = PostgresAnswer()
            let verdicts = stride(from: 0, to: bytes.count, by: size).compactMap {
                answer.receive(ByteBuffer(bytes: bytes[$0..<min($0 + size, bytes.count)]))
            }
            #expect(verdicts == [expected], "in pieces of \(size)")
        }
    }

    @Test(arguments: [
        PostgresMessages.notice, Array("N".utf8), Array("R".utf8),
        Array(PostgresMessages.authenticationRequest.dropLast()),
        Array(PostgresMessages.error("57P03", "x").dropLast()),
    ])
    func anAnswerWithoutEndIsNoAnswer(answer: [UInt8]) async throws {
        let open = try await StubServer.with(StubScript(answer: answer)) { stub in
            await runLate(.database(stub.port))
        }
        #expect(open == "no answer in time")
        let closed = try await StubServer.with(StubScript(answer: answer, ending: .close)) { stub in
            await run(.database(stub.port))
        }
        #expect(closed == .notReady("closed the connection without an answer"))
    }

    @Test func noticesWithoutEndAreCutOff() async throws {
        let flood = Array(repeatElement(PostgresMessages.notice, count: 2_000).joined())
        let found = try await StubServer.with(StubScript(answer: flood)) { stub in await run(.database(stub.port)) }
        #expect(found == .notReady("sent more than 16384 bytes without an answer"))
    }

    @Test func theStartupMessageIsAllThatIsSent() async throws {
        let script = StubScript(answer: PostgresMessages.authenticationRequest, ending: .halfClose)
        try await StubServer.with(script) { stub in
            #expect(await run(.database(stub.port)) == .ready)
            await stub.closed(1)
            let parameters = Array("user\0prober\0database\0postgres\0\0".utf8)
            #expect(stub.received == [0, 0, 0, UInt8(parameters.count + 8), 0, 3, 0, 0] + parameters)
        }
    }

    @Test func aServerThatStillTalksIsNotCutOff() async throws {
        let script = StubScript(answer: PostgresMessages.authenticationOk, ending: .lastWords)
        try await StubServer.with(script) { stub in
            let prober = NIOServiceProber(eventLoopGroup: MultiThreadedEventLoopGroup.singleton, farewell: .hours(1))
            #expect(await prober.run(.database(stub.port), at: loopback, deadline: patience) == .ready)
            await stub.closed(1)
            #expect(!stub.wasReset)
        }
    }

    @Test func aServerThatNeverHangsUpIsHungUpOn() async throws {
        let script = StubScript(answer: PostgresMessages.authenticationRequest, ending: .never)
        #expect(try await StubServer.with(script) { stub in await run(.database(stub.port)) } == .ready)
    }

    @Test(arguments: [("", "postgres"), ("a\0b", "postgres"), ("a", ""), ("a", "b\0")])
    func namesThatWouldChangeTheMessageAreNotSent(user: String, database: String) async throws {
        try await StubServer.with(StubScript()) { stub in
            let result = await run(.postgres(port: stub.port, user: user, database: database))
            #expect(result.reason.hasSuffix("is empty or holds a NUL character"))
        }
    }
}
