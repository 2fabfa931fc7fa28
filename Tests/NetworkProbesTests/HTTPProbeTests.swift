import NIOCore
import ProjectModel
import Reconciler
import Testing

@testable import NetworkProbes

@Suite struct HTTPProbeTests {
    @Test(
        arguments: [
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", nil, .ready),
            ("HTTP/1.1 204 No Content\r\n\r\n", nil, .ready),
            ("HTTP/1.0 200 OK\r\n\r\n", nil, .ready),
            ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", nil, .ready),
            ("HTTP/1.1 401 Unauthorized\r\n\r\n", 401, .ready),
            ("HTTP/1.1 200 OK\r\n\r\n", 401, .notReady("answered 200")),
            ("HTTP/1.1 204 No Content\r\n\r\n", 200, .notReady("answered 204")),
            ("HTTP/1.1 503 Service Unavailable\r\nX-Token: hidden\r\n\r\n", nil, .notReady("answered 503")),
            ("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\n\r\n", nil, .notReady("answered 302")),
            ("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\n\r\n", 302, .ready),
            ("SSH-2.0-OpenSSH_9.2\r\n", nil, .notReady("its answer is not HTTP")),
            ("HTTP/1.1 twohundred\r\n\r\n", nil, .notReady("its answer is not HTTP")),
            ("HTTP/1.1 200 OK\r\nbroken header\r\n\r\n", nil, .notReady("its answer is not HTTP")),
            ("\0\0\0\0\0\0\0\0", nil, .notReady("its answer is not HTTP")),
        ] as [(String, Int?, ProbeResult)])
    func theStatusDecidesAndNothingElse(answer: String, status: Int?, expected: ProbeResult) async throws {
        for ending in [StubScript.Ending.keepOpen, .close, .halfClose] {
            let found = try await StubServer.with(.answering(answer, then: ending)) { stub in
                await run(.get(stub.port, status: status))
            }
            #expect(found == expected)
        }
    }

    @Test(
        arguments: [
            ("", .close, .notReady("closed the connection without an answer")),
            ("", .halfClose, .notReady("closed the connection without an answer")),
            ("HTTP/1.1 20", .close, .notReady("closed the connection in the middle of its answer")),
            ("HTTP/1.1 200 OK\r\nServ", .halfClose, .notReady("closed the connection in the middle of its answer")),
        ] as [(String, StubScript.Ending, ProbeResult)])
    func anAnswerWithoutEndIsNoAnswer(answer: String, ending: StubScript.Ending, expected: ProbeResult) async throws {
        let found = try await StubServer.with(.answering(answer, then: ending)) { stub in
            await run(.get(stub.port))
        }
        #expect(found == expected)
    }

    @Test(arguments: ["", "HTTP/1.1 200 OK\r\nServer: stub\r\n"])
    func anAnswerWithoutEndHasUntilTheDeadline(answer: String) async throws {
        let found = try await StubServer.with(.answering(answer)) { stub in await runLate(.get(stub.port)) }
        #expect(found == "no answer in time")
    }

    @Test func theDeadlineCountsForTheWholeAnswerHoweverAliveTheServiceIs() async throws {
        let headers = String(repeating: "X-Slow: 1\r\n", count: 100)
        let script = StubScript(answer: Array("HTTP/1.1 200 OK\r\n\(headers)\r\n".utf8), pause: .milliseconds(10))
        let found = try await StubServer.with(script) { stub in await runLate(.get(stub.port)) }
        #expect(found == "no answer in time")
    }

    @Test func anAnswerInSmallPiecesIsAnAnswer() async throws {
        let script = StubScript(answer: Array("HTTP/1.1 200 OK\r\nA: b\r\n\r\n".utf8), pause: .milliseconds(1))
        #expect(try await StubServer.with(script) { stub in await run(.get(stub.port)) } == .ready)
    }

    @Test(arguments: [(valueBytes: 90, count: 5_000), (valueBytes: 1 << 20, count: 1)])
    func headersWithoutEndAreCutOff(valueBytes: Int, count: Int) async throws {
        let header = "X-Header: \(String(repeating: "x", count: valueBytes))\r\n"
        let headers = String(repeating: header, count: count)
        let script = StubScript.answering("HTTP/1.1 200 OK\r\n\(headers)")
        let found = try await StubServer.with(script) { stub in await run(.get(stub.port)) }
        #expect(found == .notReady("sent more than 16384 bytes without an answer"))
    }

    @Test func interimAnswersWithoutEndAreCutOff() async throws {
        let script = StubScript.answering(String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 5_000))
        let found = try await StubServer.with(script) { stub in await run(.get(stub.port)) }
        #expect(found == .notReady("sent more than 16384 bytes without an answer"))
    }

    @Test func aLongBodyIsNotWaitedFor() async throws {
        let body = String(repeating: "x", count: 1 << 20)
        let script = StubScript.answering("HTTP/1.1 200 OK\r\nContent-Length: \(1 << 30)\r\n\r\n\(body)")
        #expect(try await StubServer.with(script) { stub in await run(.get(stub.port)) } == .ready)
    }

    @Test func theConnectionIsClosedThoughTheServiceWouldKeepIt() async throws {
        let script = StubScript.answering("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n")
        try await StubServer.with(script) { stub in
            for _ in 0..<3 { #expect(await run(.get(stub.port)) == .ready) }
            await stub.closed(3)
        }
    }

    @Test func theRequestIsWhatTheProbeSays() async throws {
        let script = StubScript.answering("HTTP/1.1 200 OK\r\n\r\n")
        try await StubServer.with(script) { stub in
            #expect(await run(.get(stub.port, "/a?b=c", headers: ["apikey": "secret one"])) == .ready)
            #expect(
                stub.receivedText == "GET /a?b=c HTTP/1.1\r\napikey: secret one\r\nHost: 127.0.0.1:\(stub.port)\r\n"
                    + "User-Agent: supamanager-probe\r\nConnection: close\r\n\r\n")
        }
        try await StubServer.with(script) { stub in
            let headers = ["host": "project.example", "connection": "keep-alive", "user-agent": "mine"]
            #expect(await run(.get(stub.port, "/", headers: headers)) == .ready)
            #expect(
                stub.receivedText == "GET / HTTP/1.1\r\nhost: project.example\r\nuser-agent: mine\r\n"
                    + "Connection: close\r\n\r\n")
        }
    }

    @Test(
        arguments: [
            ("/a\r\nX: y", [:]), ("", [:]), ("health", [:]), ("/ä", [:]), ("/a b", [:]),
            ("/", ["X": "hidden\r\nY: z"]), ("/", ["X Y": "hidden"]), ("/", ["": "hidden"]), ("/", ["X:": "hidden"]),
            ("/", ["Content-Length": "5"]), ("/", ["transfer-encoding": "hidden"]),
        ] as [(String, [String: String])])
    func aProbeThatWouldSendSomethingElseIsNotRun(path: String, headers: [String: String]) async throws {
        try await StubServer.with(.answering("HTTP/1.1 200 OK\r\n\r\n")) { stub in
            let reason = await run(.get(stub.port, path, headers: headers)).reason
            #expect(reason.contains("the probe"))
            #expect(!reason.contains("hidden"))
            #expect(await run(.get(stub.port)) == .ready)
            #expect(stub.receivedText.hasPrefix("GET /health "))
        }
    }
}
