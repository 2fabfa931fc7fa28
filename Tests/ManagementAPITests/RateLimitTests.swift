import CurlKit
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

@Suite("Rate limits")
struct RateLimitTests {
    private static func configuration(_ limit: Int) -> ManagementAPIConfiguration {
        var configuration = APIHost.configuration
        configuration.requestsPerMinute = limit
        return configuration
    }

    @Test("every answer tells the limit, what is left and when it is renewed; one too many is 429 with Retry-After")
    func headers() async throws {
        try await APIHost.run(configuration: Self.configuration(3)) { host in
            for left in [2, 1, 0] {
                let answer = try await host.send("GET", "/platform/projects")
                #expect(answer.status == 200)
                #expect(answer.header("X-RateLimit-Limit") == "3")
                #expect(answer.header("X-RateLimit-Remaining") == "\(left)")
                let reset = try #require(answer.header("X-RateLimit-Reset").flatMap { Int($0) })
                #expect((1...60).contains(reset))
            }
            let refused = try await host.send("GET", "/platform/projects")
            #expect(refused.status == 429)
            #expect(refused.header("X-RateLimit-Remaining") == "0")
            #expect(refused.header("Retry-After") == refused.header("X-RateLimit-Reset"))
        }
    }

    @Test("people, projects and endpoints are counted apart")
    func apart() async throws {
        try await APIHost.run(configuration: Self.configuration(1)) { host in
            let ref = try await host.create("one")
            #expect(try await host.send("GET", "/platform/projects/\(ref)").status == 200)
            #expect(try await host.send("GET", "/platform/projects/\(ref)").status == 429)
            #expect(try await host.send("GET", "/platform/projects/\(ref)/status").status == 200)
            let other = try await host.send("GET", "/platform/projects/\(ref)", token: Person.readOnly.token)
            #expect(other.status == 200)
            #expect(try await host.send("GET", "/platform/projects/abcdefghijklmnopqrst").status == 404)
        }
    }

    @Test("wrong tokens are counted by address, so that guessing ends")
    func guessing() async throws {
        try await APIHost.run(configuration: Self.configuration(2)) { host in
            var statuses: [Int] = []
            for digit in 0..<4 {
                let token = "sbp_" + String(repeating: "\(digit)", count: 40)
                statuses.append(try await host.send("GET", "/platform/projects", token: token).status)
            }
            #expect(statuses == [401, 401, 429, 429])
            #expect(try await host.send("GET", "/platform/projects").status == 200)
        }
    }

    @Test("the document of all routes is open, and each address gets it only so often")
    func document() async throws {
        try await APIHost.run(configuration: Self.configuration(1)) { host in
            let url = "http://127.0.0.1:\(host.port)/openapi.json"
            var answers: [CurlKit.HTTPResponse] = []
            for _ in 0...RateLimiter.wholeFactor {
                // By the bare client: the host would hold each answer, a megabyte, to its schema.
                answers.append(try await host.client.send(CurlKit.HTTPRequest(method: "GET", url: url)))
            }
            #expect(answers.first?.status == 200)
            #expect(answers.last?.status == 429)
            #expect(Set(answers.filter { $0.status == 200 }.map(\.body)).count == 1)
            #expect(try await host.send("GET", "/ready", token: nil).status == 200)
        }
    }

    @Test("probes are never limited")
    func probes() async throws {
        try await APIHost.run(configuration: Self.configuration(1)) { host in
            for _ in 0..<5 {
                let answer = try await host.send("GET", "/health", token: nil)
                #expect(answer.status == 200)
            }
        }
    }

    @Test("a client that asks for ever new paths, in its path or with other credentials, meets the total bound")
    func paths() async throws {
        try await APIHost.run(configuration: Self.configuration(3)) { host in
            var statuses: [Int] = []
            for number in 0..<40 {
                let path = "/platform/projects/\(ProjectRef.sample(UInt64(number)))"
                statuses.append(try await host.send("GET", path).status)
            }
            #expect(statuses.prefix(30).allSatisfy { $0 == 404 })
            #expect(statuses.dropFirst(30).allSatisfy { $0 == 429 })
            #expect(try await host.send("GET", "/platform/projects", token: Person.readOnly.token).status == 200)
            var guesses: [Int] = []
            for number in 0..<5 {
                let path = "/platform/projects/\(ProjectRef.sample(UInt64(number)))"
                let token = "sbp_" + String(repeating: "\(number)", count: 40)
                guesses.append(try await host.send("GET", path, token: token).status)
            }
            #expect(guesses == [401, 401, 401, 429, 429])
        }
    }

    @Test("paths that do not exist are counted by network, for any credential, apart from existing paths")
    func unknownPaths() async throws {
        try await APIHost.run(configuration: Self.configuration(1)) { host in
            var statuses: [Int] = []
            for (number, method) in ["GET", "POST", "OPTIONS", "DELETE"].enumerated() {
                for token in [nil, Person.owner.token, "sbp_" + String(repeating: "0", count: 40)] {
                    let answer = try await host.send(method, "/no/such/path/\(number)", token: token)
                    statuses.append(answer.status)
                    #expect(answer.header("X-RateLimit-Limit") == "10")
                }
            }
            #expect(statuses == Array(repeating: 404, count: 10) + [429, 429])
            #expect(try await host.send("PATCH", "/platform/projects").status == 429)
            #expect(try await host.send("OPTIONS", "/platform/projects", token: nil).status == 204)
            #expect(try await host.send("GET", "/platform/projects").status == 200)
        }
    }

    @Test("probes that ask database and engine are limited, generously; others are not")
    func readiness() async throws {
        try await APIHost.run(configuration: Self.configuration(1)) { host in
            var statuses: [Int] = []
            for _ in 0..<12 { statuses.append(try await host.send("GET", "/ready", token: nil).status) }
            #expect(statuses == Array(repeating: 200, count: 10) + [429, 429])
        }
    }

    private static func endpoint(_ number: Int) -> RateLimiter.Endpoint {
        RateLimiter.Endpoint(scope: "\(number)", name: "GET /")
    }

    @Test("a window ends after a minute, and what is forgotten takes no memory")
    func windows() {
        let start = ContinuousClock.now
        let limiter = RateLimiter(limit: 1, now: start)
        func isAdmitted(_ seconds: Int64) -> Bool? {
            limiter.admit(client: "a", endpoint: Self.endpoint(1), at: start + .seconds(seconds))?.isAdmitted
        }
        #expect([0, 59, 60].map { isAdmitted($0) } == [true, false, true])
        _ = limiter.admit(client: "b", endpoint: nil, at: start + .seconds(200))
        #expect(limiter.counts == (1, 0))
        #expect(RateLimiter(limit: nil).admit(client: "a", endpoint: nil) == nil)
    }

    @Test("no client makes more windows than its own bound, and its whole counts on")
    func boundOfOne() {
        let start = ContinuousClock.now
        let limiter = RateLimiter(limit: 1_000, now: start)
        for number in 0..<9_999 { _ = limiter.admit(client: "a", endpoint: Self.endpoint(number), at: start) }
        #expect(limiter.counts == (1, RateLimiter.endpointsMax))
        #expect(limiter.admit(client: "a", endpoint: Self.endpoint(10_000), at: start)?.isAdmitted == true)
        #expect(limiter.admit(client: "a", endpoint: Self.endpoint(10_001), at: start)?.isAdmitted == false)
    }

    @Test("a flood of clients evicts the first of them only")
    func flood() {
        let start = ContinuousClock.now
        let limiter = RateLimiter(limit: 1, now: start)
        for number in 0..<RateLimiter.clientsMax - 1 {
            _ = limiter.admit(client: "\(number)", endpoint: nil, factor: 1, at: start)
        }
        let later = start + .seconds(1)
        _ = limiter.admit(client: "victim", endpoint: nil, factor: 1, at: later)
        for number in 0..<5_000 { _ = limiter.admit(client: "new \(number)", endpoint: nil, factor: 1, at: later) }
        #expect(limiter.counts.clients <= RateLimiter.clientsMax)
        #expect(limiter.admit(client: "victim", endpoint: nil, factor: 1, at: later)?.isAdmitted == false)
    }
}
