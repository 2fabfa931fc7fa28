import HTTPTypes
import Identity
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

/// Every route that changes something, sent again with the same `Idempotency-Key` by every other credential of the
/// same account. A new route is a new case automatically.
@Suite("Answers and credentials")
struct CredentialBoundAnswersTests {
    private static let hosts = 8
    private static let key = [(name: "Idempotency-Key", value: "create-token-1")]
    private static let narrowToken = "sbp_" + String(repeating: "abcde", count: 8)

    private static let mutating = allRoutes().filter {
        $0.isRepeatable && ValidRequests.refusals[$0.name] == nil && $0.operation.answer.status.code < 400
    }

    @Test(
        "an answer is repeated to the credential that got it, without its secrets, and to no other",
        arguments: 0..<hosts)
    func answers(part: Int) async throws {
        let routes = Self.mutating.enumerated().filter { $0.offset % Self.hosts == part }.map(\.element)
        #expect(!routes.isEmpty)
        for route in routes {
            do { try await self.check(route) } catch { Issue.record("\(route.name): \(error)") }
        }
    }

    private func check(_ route: Route) async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            try await host.set(.starting, of: ref)
            try await host.set(.active, of: ref)
            var request = try await ValidRequests.all[route.name]?(host, ref) ?? ValidRequest()
            request.headers += Self.key
            // Keys are shown only where they are asked for.
            if route.operation.query.contains(where: { $0.name == "reveal" }) { request.query = "reveal=true" }
            let person: Person = request.token == Person.stranger.token ? .stranger : .owner
            let (session, narrow) = (try await host.session(of: person), try await Self.narrow(host, person))
            let others = [person.token, try await host.session(of: person), narrow]
            // One text for all: an example is encoded in any order of its fields.
            if request.body == nil { request.body = try route.operation.body.example(request.ref ?? ref) }
            request.token = session
            let first = try await request.send(to: route, host, ref)
            #expect((200..<300).contains(first.status), "\(route.name): \(first.status) \(first.text)")
            for other in others {
                request.token = other
                let answer = try await request.send(to: route, host, ref)
                #expect(answer.header("Idempotency-Replayed") == nil, "\(route.name)")
            }
            request.token = narrow
            let refused = try await request.send(to: route, host, ref)
            // A new password has revoked it.
            #expect([401, 403, 404].contains(refused.status), "\(route.name): \(refused.status)")
            request.token = session
            let repeated = try await request.send(to: route, host, ref)
            // Sessions end with what ends them, and a deleted account is not let in.
            guard ![401, 404].contains(repeated.status) else { return }
            #expect(repeated.header("Idempotency-Replayed") == "true", "\(route.name): \(repeated.text)")
            #expect(repeated.status == (route.secrets == .shownOnce ? 409 : first.status), "\(route.name)")
            let secrets = try await Self.secrets(in: first, host, ref)
            #expect(secrets.isEmpty == (route.secrets == .none), "\(route.name) shows \(secrets.count)")
            // Publishable keys are for everybody.
            if case .fields = route.secrets, try first.json["type"]?.text != "publishable" {
                let events = host.ledger.entries.map(\.deed).filter { $0.route == route.name }
                #expect(events.contains { $0.target["shown"] != nil }, "\(route.name) shows a secret without a trace")
            }
            for secret in secrets { #expect(!repeated.text.contains(secret), "\(route.name) repeats a secret") }
        }
    }

    /// A token of the person that allows next to nothing.
    private static func narrow(_ host: APIHost, _ person: Person) async throws -> String {
        let answer = try await host.send(
            "POST", "/platform/profile/scoped-access-tokens",
            body: #"{"name":"narrow","permissions":["organizations_read"]}"#, token: person.token)
        return try answer.json["token"]?.text ?? ""
    }

    /// What an answer shows that opens something.
    private static func secrets(in answer: Answer, _ host: APIHost, _ ref: ProjectRef) async throws -> Set<String> {
        var known = Set(try await host.catalog.secrets(of: ref).values.map { $0.reveal() })
        if let json = try? answer.json {
            for field in ["token", "nonce", "secret_key", "api_key", "service_key", "password"] {
                if let text = json[field]?.text, !text.isEmpty { known.insert(text) }
            }
        }
        for match in answer.text.matches(of: /sbp_[0-9a-f]{40}|sb_secret_[A-Za-z0-9_-]{20,}|whsec_[^"]{20,}/) {
            known.insert(String(match.output))
        }
        return known.filter { answer.text.contains($0) }
    }

    @Test("whether the caller may is asked before an answer is repeated: a role that is gone takes it along")
    func rolesThatAreGone() async throws {
        try await APIHost.run { host in
            let body = APIHost.createBody("demo")
            let first = try await host.send(
                "POST", "/platform/projects", body: body, token: Person.administrator.token, headers: Self.key)
            #expect(first.status == 201)
            try await host.directory.addMember(
                Person.administrator.account.id, to: Organization.defaultSlug, as: .developer)
            let again = try await host.send(
                "POST", "/platform/projects", body: body, token: Person.administrator.token, headers: Self.key)
            #expect(again.status == 403)
            #expect(again.header("Idempotency-Replayed") == nil)
        }
    }
}
