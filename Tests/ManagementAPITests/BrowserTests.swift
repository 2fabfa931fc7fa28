import HTTPTypes
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

@Suite("Calls from browsers")
struct BrowserTests {
    private static let studio = "http://studio.example.com:3000"

    private static let configuration: ManagementAPIConfiguration = {
        var configuration = APIHost.configuration
        configuration.cors = CORSPolicy(origins: [studio])
        return configuration
    }()

    @Test("a preflight of a configured origin is answered on every path, without a token")
    func preflight() async throws {
        try await APIHost.run(configuration: Self.configuration) { host in
            for path in Set(allRoutes().map(\.path)) {
                let concrete = path.replacing(/\{\w+\}/, with: "abcdefghijklmnopqrst")
                let answer = try await host.send(
                    "OPTIONS", concrete, token: nil,
                    headers: [("Origin", Self.studio), ("Access-Control-Request-Method", "POST")])
                #expect(answer.status == 204, "\(path)")
                #expect(answer.header("Access-Control-Allow-Origin") == Self.studio)
                #expect(answer.header("Access-Control-Allow-Credentials") == "true")
                #expect(answer.header("Access-Control-Allow-Methods")?.contains("DELETE") == true)
                for name in ["authorization", "content-type", "x-request-id", "x-connection-encrypted", "version"] {
                    #expect(answer.header("Access-Control-Allow-Headers")?.contains(name) == true)
                }
                #expect(answer.header("Vary") == "Origin")
            }
        }
    }

    @Test("answers to a configured origin name it exactly, refusals too; another origin gets no header")
    func origins() async throws {
        try await APIHost.run(configuration: Self.configuration) { host in
            for token in [APIHost.token, nil] {
                let known = try await host.send(
                    "GET", "/platform/projects", token: token, headers: [("Origin", Self.studio)])
                #expect(known.header("Access-Control-Allow-Origin") == Self.studio)
                #expect(known.header("Access-Control-Expose-Headers")?.contains("Retry-After") == true)
            }
            for origin in ["http://evil.example.com", "null", "\(Self.studio).evil.example.com", ""] {
                let other = try await host.send("GET", "/platform/projects", headers: [("Origin", origin)])
                #expect(other.header("Access-Control-Allow-Origin") == nil)
                #expect(other.header("Access-Control-Allow-Credentials") == nil)
            }
        }
    }

    @Test("every answer says that its type counts, who may embed it, and that nothing keeps it")
    func protection() async throws {
        try await APIHost.run(configuration: Self.configuration) { host in
            let asked: [(String, String, String?)] = [
                ("GET", "/platform/projects", APIHost.token), ("GET", "/platform/projects", nil),
                ("GET", "/health", nil), ("GET", "/nowhere", nil), ("POST", "/auth/v1/token?grant_type=password", nil),
            ]
            for (method, path, token) in asked {
                for (origin, policy) in [(Self.studio, "cross-origin"), ("http://evil.example.com", "same-origin")] {
                    let answer = try await host.send(method, path, token: token, headers: [("Origin", origin)])
                    #expect(answer.header("X-Content-Type-Options") == "nosniff", "\(path)")
                    #expect(answer.header("Cross-Origin-Resource-Policy") == policy, "\(path)")
                    #expect(answer.header("Cache-Control") == "no-store", "\(path)")
                }
            }
            let keys = try await host.send("GET", "/auth/v1/.well-known/jwks.json", token: nil)
            #expect(keys.header("Cache-Control") == "public, max-age=600")
            #expect(keys.header("Cross-Origin-Resource-Policy") == "same-origin")
        }
    }

    @Test("an unknown path is 404 for a preflight too")
    func unknownPath() async throws {
        try await APIHost.run(configuration: Self.configuration) { host in
            let answer = try await host.send("OPTIONS", "/nowhere", token: nil)
            #expect(answer.status == 404)
        }
    }

    @Test("HEAD answers what GET would, without its body")
    func head() async throws {
        try await APIHost.run { host in
            let get = try await host.send("GET", "/platform/projects")
            let head = try await host.send("HEAD", "/platform/projects")
            #expect(head.status == 200)
            #expect(head.body.isEmpty)
            #expect(head.header("Content-Length") == get.header("Content-Length"))
            #expect(try await host.send("GET", "/platform/projects").status == 200)
        }
    }
}
