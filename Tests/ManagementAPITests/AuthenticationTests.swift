import HTTPTypes
import Identity
import ProjectModel
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

/// A path with values that name nothing.
private func path(of route: Route) -> String {
    route.path.replacing("{ref}", with: "abcdefghijklmnopqrst").replacing(/\{\w+\}/, with: "1")
}

private let protectedRoutes = allRoutes().filter { $0.access != .open }.map { ($0.method.rawValue, path(of: $0)) }

/// Stands for a database of tokens that is down.
private struct DeadVerifier: AccessTokenVerifier {
    func principal(for token: Secret<String>) async throws(AccessTokenError) -> Principal? {
        throw .unavailable("no database")
    }

    func holds(_ principal: Principal) async throws(AccessTokenError) -> Bool { throw .unavailable("no database") }
}

@Suite("Authentication")
struct AuthenticationTests {
    @Test("every route that is not open wants a token: none, a malformed one and a wrong one are 401")
    func everyRouteIsProtected() async throws {
        #expect(protectedRoutes.count > 20)
        try await APIHost.run { host in
            let wrong = "sbp_" + String(repeating: "f", count: 40)
            for (method, path) in protectedRoutes {
                for token in [nil, wrong, "", "two words", String(wrong.dropLast()), APIHost.token + "0"] {
                    let answer = try await host.send(method, path, token: token)
                    #expect(answer.status == 401, "\(method) \(path)")
                    #expect(answer.header("WWW-Authenticate") == "Bearer")
                    #expect(answer.isJSON)
                    #expect(try answer.message?.isEmpty == false)
                }
            }
        }
    }

    @Test(
        "other forms of the header are 401",
        arguments: ["Basic dXNlcjpwYXNz", "Bearer", "\(APIHost.token)", "Bearer  x y", "Token \(APIHost.token)"])
    func malformedHeader(value: String) async throws {
        try await APIHost.run { host in
            let answer = try await host.send(
                "GET", "/platform/projects", token: nil, headers: [("Authorization", value)])
            #expect(answer.status == 401)
        }
    }

    @Test("two Authorization fields are 401, even if one of them is right")
    func twoHeaders() async throws {
        try await APIHost.run { host in
            let answer = try await host.send(
                "GET", "/platform/projects", headers: [("Authorization", "Bearer \(APIHost.token)")])
            #expect(answer.status == 401)
        }
    }

    @Test("the scheme is read without regard to case")
    func schemeCase() async throws {
        try await APIHost.run { host in
            let answer = try await host.send(
                "GET", "/platform/projects", token: nil, headers: [("authorization", "bearer \(APIHost.token)")])
            #expect(answer.status == 200)
        }
    }

    @Test("when tokens cannot be verified the answer is 503 with Retry-After, not 401")
    func verifierDown() async throws {
        try await APIHost.run(verifier: DeadVerifier()) { host in
            let answer = try await host.send("GET", "/platform/projects")
            #expect(answer.status == 503)
            #expect(answer.header("Retry-After") == "2")
        }
    }
}
