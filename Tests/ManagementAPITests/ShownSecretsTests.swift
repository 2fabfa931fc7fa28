import HTTPTypes
import Identity
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

/// Every route, asked by credentials with more and fewer permissions: whichever answer holds a secret of a project
/// leaves an entry in the audit trail, and its caller has the permission for that secret. A new route is a new case
/// automatically; which ones show secrets is written down.
@Suite("Secrets in answers")
struct ShownSecretsTests {
    private static let hosts = 8

    /// The routes that show a secret to an owner, with `reveal` where they know it.
    private static let showing: Set<String> = [
        "GET /platform/projects/{ref}/compose", "GET /platform/projects/{ref}/config/postgrest",
        "GET /platform/projects/{ref}/credentials", "GET /platform/projects/{ref}/settings",
        "GET /v1/projects/{ref}/api-keys", "GET /v1/projects/{ref}/api-keys/{id}", "GET /v1/projects/{ref}/postgrest",
        "DELETE /v1/projects/{ref}/api-keys/{id}", "PATCH /v1/projects/{ref}/api-keys/{id}",
        "POST /platform/projects",
    ]

    private struct Known: Hashable {
        let value: String
        let permission: Permission
    }

    private struct Caller {
        let token: String?
        /// Nil for the one that a route asks for: it may do everything.
        let granted: Set<Permission>?
        let name: String
    }

    @Test("each leaves a trace, and is for those with the permission for the secret", arguments: 0..<hosts)
    func answers(part: Int) async throws {
        let routes = allRoutes().enumerated().filter { $0.offset % Self.hosts == part }.map(\.element)
            .filter { ValidRequests.refusals[$0.name] == nil && $0.operation.answer.status.code < 400 }
        for route in routes {
            do {
                let shows = try await check(route)
                #expect(shows == Self.showing.contains(route.name), "\(route.name) shows a secret: \(shows)")
            } catch { Issue.record("\(route.name): \(error)") }
        }
    }

    /// Whether the route showed a secret to any caller.
    private func check(_ route: Route) async throws -> Bool {
        guard route.effect.isRepeatable else { return try await APIHost.run { try await ask(route, on: $0) { $0 } } }
        // Each caller changes a project of its own.
        var shows = false
        for number in Self.changingCallers {
            let isShown = try await APIHost.run { host in
                try await ask(route, on: host) { number < $0.count ? [$0[number]] : [] }
            }
            shows = shows || isShown
        }
        return shows
    }

    /// Which of ``callers(of:_:_:)`` ask for changes: the owner, a token for the route, a developer.
    private static let changingCallers = [0, 1, 5]

    /// Asks the route for some of the callers.
    private func ask(
        _ route: Route, on host: APIHost, chosen: @Sendable ([Caller]) -> [Caller]
    ) async throws -> Bool {
        let ref = try await host.create()
        // An active project would restart with another setting.
        for (method, path, body) in [
            ("POST", "secrets", #"[{"name":"OWN","value":"value-of-a-function-secret"}]"#),
            ("PATCH", "config/auth", #"{"smtp_pass":"value-of-a-secret-setting"}"#),
        ] {
            let answer = try await host.send(method, "/v1/projects/\(ref)/\(path)", body: body)
            guard answer.status < 300 else { throw HostError("\(path): \(answer.status)") }
        }
        try await host.set(.starting, of: ref)
        try await host.set(.active, of: ref)
        let request = try await ValidRequests.all[route.name]?(host, ref) ?? ValidRequest()
        let known = try await Self.known(host, ref).union(Self.known(host, request.ref ?? ref))
        let queries =
            route.operation.query.contains { $0.name == "reveal" } ? ["reveal=true", request.query] : [request.query]
        var shows = false
        for caller in chosen(try await Self.callers(of: route, request, host)) {
            for query in route.effect.isRepeatable ? Array(queries.prefix(1)) : queries {
                var request = request
                (request.token, request.query) = (caller.token, query)
                let before = Set(host.ledger.entries.map(\.hash))
                let answer = try await request.send(to: route, host, ref)
                let trail = host.ledger.entries.filter { !before.contains($0.hash) }.map(\.deed)
                let shown = try await known.union(Self.known(host, madeBy: answer)).filter {
                    answer.text.contains($0.value)
                }
                shows = shows || !shown.isEmpty
                Self.judge(route, by: caller, shown: shown, trail: trail)
            }
        }
        return shows
    }

    private static func judge(_ route: Route, by caller: Caller, shown: Set<Known>, trail: [AuditDeed]) {
        let (texts, name) = (trail.map { $0.canonical(number: 1) }, "\(route.name) to \(caller.name)")
        for secret in shown {
            let isGranted = caller.granted?.contains(secret.permission) ?? true
            #expect(isGranted, "\(name) without \(secret.permission.rawValue)")
            #expect(!texts.contains { $0.contains(secret.value) }, "\(name): the trail holds a secret")
        }
        guard !shown.isEmpty else { return }
        #expect(trail.contains { $0.action == route.effect.action }, "\(name) leaves no trace")
    }

    /// The owner, and callers with the route's own permissions: with nothing else, with one that opens secrets, with
    /// all but these, and by role.
    private static func callers(of route: Route, _ request: ValidRequest, _ host: APIHost) async throws -> [Caller] {
        let own = Caller(token: request.token, granted: nil, name: "the owner")
        guard case .anyOf(let permissions) = route.access, request.token == APIHost.token else { return [own] }
        let least = Set(permissions)
        let opening: Set<Permission> = [.apiKeysRead, .signingKeysRead, .functionSecretsRead]
        var callers = [own]
        for (name, granted) in [
            ("a token for the route", least), ("a token for keys", least.union([.apiKeysRead])),
            ("a token for signing keys", least.union([.signingKeysRead])),
            ("a token for all but secrets", Set(Permission.allCases).subtracting(opening).union(least)),
        ] {
            let token = try await host.directory.createAccessToken(
                of: Person.owner.account.id, name: "scoped",
                scope: TokenLimits(permissions: granted, organizationSlugs: nil, projectRefs: nil), expiresAt: nil
            ).1.reveal()
            callers.append(Caller(token: token, granted: granted, name: name))
        }
        return callers + [
            Caller(token: Person.developer.token, granted: BaseRole.developer.permissions, name: "a developer"),
            Caller(token: Person.readOnly.token, granted: BaseRole.readOnly.permissions, name: "a read-only member"),
        ]
    }

    /// The secrets of a project, and what each asks for. The key of the role anon is public.
    private static func known(_ host: APIHost, _ ref: ProjectRef) async throws -> Set<Known> {
        let roles = TemplateNames.sample.roles
        var known: Set<Known> = []
        for (name, secret) in try await host.catalog.secrets(of: ref) where name != roles.tokens[.anon] {
            let permission: Permission = name == roles.secrets[.tokenSigning] ? .signingKeysRead : .apiKeysRead
            known.insert(Known(value: secret.reveal(), permission: permission))
        }
        for key in try await host.catalog.apiKeys(of: ref) where key.kind == .secret {
            known.insert(Known(value: key.key.reveal(), permission: .apiKeysRead))
        }
        known.insert(Known(value: "value-of-a-function-secret", permission: .functionSecretsRead))
        known.insert(Known(value: "value-of-a-secret-setting", permission: .projectAdminWrite))
        return known
    }

    /// The secrets of the project that the answer is about, where it is one that the request has made.
    private static func known(_ host: APIHost, madeBy answer: Answer) async throws -> Set<Known> {
        guard let ref = (try? answer.json)?["ref"]?.text.flatMap({ ProjectRef($0) }),
            try await host.store.project(ref) != nil
        else { return [] }
        return try await known(host, ref)
    }
}
