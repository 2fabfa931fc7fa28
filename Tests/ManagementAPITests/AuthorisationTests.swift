import HTTPTypes
import Identity
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

/// Every route of the document, each held against who may use it. There is no list to keep: a new route is a new case.
@Suite("Authorisation")
struct AuthorisationTests {
    /// What may stand for a parameter of a path. A route with another parameter fails the test until it is named here.
    static func path(of route: Route, _ ref: ProjectRef, slug: String = "default") -> String? {
        var path = route.path
        for name in route.parameterNames {
            let value: String? =
                switch name {
                case "ref": ref.text
                case "slug": slug
                case "id", "role_id", "run_id", "number", "version", "bucket_id", "template", "name", "token",
                    "service", "variant", "addon_variant", "tpa_id", "provider_id", "key", "backup_id":
                    "1"
                case "gotrue_id", "user_id", "session_id", "operation", "branch_id_or_ref", "key_id", "identifier":
                    "00000000-0000-4000-8000-000000000099"
                case "function_slug", "slug_or_id", "event", "what", "kind", "document", "endpoint",
                    "registry":
                    "absent"
                default: nil
                }
            guard let value else { return nil }
            path = path.replacing("{\(name)}", with: value)
        }
        return path
    }

    private static let protected = allRoutes().filter { $0.access != .open }

    @Test("every route that names a project or an organization asks for a permission there")
    func everyRouteIsCovered() {
        for route in Self.protected {
            let ref = ProjectRef("abcdefghijklmnopqrst")
            #expect(ref.flatMap { Self.path(of: route, $0) } != nil, "\(route.name) has an unknown parameter")
            if route.isInside {
                guard case .anyOf(let permissions) = route.access else {
                    Issue.record("\(route.name) does not check membership")
                    continue
                }
                #expect(!permissions.isEmpty, "\(route.name)")
            }
        }
    }

    @Test("open routes are these and no others")
    func openRoutes() {
        let open = Set(allRoutes().filter { $0.access == .open }.map(\.name))
        #expect(open.isSubset(of: Self.openRoutes), "\(open.subtracting(Self.openRoutes))")
    }

    private static let openRoutes: Set<String> = [
        "GET /health", "GET /ready", "GET /openapi.json", "POST /auth/v1/token", "POST /auth/v1/signup",
        "POST /auth/v1/recover", "GET /auth/v1/settings", "GET /auth/v1/health",
        "GET /auth/v1/.well-known/jwks.json", "POST /platform/signup", "POST /platform/reset-password",
        "GET /platform/status", "GET /platform/cli/login/{session_id}", "POST /auth/v1/otp", "POST /auth/v1/verify",
        "GET /auth/v1/verify", "POST /auth/v1/sso", "GET /auth/v1/authorize", "POST /auth/v1/magiclink",
        "POST /auth/v1/resend",
    ]

    @Test("non-members get 404 for a project or organization, and nothing happens")
    func strangers() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let before = try await host.store.project(ref)
            for route in Self.protected where route.isInside {
                let path = try #require(Self.path(of: route, ref))
                let answer = try await host.send(
                    route.method.rawValue, path, body: "{}", token: Person.stranger.token)
                #expect(answer.status == 404, "\(route.name): \(answer.status)")
            }
            #expect(try await host.store.project(ref) == before)
        }
    }

    @Test("a token that lacks the permission of a route gets 403 there", arguments: Permission.allCases)
    func missingPermission(missing: Permission) async throws {
        let routes = Self.protected.filter { $0.access == .permission(missing) }
        guard !routes.isEmpty else { return }
        let scope = TokenScope(
            tokenID: "00000000-0000-4000-8000-000000000001",
            permissions: Set(Permission.allCases).subtracting([missing]), organizationSlugs: nil, projectRefs: nil)
        var scoped = Person.owner.principal
        scoped.credential = .scopedToken(scope)
        var table = TokenTable()
        let token = "sbp_" + String(repeating: "abcde", count: 8)
        table.principals[token] = scoped
        try await APIHost.run(verifier: table) { host in
            let ref = try await host.create()
            for route in routes {
                let path = try #require(Self.path(of: route, ref))
                let answer = try await host.send(route.method.rawValue, path, body: "{}", token: token)
                #expect(answer.status == 403, "\(route.name): \(answer.status)")
                #expect(try answer.message?.contains(missing.rawValue) == true)
            }
        }
    }

    @Test(
        "members may what their role may: no less and no more",
        arguments: [Person.administrator, .developer, .readOnly])
    func roles(person: Person) async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let granted = person.principal.permissions(in: "default", project: ref)
            for route in Self.protected {
                guard case .anyOf(let permissions) = route.access, permissions.allSatisfy({ !granted.contains($0) }),
                    route.parameterNames.contains("ref") || route.parameterNames.contains("slug")
                else { continue }
                let path = try #require(Self.path(of: route, ref))
                let answer = try await host.send(route.method.rawValue, path, body: "{}", token: person.token)
                #expect(answer.status == 403, "\(route.name): \(answer.status)")
            }
        }
    }
}

extension Route {
    /// Whether it is about a project or an organization that requires membership. An invited account is no member yet:
    /// the token of the invitation is what they show.
    fileprivate var isInside: Bool {
        let forInvited = path == "/platform/organizations/{slug}/members/invitations/{token}" && method != .delete
        return !forInvited && (parameterNames.contains("ref") || parameterNames.contains("slug"))
    }
}
