import CurlKit
import HTTPStub
import Testing

@Suite("Exchanges")
struct ExchangeTests {
    @Test(
        "a request arrives as it was written, and the answer comes back whole",
        arguments: [StubServer.Transport.unixSocket, .loopback])
    func roundTrip(_ transport: StubServer.Transport) async throws {
        try await withStub(transport) { _ in
            [.response(201, "answer", headers: ["X-One:  padded  ", "x-one: second", "Empty:"])]
        } test: { client, stub async throws in
            let response = try await client.send(
                stub.request("PUT", "/a%20b?q=%26", body: Array("body".utf8), headers: [("X-A", "1"), ("X-Empty", "")]))
            #expect(response.status == 201)
            #expect(response.body.text == "answer")
            #expect(response.headers["X-ONE"] == "padded")
            #expect(response.headers["empty"] == "")
            #expect(response.headers["absent"] == nil)
            #expect(
                response.headers.fields.filter { $0.name.lowercased() == "x-one" }.map(\.value) == ["padded", "second"])
            let request = try #require(stub.requests.first)
            #expect(request.method == "PUT")
            #expect(request.target == "/a%20b?q=%26")
            #expect(request.bodyText == "body")
            #expect(request.headers["x-a"] == "1")
            #expect(request.headers["x-empty"] == "")
            #expect(request.headers["expect"] == nil)
            #expect(request.headers["content-type"] == nil)
        }
    }

    @Test("a method that calls for a body announces even an empty one", arguments: ["POST", "PUT", "PATCH"])
    func emptyBody(_ method: String) async throws {
        try await withStub { _ in
            [.response(204)]
        } test: { client, stub async throws in
            _ = try await client.send(stub.request(method))
            #expect(stub.requests.first?.headers["content-length"] == "0")
        }
    }

    @Test("GET, HEAD and DELETE go without a body", arguments: ["GET", "HEAD", "DELETE"])
    func noBody(_ method: String) async throws {
        try await withStub { request in
            request.method == "HEAD" ? [.head(200, headers: ["Content-Length: 5"])] : [.response(200, "hello")]
        } test: { client, stub async throws in
            let response = try await client.send(stub.request(method))
            #expect(stub.requests.first?.method == method)
            #expect(stub.requests.first?.headers["content-length"] == nil)
            #expect(response.body.text == (method == "HEAD" ? "" : "hello"))
        }
    }

    @Test("a bad status is an answer and not an error", arguments: [304, 404, 409, 500, 503])
    func badStatus(_ status: Int) async throws {
        try await withStub { _ in
            [.response(status, status == 304 ? "" : "why")]
        } test: { client, stub async throws in
            #expect(try await client.send(stub.request()).status == status)
        }
    }

    @Test("interim responses are skipped, and a redirect is not followed")
    func interim() async throws {
        try await withStub { _ in
            [
                .text("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nX-Early: 1\r\n\r\n"),
                .response(302, "", headers: ["Location: http://127.0.0.1:1/elsewhere"]),
            ]
        } test: { client, stub async throws in
            let response = try await client.send(stub.request())
            #expect(response.status == 302)
            #expect(response.headers["x-early"] == nil)
            #expect(stub.requests.count == 1)
        }
    }

    @Test("short requests keep their connection, a POST never uses a kept one")
    func connectionReuse() async throws {
        try await withStub { _ in
            [.response(200, "ok")]
        } test: { client, stub async throws in
            for _ in 0..<5 { _ = try await client.send(stub.request()) }
            #expect(stub.connections == 1)
            _ = try await client.send(stub.request("POST"))
            #expect(stub.connections == 2)
            #expect(stub.requests.last?.positionOnConnection == 0)
        }
    }

    @Test("a kept connection that the server has closed is replaced in silence")
    func deadConnection() async throws {
        try await withStub { _ in
            [.response(200, "ok"), .close]
        } test: { client, stub async throws in
            for _ in 0..<5 { #expect(try await client.send(stub.request()).status == 200) }
            #expect(stub.connections == 5)
        }
    }

    @Test("chunks are put together wherever the wire cuts them")
    func chunksCutEverywhere() async throws {
        let chunked = Array(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;x=y\r\n \r\n5\r\nworld\r\n0\r\nT: 1\r\n\r\n"
                .utf8)
        try await withStub { request in
            let cut = request.query("cut").flatMap { Int($0) } ?? 0
            return [.send(Array(chunked[..<cut])), .pause(milliseconds: 2), .send(Array(chunked[cut...]))]
        } test: { client, stub async throws in
            for cut in chunked.indices {
                let response = try await client.send(stub.request("GET", "/?cut=\(cut)"))
                #expect(response.body.text == "hello world", "cut at \(cut)")
            }
        }
    }

    @Test("a large body comes through unchanged in both directions")
    func largeBody() async throws {
        let size = 3 * 1024 * 1024 + 17
        let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ ($0 >> 8)) }
        try await withStub { request in
            [.head(200, headers: ["Content-Length: \(request.body.count)"]), .send(request.body)]
        } test: { client, stub async throws in
            #expect(try await client.send(stub.request("PUT", "/", body: body)).body == body)
        }
    }

    @Test("hundreds of requests at once keep to the connection limit")
    func concurrency() async throws {
        var limits = HTTPClientLimits()
        limits.exchangeConnections = 7
        try await withStub(limits: limits) { request in
            [.response(200, request.path)]
        } test: { client, stub async throws in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<400 {
                    group.addTask {
                        try await client.send(stub.request("GET", "/\(number)")).body.text == "/\(number)"
                    }
                }
                for try await isRight in group { #expect(isRight) }
            }
            #expect(stub.requests.count == 400)
            #expect(stub.connections <= 7)
        }
    }
}
