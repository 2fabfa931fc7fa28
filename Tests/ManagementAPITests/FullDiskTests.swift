import HTTPTypes
import Identity
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Synchronization
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

/// A tenant who may store things must not be able to take the disk from everybody: the manager's own database ends with
/// the last free byte.
@Suite("Room for what requests store")
struct FullDiskTests {
    private final class Disk: Sendable {
        let free = Atomic<UInt64>(.max)

        func leave(_ mebibytes: UInt64) { free.store(mebibytes << 20, ordering: .relaxed) }
    }

    private static let hosts = 4

    @Test(
        "with 200 MiB nothing new is stored, while reading, deleting, pausing, SQL and signing in continue",
        arguments: 0..<hosts)
    func everyRoute(part: Int) async throws {
        let routes = allRoutes().filter { $0.operation.answer.status.code < 400 && $0.effect.isRepeatable }
        #expect(routes.count > 70)
        for route in routes.enumerated().filter({ $0.offset % Self.hosts == part }).map(\.element) {
            guard ValidRequests.refusals[route.name] == nil else { continue }
            do { try await check(route) } catch { Issue.record("\(route.name): \(error)") }
        }
    }

    private func check(_ route: Route) async throws {
        let disk = Disk()
        try await APIHost.run(freeBytes: { disk.free.load(ordering: .relaxed) }) { host in
            let ref = try await host.create()
            try await host.set(.starting, of: ref)
            try await host.set(.active, of: ref)
            let request = try await ValidRequests.all[route.name]?(host, ref) ?? ValidRequest()
            disk.leave(200)
            let answer = try await request.send(to: route, host, ref)
            let mustRefuse = route.diskNeed == .growth
            #expect((answer.status == 507) == mustRefuse, "\(route.name): \(answer.status) \(answer.text)")
        }
    }

    @Test("what changes something needs room, but for what removes something, pauses or takes access away")
    func needs() {
        let exempt = allRoutes().filter { route in
            route.effect.isRepeatable && route.diskNeed != .growth && route.method != .delete && !route.endsCredentials
        }
        #expect(
            Set(exempt.map(\.name)) == [
                "POST /platform/projects/{ref}/pause", "POST /v1/projects/{ref}/pause", "PUT /auth/v1/user",
                "PATCH /platform/organizations/{slug}/members/{gotrue_id}",
                "PUT /platform/organizations/{slug}/members/{gotrue_id}/roles/{role_id}",
                "PUT /v1/projects/{ref}/api-keys/legacy", "PATCH /platform/projects/{ref}/config/secrets",
                "POST /platform/pg-meta/{ref}/query", "POST /v1/projects/{ref}/database/query",
                "PATCH /platform/projects/{ref}/db-password", "PATCH /v1/projects/{ref}/database/password",
            ])
    }

    @Test("who found a token keeps its owner neither from revoking it nor from a new password, whatever they spend")
    func spentByToken() async throws {
        var configuration = APIHost.configuration
        configuration.requestsPerMinute = 30
        try await APIHost.run(configuration: configuration) { host in
            let ref = try await host.create()
            try await host.set(.starting, of: ref)
            try await host.set(.active, of: ref)
            let session = try await host.session(of: .owner)
            let made = try await host.send(
                "POST", "/platform/profile/scoped-access-tokens",
                body: #"{"name":"found","permissions":["organizations_read","api_gateway_keys_read"]}"#, token: session)
            let (found, id) = try (#require(made.json["token"]?.text), #require(made.json["id"]?.text))
            let owner = try #require(try await host.directory.principal(for: Secret(session)))
            let budget = host.api.pipeline.mutations.budget
            for (credential, bytes) in [
                ("scoped_token \(id)", AuditBudget.sessionsBytesMax), ("session other", AuditBudget.removalBytesMax),
            ] {
                let holder = AuditBudget.Holder(account: owner.account.id, credential: credential)
                budget.charge(holder, bytes: bytes)
            }
            var last = 200
            for number in 0...30 * RateLimiter.wholeFactor where last != 429 {
                last = try await host.send("GET", "/platform/organizations?n=\(number)", token: found).status
            }
            #expect(last == 429)
            let all = "/platform/profile/scoped-access-tokens"
            #expect(try await host.send("DELETE", "\(all)/\(id)", token: found).status == 429)
            #expect(try await host.send("GET", all, token: session).status == 200)
            let path = "\(all)/\(id)"
            #expect(try await host.send("DELETE", path, token: session).status == 200)
            let more = try await host.send("POST", "/platform/organizations", body: #"{"name":"more"}"#, token: session)
            #expect(more.status == 201)
            #expect(try await host.send("GET", "/v1/projects/\(ref)/api-keys", token: session).status == 200)
            #expect(try await host.send("POST", "/platform/projects/\(ref)/pause", token: session).status == 201)
            let body = #"{"password":"another-long-password","current_password":"\#(Person.owner.password)"}"#
            #expect(try await host.send("PUT", "/auth/v1/user", body: body, token: session).status == 200)
        }
    }

    @Test("with 100 MiB SQL is refused, too; pausing and deleting continue, and keep no answer")
    func nothingLeft() async throws {
        let disk = Disk()
        try await APIHost.run(freeBytes: { disk.free.load(ordering: .relaxed) }) { host in
            let ref = try await host.create()
            try await host.set(.starting, of: ref)
            try await host.set(.active, of: ref)
            disk.leave(100)
            let sql = try await host.send("POST", "/platform/pg-meta/\(ref)/query", body: #"{"query":"select 1"}"#)
            #expect(sql.status == 507)
            #expect(try await host.send("GET", "/v1/projects/\(ref)/api-keys").status == 507)
            #expect(try await host.send("GET", "/v1/projects/\(ref)").status == 200)
            let key = [(name: "Idempotency-Key", value: "pause")]
            let path = "/platform/projects/\(ref)/pause"
            #expect(try await host.send("POST", path, headers: key).status == 201)
            let again = try await host.send("POST", path, headers: key)
            #expect(again.status == 409 && again.header("Idempotency-Replayed") == "true")
            #expect(try await host.send("DELETE", "/platform/projects/\(ref)").status == 200)
            disk.leave(60)
            #expect(try await host.send("DELETE", "/platform/projects/\(ref)").status == 507)
            #expect(try await host.send("GET", "/platform/projects").status == 200)
        }
    }

    @Test("an account without room for answers is refused with a key, and can end and remove things all the same")
    func fullOfAnswers() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let answer = StoredAnswer(
                status: 200, headers: [:],
                sealedBody: [UInt8](repeating: 0, count: IdempotencyKey.bytesPerAccountMax))
            let owner = try #require(try await host.directory.principal(for: Secret(APIHost.token)))
            let stored = IdempotencyKey(
                account: owner.account.id, credential: "access_token 0", text: "x", payload: [])
            try await host.ledger.keep(answer, for: stored, at: SystemTime().now())
            let key = [(name: "Idempotency-Key", value: "one-more")]
            let refused = try await host.send(
                "POST", "/platform/projects", bytes: Array(APIHost.createBody("second").utf8), headers: key)
            #expect(refused.status == 429 && refused.header("Retry-After") != nil)
            #expect(try await host.store.refs().count == 1)
            #expect(try await host.send("DELETE", "/platform/projects/\(ref)", headers: key).status == 200)
        }
    }
}

@Suite("The budget of the audit trail")
struct AuditBudgetTests {
    private let start = ContinuousClock.now
    private let session = AuditBudget.Holder(account: "a", credential: "session 1")

    @Test("tokens have their bytes for a day, then wait; removing has more, and other accounts have their own")
    func limits() {
        let budget = AuditBudget()
        let (token, next) = (
            AuditBudget.Holder(account: "a", credential: "access_token 1"),
            AuditBudget.Holder(account: "a", credential: "scoped_token 2")
        )
        budget.charge(token, bytes: AuditBudget.bytesMax - 1, at: start)
        #expect(budget.hasRoom(for: next, kind: .other, at: start))
        budget.charge(token, bytes: 1, at: start)
        #expect(!budget.hasRoom(for: next, kind: .other, at: start))
        #expect(budget.hasRoom(for: next, kind: .removal, at: start))
        for other in [session, .init(account: "b", credential: "access_token 1")] {
            #expect(budget.hasRoom(for: other, kind: .other, at: start))
        }
        budget.charge(next, bytes: AuditBudget.bytesMax, at: start)
        #expect(!budget.hasRoom(for: token, kind: .removal, at: start))
        #expect(budget.hasRoom(for: token, kind: .other, at: start + AuditBudget.span))
        budget.charge(token, bytes: 1, at: start + AuditBudget.span)
        #expect(budget.hasRoom(for: token, kind: .other, at: start + AuditBudget.span))
    }

    @Test("a session that spends what all have leaves another one its own, and all together have an end")
    func sessions() {
        let budget = AuditBudget()
        budget.charge(session, bytes: AuditBudget.removalBytesMax, at: start)
        #expect(!budget.hasRoom(for: session, kind: .other, at: start))
        #expect(!budget.hasRoom(for: session, kind: .removal, at: start))
        let other = AuditBudget.Holder(account: "a", credential: "session 2")
        #expect(budget.hasRoom(for: other, kind: .other, at: start))
        budget.charge(other, bytes: AuditBudget.ownBytesMax, at: start)
        #expect(!budget.hasRoom(for: other, kind: .removal, at: start))
        let third = AuditBudget.Holder(account: "a", credential: "session 3")
        #expect(budget.hasRoom(for: third, kind: .removal, at: start))
        budget.charge(session, bytes: AuditBudget.bytesMax, at: start)
        #expect(!budget.hasRoom(for: third, kind: .removal, at: start))
    }

    @Test("of very many accounts those who caused most stay counted")
    func many() {
        let budget = AuditBudget()
        let token = AuditBudget.Holder(account: "greedy", credential: "access_token 1")
        budget.charge(token, bytes: AuditBudget.bytesMax, at: start)
        for number in 0..<30_000 {
            budget.charge(.init(account: "\(number)", credential: "session 1"), bytes: 640, at: start)
        }
        #expect(!budget.hasRoom(for: token, kind: .other, at: start))
    }
}
