import HTTPTypes
import ProjectModel
import Testing

@testable import ManagementAPI

/// A path with a ref that no project has.
private func path(of route: Route) -> String { route.path.replacing("{ref}", with: "abcdefghijklmnopqrst") }

private let protectedRoutes: [(method: String, path: String, permission: Permission)] = {
    var found: [(String, String, Permission)] = []
    for route in allRoutes() {
        if case .permission(let permission) = route.access {
            found.append((route.method.rawValue, path(of: route), permission))
        }
    }
    return found
}()

/// Accepts any token for somebody with these permissions.
private struct PermissiveVerifier: AccessTokenVerifier {
    let permissions: Set<Permission>

    func principal(for token: Secret<String>) async throws(AccessTokenError) -> Principal? {
        Principal(name: "somebody", permissions: permissions)
    }
}

/// Stands for a database of tokens that is down.
private struct DeadVerifier: AccessTokenVerifier {
    func principal(for token: Secret<String>) async throws(AccessTokenError) -> Principal? {
        throw .unavailable("no database")
    }
}

@Suite("Authentication")
struct AuthenticationTests {
    @Test("every route but the two probes wants a token: none, a malformed one and a wrong one are 401")
    func everyRouteIsProtected() async throws {
        #expect(protectedRoutes.count > 20)
        #expect(Set(allRoutes().filter { $0.access == .open }.map(\.path)) == ["/health", "/ready"])
        try await APIHost.run { host in
            let wrong = "sbp_" + String(repeating: "f", count: 40)
            for (method, path, _) in protectedRoutes {
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

    @Test("a principal without the permission of a route gets 403 there and nowhere else")
    func permissions() async throws {
        for missing in Permission.allCases {
            let verifier = PermissiveVerifier(permissions: Set(Permission.allCases).subtracting([missing]))
            try await APIHost.run(verifier: verifier) { host in
                for (method, path, permission) in protectedRoutes {
                    let status = try await host.send(method, path).status
                    #expect(
                        (status == 403) == (permission == missing), "\(method) \(path) without \(missing): \(status)")
                }
            }
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

    @Test(
        "only sbp_ and forty lower-case hexadecimal digits are an access token",
        arguments: [
            "", "sbp_", String(repeating: "a", count: 44), "sbp_" + String(repeating: "A", count: 40),
            "sbp_" + String(repeating: "a", count: 39), "sbp_" + String(repeating: "a", count: 41),
            "sbp_" + String(repeating: "g", count: 40), " sbp_" + String(repeating: "a", count: 40),
        ])
    func tokenForm(text: String) {
        #expect(throws: AccessToken.Problem.self) { try AccessToken(text) }
        #expect((try? AccessToken(APIHost.token)) != nil)
    }
}
