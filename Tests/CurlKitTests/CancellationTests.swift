import CurlKit
import HTTPStub
import Testing

@Suite("Cancellation, queue and shutdown")
struct CancellationTests {
    @Test("cancelling the task closes the connection")
    func cancelled() async throws {
        try await withStub { _ in
            [.hang]
        } test: { client, stub async throws in
            let task = Task { try await client.send(stub.request()) }
            #expect(await stub.eventually { $0.requests.count == 1 })
            task.cancel()
            #expect(await transportCode { _ = try await task.value } == .cancelled)
            #expect(await stub.eventually { $0.closedByPeer == 1 })
        }
    }

    @Test("a task that is cancelled already sends nothing")
    func cancelledBefore() async throws {
        try await withStub { _ in
            [.response()]
        } test: { client, stub async throws in
            let gate = StubGate()
            let task = Task {
                while !Task.isCancelled { await Task.yield() }
                gate.open()
                return try await client.send(stub.request())
            }
            task.cancel()
            #expect(await transportCode { _ = try await task.value } == .cancelled)
            #expect(stub.requests.isEmpty)
        }
    }

    @Test("cancelling a request that waits for a connection leaves the others alone")
    func cancelledWhileWaiting() async throws {
        var limits = HTTPClientLimits()
        limits.exchangeConnections = 1
        let gate = StubGate()
        try await withStub(limits: limits) { _ in
            [.wait(gate), .response(200, "ok")]
        } test: { client, stub async throws in
            let first = Task { try await client.send(stub.request("GET", "/first")) }
            #expect(await stub.eventually { $0.requests.count == 1 })
            let second = Task { try await client.send(stub.request("GET", "/second")) }
            let third = Task { try await client.send(stub.request("GET", "/third")) }
            #expect(await stub.eventually { _ in client.load.exchanges == 3 })
            second.cancel()
            #expect(await transportCode { _ = try await second.value } == .cancelled)
            gate.open()
            #expect(try await first.value.status == 200)
            #expect(try await third.value.status == 200)
            #expect(stub.requests.map(\.path) == ["/first", "/third"])
        }
    }

    @Test("the queue has an end, and waiting in it has one too")
    func queueBounds() async throws {
        var limits = HTTPClientLimits()
        limits.exchangeConnections = 1
        limits.waitingRequests = 1
        limits.queueTimeout = .seconds(1)
        try await withStub(limits: limits) { _ in
            [.hang]
        } test: { client, stub async throws in
            let holder = Task { try await client.send(stub.request()) }
            #expect(await stub.eventually { $0.requests.count == 1 })
            let waiting = Task { try await client.send(stub.request()) }
            #expect(await stub.eventually { _ in client.load.exchanges == 2 })
            #expect(await transportCode { _ = try await client.send(stub.request()) } == .queueFull)
            #expect(await transportCode { _ = try await waiting.value } == .queueTimedOut)
            // The long lane has connections of its own.
            let long = Task {
                var request = stub.request()
                request.lane = .long
                return try await client.send(request)
            }
            #expect(await stub.eventually { $0.requests.count == 2 })
            long.cancel()
            holder.cancel()
            #expect(await transportCode { _ = try await long.value } == .cancelled)
            #expect(await transportCode { _ = try await holder.value } == .cancelled)
        }
    }

    @Test("shutdown ends what is under way, refuses what comes later, and can be repeated")
    func shutdown() async throws {
        try await withStub { request in
            request.path == "/s" ? [.head(200), .hang] : [.hang]
        } test: { client, stub async throws in
            let request = Task { try await client.send(stub.request()) }
            let stream = try await client.stream(stub.request("GET", "/s"))
            #expect(await stub.eventually { $0.requests.count == 2 })
            async let once: Void = client.shutdown()
            async let twice: Void = client.shutdown()
            _ = await (once, twice)
            #expect(await transportCode { _ = try await request.value } == .shutDown)
            #expect(await transportCode { _ = try await stream.collect(limitBytes: 10) } == .shutDown)
            #expect(await transportCode { _ = try await client.send(stub.request()) } == .shutDown)
            #expect(await transportCode { _ = try await client.stream(stub.request()) } == .shutDown)
            #expect(await stub.eventually { $0.closedByPeer == 2 })
        }
    }

    @Test("a client that is let go without shutdown ends what it had open")
    func abandoned() async throws {
        let stub = try StubServer { _ in [.head(200), .hang] }
        defer { stub.stop() }
        var client: HTTPClient? = try HTTPClient()
        let stream = try await client?.stream(stub.request())
        client = nil
        #expect(await transportCode { _ = try await stream?.collect(limitBytes: 10) } == .shutDown)
        #expect(await stub.eventually { $0.closedByPeer == 1 })
    }

    @Test("a storm of cancellations leaves nothing behind", arguments: [1, 2, 3] as [UInt64])
    func storm(seed: UInt64) async throws {
        var limits = HTTPClientLimits()
        limits.exchangeConnections = 4
        try await withStub(limits: limits) { request in
            request.path == "/slow" ? [.pause(milliseconds: 3), .response(200, "ok")] : [.response(200, "ok")]
        } test: { client, stub async throws in
            var random = seed
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<200 {
                    random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    let yields = Int(random >> 33) % 60
                    let path = random >> 63 == 0 ? "/slow" : "/fast"
                    group.addTask {
                        let task = Task { try await client.send(stub.request("GET", path)) }
                        for _ in 0..<yields { await Task.yield() }
                        task.cancel()
                        switch await task.result {
                        case .success(let response): #expect(response.body.text == "ok")
                        case .failure(let error): #expect((error as? HTTPTransportError)?.code == .cancelled)
                        }
                    }
                }
            }
            #expect(client.load.exchanges == 0)
            #expect(try await client.send(stub.request()).status == 200)
        }
    }
}
