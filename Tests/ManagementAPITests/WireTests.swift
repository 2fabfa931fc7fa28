import Orchestrator
import OrchestratorTesting
import ProjectModel
import ServiceLifecycle
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import Installation
@testable import ManagementAPI

@Suite("On the wire", .timeLimit(.minutes(1)))
struct WireTests {
    @Test(
        "a path that does not exist is 404 in JSON",
        arguments: [
            "/platform", "/platform/projects/", "//platform/projects", "/platform//projects",
            "/platform/projects/../projects", "/platform/./projects", "/PLATFORM/projects", "/platform%2Fprojects",
            "/v1/projects/abcdefghijklmnopqrst/health/", "/health/x", "/v2/projects",
        ])
    func unknownPath(path: String) async throws {
        try await APIHost.run { host in
            try await RawConnection.run(port: host.port) { connection, answer in
                try await connection.write(Self.request("GET", path: path))
                let text = try await answer.read(until: "}")
                #expect(text.hasPrefix("HTTP/1.1 404 "))
                #expect(text.lowercased().contains("content-type: application/json"))
                #expect(text.hasSuffix(#"{"message":"this path does not exist"}"#))
            }
        }
    }

    @Test("a method that a path does not know is 405 with the methods that it knows")
    func wrongMethod() async throws {
        try await APIHost.run { host in
            let cases = [
                ("PUT", "/platform/projects", "GET, HEAD, OPTIONS, POST"), ("DELETE", "/health", "GET, HEAD, OPTIONS"),
                ("GET", "/platform/projects/abcdefghijklmnopqrst/pause", "OPTIONS, POST"),
            ]
            for (method, path, allow) in cases {
                let answer = try await host.send(method, path)
                #expect(answer.status == 405)
                #expect(answer.header("Allow") == allow)
                #expect(try answer.message?.contains(allow) == true)
            }
        }
    }

    @Test("the client's request id comes back and stands in the log; an unusable one is replaced")
    func requestIdentifier() async throws {
        try await APIHost.run { host in
            let answer = try await host.send("GET", "/health", headers: [("X-Request-Id", "abc-1.2_3")])
            #expect(answer.header("X-Request-Id") == "abc-1.2_3")
            #expect(host.log.lines.contains { $0.contains("abc-1.2_3") })
            for id in ["two words", "a\tb", "ünicode", String(repeating: "x", count: 129), "a\"b"] {
                let answer = try await host.send("GET", "/nowhere", headers: [("X-Request-Id", id)])
                let given = try #require(answer.header("X-Request-Id"))
                #expect(given != id)
                #expect(given.count == 36)
            }
        }
    }

    @Test("a malformed request is 400 and ends the connection; the server keeps serving")
    func malformedRequest() async throws {
        try await APIHost.run { host in
            let bad = [
                "GET / HTTP/1.1\r\nHost: x\r\nBad Header: y\r\n\r\n", "GET / HTTP/1.1\r\nHost\r\n\r\n",
                "NONSENSE\r\n\r\n", "POST /health HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
                "POST /health HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                "POST /platform/projects HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            ]
            for request in bad {
                try await RawConnection.run(port: host.port) { connection, answer in
                    try await connection.write(request)
                    let text = try await answer.rest()
                    #expect(text.hasPrefix("HTTP/1.1 400 "), "\(request)")
                }
            }
            #expect(try await host.send("GET", "/health").status == 200)
        }
    }

    @Test("header fields that are too many or too large end the connection with 400")
    func largeHeaders() async throws {
        var limits = ServerLimits()
        limits.headerBytesMax = 4_096
        limits.headerFieldBytesMax = 2_048
        limits.headerFieldsMax = 20
        try await APIHost.run(limits: limits) { host in
            let fields = [
                "X-A: \(String(repeating: "a", count: 3_000))\r\n",
                (1...30).map { "X-\($0): a\r\n" }.joined(),
                (1...3).map { "X-\($0): \(String(repeating: "a", count: 1_900))\r\n" }.joined(),
            ]
            for field in fields {
                try await RawConnection.run(port: host.port) { connection, answer in
                    try await connection.write("GET /health HTTP/1.1\r\nHost: x\r\n\(field)\r\n")
                    #expect(try await answer.rest().hasPrefix("HTTP/1.1 400 "))
                }
            }
        }
    }

    @Test("a body that does not come in time is 408, and the connection is closed")
    func slowBody() async throws {
        var limits = ServerLimits()
        limits.bodyDeadline = .milliseconds(200)
        try await APIHost.run(limits: limits) { host in
            try await RawConnection.run(port: host.port) { connection, answer in
                try await connection.write(
                    Self.request("POST", path: "/platform/projects", fields: "Content-Length: 100\r\n"))
                try await connection.write("{\"name\":")
                let text = try await answer.rest()
                #expect(text.hasPrefix("HTTP/1.1 408 "))
                #expect(text.lowercased().contains("connection: close"))
                #expect(text.contains("{\"message\":"))
            }
            #expect(try await host.store.refs().isEmpty)
        }
    }

    @Test("a handler that takes too long is 503")
    func slowHandler() async throws {
        var limits = ServerLimits()
        limits.requestDeadline = .milliseconds(200)
        let check = ReadinessCheck(name: "database") { try await Task.sleep(for: .seconds(3_600)) }
        try await APIHost.run(limits: limits, readiness: { _, _ in [check] }) { host in
            let answer = try await host.send("GET", "/ready")
            #expect(answer.status == 503)
            #expect(answer.header("Retry-After") == "2")
            #expect(answer.header("Connection") == "close")
        }
    }

    @Test("a request whose time is up is logged as that: what it was cancelled in did not fail")
    func givenUp() async throws {
        var limits = ServerLimits()
        limits.requestDeadline = .milliseconds(200)
        let check = ReadinessCheck(name: "database") {
            do { try await Task.sleep(for: .seconds(3_600)) } catch { throw StoreError.refused("cancelled") }
        }
        try await APIHost.run(limits: limits, readiness: { _, _ in [check] }) { host in
            let answer = try await host.send("GET", "/ready")
            #expect(answer.status == 503)
            let lines = host.log.lines
            let failures = lines.filter { $0.contains("request failed") || $0.contains("not ready") }
            let reports = lines.filter { $0.contains("took too long and was given up") }
            #expect(reports.count == 1 && failures.isEmpty)
        }
    }

    @Test("a body without end is not read for ever: the answer comes and the connection is closed")
    func endlessBody() async throws {
        var limits = ServerLimits()
        limits.bodyBytesMax = 1_024
        limits.discardedBytesMax = 65_536
        try await APIHost.run(limits: limits) { host in
            try await RawConnection.run(port: host.port) { connection, answer in
                try await connection.write(
                    Self.request("POST", path: "/platform/projects", fields: "Transfer-Encoding: chunked\r\n"))
                let chunk = "4000\r\n\(String(repeating: "x", count: 0x4000))\r\n"
                for _ in 1...5 { try await connection.write(chunk) }
                #expect(try await answer.read(until: "}").hasPrefix("HTTP/1.1 413 "))
            }
        }
    }

    @Test("a connection on which nothing comes is closed")
    func idle() async throws {
        var limits = ServerLimits()
        limits.idleDeadline = .milliseconds(200)
        try await APIHost.run(limits: limits) { host in
            for beginning in ["", "GET /health HTTP/1.1\r\nHos"] {
                try await RawConnection.run(port: host.port) { connection, answer in
                    do {
                        try await connection.write(beginning)
                    } catch {
                        // On a slow machine the connection is closed before we have written anything: as wanted.
                        return
                    }
                    let rest = try await answer.rest()
                    #expect(rest.isEmpty)
                }
            }
        }
    }

    @Test("two requests in one write get two answers in their order")
    func pipelining() async throws {
        try await APIHost.run { host in
            try await RawConnection.run(port: host.port) { connection, answer in
                try await connection.write(
                    Self.request("GET", path: "/nowhere")
                        + "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                let text = try await answer.read(until: "\"ok\"}")
                let statuses = text.matches(of: /HTTP\/1\.1 (\d+)/).map { String($0.output.1) }
                #expect(statuses == ["404", "200"])
            }
        }
    }

    @Test("a graceful shutdown ends although a keep-alive connection stays open")
    func shutdown() async throws {
        let log = LogRecorder()
        let api = try sampleAPI()
        let (ports, continuation) = AsyncStream<UInt16>.makeStream()
        let server = APIServer(
            api: api.pipeline, address: ListenAddress(host: "127.0.0.1", port: 0), logger: log.logger,
            onListening: { continuation.yield($0) })
        let group = ServiceGroup(configuration: ServiceGroupConfiguration(services: [server], logger: log.logger))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            var iterator = ports.makeAsyncIterator()
            let port = try #require(await iterator.next())
            try await RawConnection.run(port: port) { connection, answer in
                try await connection.write(Self.request("GET", path: "/health"))
                #expect(try await answer.read(until: "\"ok\"}").hasPrefix("HTTP/1.1 200 "))
                await group.triggerGracefulShutdown()
                // The server closes the connection: the client reads its end without having closed it.
                #expect(try await answer.rest().isEmpty)
            }
            try await tasks.waitForAll()
        }
    }

    @Test("an address that is taken is an error that names it")
    func addressTaken() async throws {
        try await APIHost.run { host in
            let address = ListenAddress(host: "127.0.0.1", port: host.port)
            let server = APIServer(
                api: host.api.pipeline,
                address: address, logger: host.log.logger)
            let error = await #expect(throws: ListenError.self) { try await server.run() }
            #expect(error?.address == address)
            #expect(error?.description.contains("127.0.0.1:\(host.port)") == true)
        }
    }

    private static func request(_ method: String, path: String, fields: String = "") -> String {
        "\(method) \(path) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(APIHost.token)\r\n\(fields)\r\n"
    }
}
