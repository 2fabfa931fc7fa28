import Glibc
import HTTPStub
import Testing

@testable import CurlKit

@Suite("Failures of exchanges")
struct FailureTests {
    @Test("answers that break off or are no HTTP are distinguished")
    func brokenAnswers() async throws {
        let cases: [(steps: [StubStep], code: HTTPTransportError.Code)] = [
            ([.close], .connectionLost),
            ([.text("HTTP/1.1 200 OK\r\nContent-Le"), .close], .connectionLost),
            ([.text("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"), .close], .connectionLost),
            ([.text("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"), .close], .connectionLost),
            ([.text("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), .close], .connectionLost),
            ([.text("nonsense\r\n\r\n"), .close], .malformedResponse),
            ([.text("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, gzip, chunked\r\n\r\n"), .hang], .malformedResponse),
            ([.text("HTTP/1.1 200 OK\r\ntransfer-encoding:\tChunked , br\r\n\r\n"), .hang], .malformedResponse),
        ]
        for (number, expected) in cases.enumerated() {
            try await withStub { _ in
                expected.steps
            } test: { client, stub async throws in
                // A POST is not repeated, so the stub sees exactly one.
                let code = await transportCode { _ = try await client.send(stub.request("POST")) }
                #expect(code == expected.code, "case \(number)")
                #expect(stub.requests.count == 1)
            }
        }
    }

    @Test("an answer that never comes ends with the deadline, and the connection with it")
    func deadline() async throws {
        try await withStub { _ in
            [.text("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe"), .hang]
        } test: { client, stub async throws in
            var request = stub.request()
            request.totalTimeout = .milliseconds(50)
            let code = await transportCode { _ = try await client.send(request) }
            #expect(code == .timedOut)
            #expect(await stub.eventually { $0.closedByPeer == 1 })
        }
    }

    @Test("an answer that falls silent ends with the idle limit")
    func idle() async throws {
        try await withStub { _ in
            [.text("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe"), .hang]
        } test: { client, stub async throws in
            var request = stub.request()
            request.idleTimeout = .milliseconds(500)
            #expect(await transportCode { _ = try await client.send(request) } == .idleTimedOut)
        }
    }

    @Test("a body beyond the limit is an error, whether its length is announced or not")
    func bodyTooLarge() async throws {
        try await withStub { request in
            request.path == "/announced"
                ? [.head(200, headers: ["Content-Length: 5000"]), .fill(bytes: 5000)]
                : [.head(200), .fill(bytes: 100_000_000)]
        } test: { client, stub async throws in
            for path in ["/announced", "/endless"] {
                var request = stub.request("GET", path)
                request.responseBodyLimitBytes = 4999
                #expect(await transportCode { _ = try await client.send(request) } == .bodyTooLarge)
            }
            var request = stub.request("GET", "/announced")
            request.responseBodyLimitBytes = 5000
            #expect(try await client.send(request).body.count == 5000)
            #expect(await stub.eventually { $0.closedByPeer >= 2 })
            #expect(stub.sentBytes < 50_000_000)
        }
    }

    @Test("header fields beyond the limit are an error")
    func headTooLarge() async throws {
        var limits = HTTPClientLimits()
        limits.responseHeadBytes = 2000
        try await withStub(limits: limits) { _ in
            [.head(200, headers: (0..<100).map { "X-\($0): \(String(repeating: "y", count: 100))" }), .close]
        } test: { client, stub async throws in
            #expect(await transportCode { _ = try await client.send(stub.request()) } == .headTooLarge)
        }
    }

    @Test("heads whatever a server sends")
    func heads() {
        let cases: [(lines: [String], status: Int, fields: [String])] = [
            (["HTTP/1.1 200 OK", "A: b", ""], 200, ["A=b"]),
            (["HTTP/1.1 100 x", "A: b", "", "HTTP/1.1 204", ""], 204, []),
            (["HTTP/1.1 2000 OK", ""], 0, []), (["HTTP/1.1 -20 OK", ""], 0, []),
            (["HTTP/1.1 99999999999999999999 OK", ""], 0, []), (["HTTP/1.1", ""], 0, []),
            (["HTTP/1.1 200", "Transfer-Encoding: chunked", ""], 200, ["Transfer-Encoding=chunked"]),
            (["HTTP/1.1 200", ":", "no colon", "\u{0}:\u{301}", "a:\u{7F}", ""], 200, ["=", "a=\u{7F}"]),
        ]
        for (lines, status, fields) in cases {
            var parser = ResponseHeadParser(limitBytes: 1_000)
            for line in lines { _ = parser.consume(Array((line + "\r\n").utf8)) }
            #expect(parser.head.status == status && parser.isComplete == (status >= 200), "\(lines)")
            #expect(parser.head.headers.fields.map { "\($0.name)=\($0.value)" } == fields)
        }
        var parser = ResponseHeadParser(limitBytes: 1_000)
        _ = parser.consume(Array("HTTP/1.1 200 OK\r\n".utf8))
        #expect(parser.consume(Array("Transfer-Encoding: gzip\r\n".utf8)) == .unknownCoding)
    }

    @Test("a missing socket, a refused one and a file that is none are distinguished")
    func cannotConnect() async throws {
        let client = try HTTPClient()
        let folder = "/tmp/curlkit-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        #expect(mkdir(folder, 0o700) == 0)
        let path = folder + "/s"
        let missing = HTTPRequest(url: "http://stub/", unixSocketPath: path)
        #expect(await transportCode { _ = try await client.send(missing) } == .socketMissing)
        // Bound and not listening.
        let socket = try StubServer.bind(unixPath: path)
        #expect(await transportCode { _ = try await client.send(missing) } == .connectionRefused)
        close(socket)
        unlink(path)
        rmdir(folder)
        let closed = HTTPRequest(url: "http://127.0.0.1:1/")
        #expect(await transportCode { _ = try await client.send(closed) } == .connectionRefused)
        await client.shutdown()
    }

    @Test(
        "what cannot be sent as written is refused before a connection is made",
        arguments: [
            HTTPRequest(method: "get", url: "http://a/"), HTTPRequest(method: "GET X", url: "http://a/"),
            HTTPRequest(url: "file:///etc/passwd"), HTTPRequest(url: "http://a/ b"),
            HTTPRequest(url: "http://a/\r\nX: y"), HTTPRequest(url: "http://a/", unixSocketPath: "relative"),
            HTTPRequest(url: "http://a/", unixSocketPath: "/" + String(repeating: "x", count: 107)),
            HTTPRequest(url: "http://a/", headers: [("X", "a\r\nY: b")]),
            HTTPRequest(url: "http://a/", headers: [("X:", "a")]), HTTPRequest(url: "http://a/", headers: [("", "a")]),
        ])
    func invalid(_ request: HTTPRequest) async throws {
        let client = try HTTPClient()
        #expect(await transportCode { _ = try await client.send(request) } == .invalidRequest)
        #expect(await transportCode { _ = try await client.stream(request) } == .invalidRequest)
        await client.shutdown()
    }

    @Test("a request body beyond the limit is refused")
    func requestTooLarge() async throws {
        var limits = HTTPClientLimits()
        limits.requestBodyBytes = 10
        try await withStub(limits: limits) { _ in
            [.response()]
        } test: { client, stub async throws in
            let large = stub.request("PUT", "/", body: [UInt8](repeating: 0, count: 11))
            #expect(await transportCode { _ = try await client.send(large) } == .requestTooLarge)
            #expect(stub.connections == 0)
        }
    }

    @Test("an error names the target without path, query or password")
    func errorText() {
        let request = HTTPRequest(method: "bad", url: "http://user:password@10.0.0.1:80/secret?token=secret")
        let text = HTTPTransportError(.timedOut, target: request.target).description
        #expect(text.hasPrefix("http://10.0.0.1:80: "))
        #expect(!text.contains("secret"))
        #expect(!text.contains("password"))
    }
}
