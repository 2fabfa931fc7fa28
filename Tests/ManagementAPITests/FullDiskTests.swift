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
        let routes = allRoutes().filter { $0.operation.answer.status.code < 400 && $0.diskNeed != .none }
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
            let isSQL = route.path.hasSuffix("/query")
            #expect((answer.status == 507) == !isSQL, "\(route.name): \(answer.status) \(answer.text)")
        }
    }

    @Test("what changes something and neither ends nor removes anything needs room, whatever it is called")
    func needs() {
        let exempt = allRoutes().filter { route in
            if case .seen = route.effect { return false }
            return route.effect.action != nil && route.diskNeed == .none && route.method != .delete
        }
        let kinds = Set(exempt.map { $0.endsCredentials ? "ends credentials" : $0.path.split(separator: "/").last! })
        #expect(kinds == ["ends credentials", "pause"])
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
            let key = [(name: "Idempotency-Key", value: "pause")]
            let path = "/platform/projects/\(ref)/pause"
            #expect(try await host.send("POST", path, headers: key).status == 201)
            let again = try await host.send("POST", path, headers: key)
            #expect(again.status == 409 && again.header("Idempotency-Replayed") == "true")
            #expect(try await host.send("DELETE", "/platform/projects/\(ref)").status == 200)
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
                account: owner.account.id, credential: "other", text: "x", payload: [])
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

    @Test("an account has its bytes for a day, then waits; what ends things has more, and others have their own")
    func limits() {
        let budget = AuditBudget()
        budget.charge("a", bytes: AuditBudget.bytesMax - 1, at: start)
        #expect(budget.hasRoom(for: "a", need: .growth, at: start))
        budget.charge("a", bytes: 1, at: start)
        #expect(!budget.hasRoom(for: "a", need: .growth, at: start))
        #expect(!budget.hasRoom(for: "a", need: .entry, at: start))
        #expect(budget.hasRoom(for: "a", need: .none, at: start) && budget.hasRoom(for: "b", need: .growth, at: start))
        budget.charge("a", bytes: AuditBudget.bytesMax, at: start)
        #expect(!budget.hasRoom(for: "a", need: .none, at: start))
        #expect(budget.hasRoom(for: "a", need: .growth, at: start + AuditBudget.span))
        budget.charge("a", bytes: 1, at: start + AuditBudget.span)
        #expect(budget.hasRoom(for: "a", need: .growth, at: start + AuditBudget.span))
    }

    @Test("of very many accounts those who caused most stay counted")
    func many() {
        let budget = AuditBudget()
        budget.charge("greedy", bytes: AuditBudget.bytesMax, at: start)
        for number in 0..<25_000 { budget.charge("\(number)", bytes: 640, at: start) }
        #expect(!budget.hasRoom(for: "greedy", need: .growth, at: start))
    }
}
