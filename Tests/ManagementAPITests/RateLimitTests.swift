import ProjectModel
import Testing

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

    @Test("probes are never limited")
    func probes() async throws {
        try await APIHost.run(configuration: Self.configuration(1)) { host in
            for _ in 0..<5 {
                let answer = try await host.send("GET", "/health", token: nil)
                #expect(answer.status == 200)
            }
        }
    }

    @Test("a window ends after a minute, and what is forgotten takes no memory")
    func windows() {
        let start = ContinuousClock.now
        let limiter = RateLimiter(limit: 1, now: start)
        func key(_ name: Int) -> RateLimiter.Key { RateLimiter.Key(client: "\(name)", scope: "", endpoint: "") }
        #expect(limiter.admit(key(1), at: start)?.isAdmitted == true)
        #expect(limiter.admit(key(1), at: start + .seconds(59))?.isAdmitted == false)
        #expect(limiter.admit(key(1), at: start + .seconds(60))?.isAdmitted == true)
        for name in 0..<RateLimiter.windowsMax + 10 { _ = limiter.admit(key(name), at: start + .seconds(61)) }
        #expect(limiter.windowCount <= RateLimiter.windowsMax)
        _ = limiter.admit(key(0), at: start + .seconds(200))
        #expect(limiter.windowCount == 1)
        #expect(RateLimiter(limit: nil).admit(key(1)) == nil)
    }
}
