import CurlKit
import Foundation
import HTTPStub
import Orchestrator
import ProjectAccess
import ProjectModel
import Testing

@Suite("Project gateways")
struct GatewayTests {
    @Test("a request arrives as it was asked for, with the service key")
    func request() async throws {
        try await withGateway { _ in
            [.response(201, "{\"a\":1}")]
        } test: { gateway, target, stub in
            let request = try GatewayRequest(
                method: "POST", path: "/storage/v1/bucket/" + GatewayRequest.encoded("a/b ü?%"),
                query: [("se lect", "a,b&c=d"), ("empty", "")], headers: [("Content-Type", "application/json")],
                body: Array("{}".utf8))
            let answer = try await gateway.send(request, to: target)
            let expected = GatewayAnswer(status: 201, contentType: "application/json", body: Array("{\"a\":1}".utf8))
            #expect(answer == expected)
            let seen = try #require(stub.requests.first)
            #expect(seen.method == "POST")
            #expect(seen.target == "/storage/v1/bucket/a%2Fb%20%C3%BC%3F%25?se%20lect=a%2Cb%26c%3Dd&empty=")
            #expect(seen.bodyText == "{}")
            #expect(seen.headers["content-type"] == "application/json")
            #expect(seen.headers["apikey"] == "service-key-text")
            #expect(seen.headers["authorization"] == "Bearer service-key-text")
        }
    }

    @Test("no header and no parameter of the caller's takes the key's place, and none speaks of the connection")
    func headers() async throws {
        try await withGateway { _ in
            [.response(200)]
        } test: { gateway, target, stub in
            let foreign = [
                "ApiKey", "AUTHORIZATION", "x-api-key", "sb-api-key", "Cookie", "Host", "Content-Length", "TE",
                "Transfer-Encoding", "Upgrade", "Keep-Alive", "Proxy-Authorization", "Expect", "Trailer", "X-Hop",
                "Accept-Encoding",
            ]
            let request = try GatewayRequest(
                path: "/rest/v1/", query: [("apikey", "foreign"), ("APIKEY", "foreign"), ("a", "1")],
                headers: foreign.map { ($0, "foreign") } + [("Connection", "close, X-Hop"), ("Prefer", "count=exact")])
            _ = try await gateway.send(request, to: target)
            let seen = try #require(stub.requests.first)
            #expect(!seen.headers.values.contains("foreign"))
            #expect(!seen.target.contains("foreign") && seen.target.hasSuffix("?a=1"))
            #expect(seen.headers["prefer"] == "count=exact")
            #expect(seen.headers["apikey"] == "service-key-text")
            #expect(seen.headers["connection"] == nil && seen.headers["x-hop"] == nil)
        }
    }

    @Test("bad statuses and redirects are answers", arguments: [302, 404, 500])
    func statuses(status: Int) async throws {
        let headers = ["Location: http://127.0.0.1:1/"]
        try await withGateway { _ in
            [.response(status, "x", headers: headers)]
        } test: { gateway, target, stub in
            let answer = try await gateway.send(try GatewayRequest(path: "/"), to: target)
            #expect(answer == GatewayAnswer(status: status, contentType: nil, body: [UInt8(ascii: "x")]))
            #expect(stub.requests.count == 1)
        }
    }

    @Test("an answer that is too large, too late, broken off or not there is an error that names the project")
    func failures() async throws {
        let request = try GatewayRequest(path: "/")
        try await withGateway { _ in
            [.head(headers: ["Content-Length: 100000000"]), .fill(bytes: 100_000_000)]
        } test: { gateway, target, stub in
            #expect(await Self.failure(gateway, request: request, target: target) == .tooLarge(limitBytes: 1_000))
            #expect(stub.sentBytes < 50_000_000)
        }
        try await withGateway { _ in
            [.hang]
        } test: { gateway, target, _ in
            #expect(await Self.failure(gateway, request: request, target: target) == .timedOut(.milliseconds(500)))
        }
        try await withGateway { _ in
            [.close]
        } test: { gateway, target, _ in
            guard case .unreachable(let sentence) = await Self.failure(gateway, request: request, target: target) else {
                Issue.record("no error")
                return
            }
            #expect(sentence.contains("abcdefghijklmnopqrst") && !sentence.contains("service-key-text"))
        }
        try await withGateway { _ in
            []
        } test: { gateway, target, _ in
            var target = target
            target.baseURL = "http://127.0.0.1:1"
            guard case .unreachable = await Self.failure(gateway, request: request, target: target) else {
                Issue.record("reached port 1")
                return
            }
            let heavy = try GatewayRequest(method: "POST", path: "/", body: [UInt8](repeating: 0, count: 1_001))
            let refusal = ProjectGatewayError.invalid("the request's body has more than 1000 bytes")
            #expect(await Self.failure(gateway, request: heavy, target: target) == refusal)
            for odd in [
                try GatewayRequest(method: "get /", path: "/"),
                try GatewayRequest(path: "/", headers: [("a", "b\r\nc: d")]),
            ] {
                guard case .invalid = await Self.failure(gateway, request: odd, target: target) else {
                    Issue.record("sent")
                    continue
                }
            }
        }
    }

    @Test("a gateway that answers nothing takes its project's share, and no more")
    func slowProject() async throws {
        try await withGateway { request in
            request.path == "/slow" ? [.hang] : [.response(200, "x")]
        } change: { limits in
            limits.totalTimeout = .seconds(60)
            (limits.requestsPerProject, limits.requests) = (2, 3)
            (limits.waitingRequests, limits.waitingRequestsPerProject) = (3, 2)
            limits.waitTimeout = .milliseconds(300)
        } test: { gateway, target, stub in
            var other = target
            other.ref = try #require(ProjectRef("bbbbbbbbbbbbbbbbbbbb"))
            let slow = try GatewayRequest(path: "/slow")
            let own = target
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<2 { group.addTask { _ = await Self.failure(gateway, request: slow, target: own) } }
                #expect(await stub.eventually { $0.requests.count == 2 })
                // Two wait for nothing, the others are refused at once.
                for _ in 0..<4 {
                    group.addTask { #expect(await Self.failure(gateway, request: slow, target: own) == .busy) }
                }
                let answer = try await gateway.send(try GatewayRequest(path: "/"), to: other)
                #expect(answer.status == 200)
                for _ in 0..<4 { try await group.next() }
                #expect(stub.requests.count == 3)
                group.cancelAll()
            }
            // The places come back.
            #expect(try await gateway.send(try GatewayRequest(path: "/"), to: target).status == 200)
        }
    }

    @Test("cancelling the task ends the request")
    func cancellation() async throws {
        try await withGateway { _ in
            [.hang]
        } test: { gateway, target, stub in
            let request = try GatewayRequest(path: "/")
            let error = await withTaskGroup(of: ProjectGatewayError?.self) { group in
                group.addTask { await Self.failure(gateway, request: request, target: target) }
                #expect(await stub.eventually { $0.requests.count == 1 })
                group.cancelAll()
                return await group.next() ?? nil
            }
            #expect(error == .cancelled)
        }
    }

    @Test(
        "paths that could lead elsewhere are refused",
        arguments: [
            "", "rest", "http://127.0.0.1/", "/a/../b", "/..", "/.", "/a/./b", "/%2e%2e/b", "/a/.%2E/b", "/a%2f..%2fb",
            "/a\\..\\b", "/a%5c..%5cb", "/a b", "/a\nb", "/a%0ab", "/a%00", "/a%7f", "/a?b", "/a#b", "/é", "/%", "/%4",
            "/%zz", "/%+1", "/a\"b", "/{a}",
        ])
    func badPaths(path: String) {
        #expect(throws: ProjectGatewayError.self) { try GatewayRequest(path: path) }
    }

    @Test(
        "ordinary paths are taken",
        arguments: ["/", "/a/b-c._~/d", "/a%20b", "/a..b/...", "/a:b@c;d=e,f!$&'()*+", "//"])
    func goodPaths(path: String) throws {
        #expect(try GatewayRequest(path: path).target == path)
    }

    @Test("whatever the bytes of a text, it is one segment, and comes back")
    func segments() throws {
        var generator = SplitMix(state: 1)
        for _ in 0..<200 {
            let scalars = (0..<8).map { _ in Unicode.Scalar(UInt32.random(in: 32...0x2FF, using: &generator)) ?? "x" }
            let text = "x" + String(String.UnicodeScalarView(scalars.filter { $0.value != 127 }))
            let encoded = GatewayRequest.encoded(text)
            #expect(encoded.utf8.allSatisfy { $0 > 32 && $0 < 127 && !"/?#&=+\\".utf8.contains($0) })
            #expect(encoded.removingPercentEncoding == text)
        }
    }

    private static func failure(
        _ gateway: CurlProjectGateway, request: GatewayRequest, target: GatewayTarget
    ) async -> ProjectGatewayError? {
        do throws(ProjectGatewayError) {
            let answer = try await gateway.send(request, to: target)
            Issue.record("no error; status \(answer.status)")
            return nil
        } catch {
            return error
        }
    }

    private func withGateway(
        answer: @escaping @Sendable (StubRequest) -> [StubStep],
        change: (inout ProjectGatewayLimits) -> Void = { _ in },
        test: (CurlProjectGateway, GatewayTarget, StubServer) async throws -> Void
    ) async throws {
        let stub = try StubServer(.loopback, answer: answer)
        defer { stub.stop() }
        var limits = ProjectGatewayLimits()
        limits.totalTimeout = .milliseconds(500)
        limits.maximumAnswerBytes = 1_000
        limits.maximumRequestBytes = 1_000
        change(&limits)
        let client = try HTTPClient(limits: limits.client)
        let target = GatewayTarget(
            ref: try #require(ProjectRef("abcdefghijklmnopqrst")), baseURL: "http://127.0.0.1:\(stub.port)",
            serviceKey: Secret("service-key-text"))
        let result: Result<Void, any Error>
        do {
            result = .success(try await test(CurlProjectGateway(client: client, limits: limits), target, stub))
        } catch {
            result = .failure(error)
        }
        await client.shutdown()
        try result.get()
    }
}
