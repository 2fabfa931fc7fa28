import HTTPTypes
import Identity
import NIOCore
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

@Suite("Audit trail")
struct AuditTrailTests {
    @Test("an action is audited: actor, action, object, origin, before and after")
    func entry() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            try await host.bring(ref, to: .active)
            _ = try await host.send(
                "POST", "/platform/projects/\(ref)/pause", token: Person.administrator.token,
                headers: [("X-Request-Id", "from-the-test")])
            let trail = try await host.ledger.trail(AuditQuery(scope: .organization("default")))
            #expect(trail.map(\.deed.action) == ["project.pause", "project.create"])
            let deed = try #require(trail.first?.deed)
            #expect(deed.actorID == Person.administrator.account.id)
            #expect(deed.actorEmail == "administrator@example.com")
            #expect(deed.credential == "access_token 2")
            #expect(deed.route == "POST /platform/projects/{ref}/pause")
            #expect(deed.status == 201)
            #expect(deed.target == ["project": ref.text])
            #expect(deed.address == "127.0.0.1")
            #expect(deed.requestID == "from-the-test")
            #expect(deed.before == ["status": "ACTIVE"])
            #expect(deed.after == ["status": "PAUSING"])
        }
    }

    @Test("what is refused or only read leaves no entry")
    func nothingDone() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            _ = try await host.send("GET", "/platform/projects/\(ref)")
            _ = try await host.send("POST", "/platform/projects", body: #"{"name":""}"#)
            _ = try await host.send("POST", "/platform/projects/\(ref)/restore")
            _ = try await host.send("DELETE", "/platform/projects/\(ref)", token: Person.readOnly.token)
            #expect(host.ledger.entries.map(\.deed.action) == ["project.create"])
        }
    }

    @Test("SQL that outlives its request is written down with an unknown outcome, and its key is not used again")
    func unknownOutcome() async throws {
        var limits = ServerLimits()
        limits.longRequestDeadline = .milliseconds(300)
        try await APIHost.run(limits: limits) { host in
            let ref = try await host.create()
            try await host.bring(ref, to: .active)
            host.databases.hang()
            let body = #"{"query":"delete from todos"}"#
            let path = "/v1/projects/\(ref)/database/query"
            let key = [(name: "Idempotency-Key", value: "once")]
            #expect(try await host.send("POST", path, body: body, headers: key).status == 503)
            let deed = try #require(host.ledger.entries.last?.deed)
            #expect(deed.action == "database.query" && deed.status == 503)
            #expect(deed.target["project"] == ref.text && deed.target["statement"] != nil)
            #expect(deed.after["outcome"]?.hasPrefix("unknown") == true)
            #expect(deed.actorID == Person.owner.account.id)
            #expect(try await host.send("POST", path, body: body, headers: key).status == 409)
            #expect(host.databases.calls.count == 1)
        }
    }

    @Test("when the entry cannot be written, what it is about did not happen")
    func together() async throws {
        let store = InMemoryProjectStore()
        let units = InMemoryUnitOfWork([store])
        let runner = MutationRunner(
            units: units, verifier: TokenTable(), ledger: BrokenLedger(), sealer: PlainSealer(), time: SystemTime(),
            freeBytes: { nil })
        let parts = try APIHost.parts(
            store: store, engine: FakeEngine(time: SystemTime()), renderer: TestRenderer(), log: LogRecorder())
        let route = Route(
            .post, "/x", access: .signedIn, effect: .change("x"), operation: Operation(summary: "", answer: .empty(.ok))
        ) { _ in
            _ = try await parts.catalog.create(ProjectRequest(name: "demo", organizationSlug: "default"))
            return APIResponse(.ok)
        }
        let request = APIRequest(
            parameters: [:], query: try QueryParameters(""), body: .init(), principal: Person.owner.principal)
        let call = MutationRunner.Call(
            route: route, request: request, identifier: RequestIdentifier(headers: [:]), key: nil)
        await #expect(throws: StoreError.self) { () async throws in try await runner.run(call) }
        #expect(try await store.refs().isEmpty)
    }

    @Test("no two different events have the same canonical text, however their values are chosen")
    func canonical() {
        func deed(_ target: [String: String], before: [String: String] = [:], action: String = "a") -> AuditDeed {
            AuditDeed(
                scope: .organization("o"), at: Timestamp(milliseconds: 0), actorID: "i", actorEmail: "e",
                credential: "c", action: action, route: "r", status: 200, target: target, address: "x",
                requestID: "q", before: before)
        }
        let events = [
            deed([:]), deed(["a": "b"]), deed([:], before: ["a": "b"]), deed(["a": "b\n8:target.c=1:d"]),
            deed(["a": "b", "c": "d"]), deed(["a": ""]), deed([:], action: "a\n5:route=1:r"),
        ]
        #expect(Set(events.map { $0.canonical(number: 1) }).count == events.count)
        #expect(deed([:]).canonical(number: 1) != deed([:]).canonical(number: 2))
    }
}

/// Writes nothing down.
private struct BrokenLedger: RequestLedger {
    func head(of scope: AuditScope) async throws(StoreError) -> AuditHead { .empty }
    func append(_ deed: AuditDeed) async throws(StoreError) -> AuditEntry { throw .unavailable("disk full") }
    func trail(_ query: AuditQuery) async throws(StoreError) -> [AuditEntry] { [] }
    func scopes(limit: Int) async throws(StoreError) -> [AuditScope] { [] }
    func claim(_ key: IdempotencyKey, at time: Timestamp) async throws(StoreError) -> IdempotencyClaim { .new }
    func keep(_ answer: StoredAnswer, for key: IdempotencyKey, at time: Timestamp) async throws(StoreError) {}
    func begin(_ key: IdempotencyKey, at time: Timestamp) async throws(StoreError) {}
    func release(_ key: IdempotencyKey) async throws(StoreError) {}
    func expire(before time: Timestamp) async throws(StoreError) -> Int { 0 }
}
