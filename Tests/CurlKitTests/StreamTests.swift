import CurlKit
import HTTPStub
import Testing

@Suite("Streams")
struct StreamTests {
    @Test("the head comes before the body, and the body piece by piece")
    func pieces() async throws {
        let gate = StubGate()
        try await withStub { _ in
            [
                .head(200, headers: ["X-A: b", "Transfer-Encoding: chunked"]), .wait(gate),
                .text("3\r\none\r\n"), .pause(milliseconds: 20), .text("3\r\ntwo\r\n0\r\n\r\n"),
            ]
        } test: { client, stub async throws in
            let stream = try await client.stream(stub.request())
            #expect(stream.head.status == 200)
            #expect(stream.head.headers["x-a"] == "b")
            gate.open()
            #expect(try await stream.collect(limitBytes: 100).text == "onetwo")
        }
    }

    @Test("a stream that breaks off hands out what came and then fails")
    func brokenOff() async throws {
        try await withStub { _ in
            [.head(200, headers: ["Transfer-Encoding: chunked"]), .text("3\r\none\r\n5\r\ntw"), .close]
        } test: { client, stub async throws in
            let stream = try await client.stream(stub.request())
            var received: [UInt8] = []
            let code = await transportCode {
                for try await chunk in stream { received += chunk }
            }
            #expect(received.text.hasPrefix("one"))
            #expect(code == .connectionLost)
        }
    }

    @Test("streams do not use up the connections of short exchanges")
    func ownConnections() async throws {
        var limits = HTTPClientLimits()
        limits.exchangeConnections = 2
        try await withStub(limits: limits) { request in
            request.path == "/stream" ? [.head(200), .hang] : [.response(200, "ok")]
        } test: { client, stub async throws in
            var streams: [HTTPResponseStream] = []
            for _ in 0..<20 { streams.append(try await client.stream(stub.request("GET", "/stream"))) }
            #expect(client.load.long == 20)
            #expect(try await client.send(stub.request()).status == 200)
            streams = []
            #expect(await stub.eventually { $0.closedByPeer == 20 })
        }
    }

    @Test("cancelling the reader closes the connection")
    func cancelledReader() async throws {
        try await withStub { _ in
            [.head(200), .text("first"), .hang]
        } test: { client, stub async throws in
            let stream = try await client.stream(stub.request())
            let task = Task {
                for try await _ in stream {}
            }
            #expect(await stub.eventually { $0.sentBytes > 5 })
            task.cancel()
            #expect(await transportCode { try await task.value } == .cancelled)
            #expect(await stub.eventually { $0.closedByPeer == 1 })
        }
    }

    @Test("cancelling before the head has come closes the connection")
    func cancelledBeforeHead() async throws {
        try await withStub { _ in
            [.hang]
        } test: { client, stub async throws in
            let task = Task { try await client.stream(stub.request()) }
            #expect(await stub.eventually { $0.requests.count == 1 })
            task.cancel()
            #expect(await transportCode { _ = try await task.value } == .cancelled)
            #expect(await stub.eventually { $0.closedByPeer == 1 })
        }
    }

    @Test("letting go of the stream closes the connection")
    func letGo() async throws {
        try await withStub { _ in
            [.head(200), .text("first"), .hang]
        } test: { client, stub async throws in
            do {
                let stream = try await client.stream(stub.request())
                for try await _ in stream { break }
            }
            #expect(await stub.eventually { $0.closedByPeer == 1 })
        }
    }

    @Test("a slow reader makes the server wait, and gets every byte")
    func backpressure() async throws {
        var limits = HTTPClientLimits()
        limits.streamBufferBytes = 64 * 1024
        let size = 20_000_000
        try await withStub(limits: limits) { _ in
            [.head(200, headers: ["Content-Length: \(size)"]), .fill(bytes: size)]
        } test: { client, stub async throws in
            let stream = try await client.stream(stub.request())
            // Nothing reads: the server gets stuck far from the end, and stays there.
            var before = -1
            while before != stub.sentBytes {
                before = stub.sentBytes
                try await Task.sleep(for: .milliseconds(100))
            }
            #expect(before < 4_000_000)
            var received = 0
            var largest = 0
            for try await chunk in stream {
                received += chunk.count
                largest = max(largest, chunk.count)
            }
            #expect(received == size)
            #expect(largest <= limits.streamBufferBytes)
        }
    }

    @Test("where waiting is not wanted a slow reader ends the stream with a clear error")
    func overflow() async throws {
        var limits = HTTPClientLimits()
        limits.streamBufferBytes = 64 * 1024
        try await withStub(limits: limits) { _ in
            [.head(200), .fill(bytes: 20_000_000)]
        } test: { client, stub async throws in
            let stream = try await client.stream(stub.request(), overflow: .fail)
            #expect(await stub.eventually { $0.closedByPeer == 1 })
            var received = 0
            let code = await transportCode {
                for try await chunk in stream { received += chunk.count }
            }
            #expect(code == .slowConsumer)
            #expect(received > 0)
            #expect(received <= limits.streamBufferBytes)
        }
    }

    @Test("the deadline of the head does not end a stream that has begun")
    func headDeadline() async throws {
        let gate = StubGate()
        try await withStub { request in
            request.path == "/late" ? [.hang] : [.head(200), .wait(gate), .text("done"), .close]
        } test: { client, stub async throws in
            var late = stub.request("GET", "/late")
            late.headTimeout = .milliseconds(50)
            #expect(await transportCode { _ = try await client.stream(late) } == .timedOut)
            var prompt = stub.request("GET", "/prompt")
            prompt.headTimeout = .milliseconds(500)
            let stream = try await client.stream(prompt)
            try await Task.sleep(for: .milliseconds(700))
            gate.open()
            #expect(try await stream.collect(limitBytes: 100).text == "done")
        }
    }

    @Test("the total deadline ends a stream that continues", arguments: [HTTPStreamOverflow.pause, .fail])
    func totalDeadline(_ overflow: HTTPStreamOverflow) async throws {
        try await withStub { _ in
            [.head(200), .text("x"), .hang]
        } test: { client, stub async throws in
            var request = stub.request()
            request.totalTimeout = .milliseconds(100)
            let stream = try await client.stream(request, overflow: overflow)
            #expect(await transportCode { _ = try await stream.collect(limitBytes: 100) } == .timedOut)
            #expect(await stub.eventually { $0.closedByPeer == 1 })
        }
    }

    @Test("a stream under way can be given a deadline")
    func laterDeadline() async throws {
        try await withStub { _ in
            [.head(200), .text("x"), .hang]
        } test: { client, stub async throws in
            let stream = try await client.stream(stub.request())
            stream.limitRemainingTime(to: .milliseconds(50))
            #expect(await transportCode { _ = try await stream.collect(limitBytes: 100) } == .timedOut)
            #expect(await stub.eventually { $0.closedByPeer == 1 })
        }
    }

    @Test("collecting stops at the limit and closes the connection")
    func collectLimit() async throws {
        try await withStub { _ in
            [.head(200), .fill(bytes: 100_000_000)]
        } test: { client, stub async throws in
            let stream = try await client.stream(stub.request())
            #expect(await transportCode { _ = try await stream.collect(limitBytes: 100_000) } == .bodyTooLarge)
            #expect(await stub.eventually { $0.closedByPeer == 1 })
        }
    }
}
