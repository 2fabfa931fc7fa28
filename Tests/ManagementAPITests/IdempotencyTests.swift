import FoundationEssentials
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

@Suite("Idempotency-Key")
struct IdempotencyTests {
    private static func key(_ text: String) -> [(name: String, value: String)] { [("Idempotency-Key", text)] }

    @Test("the same key and request get the same answer, without its secret, and happen once")
    func repeated() async throws {
        try await APIHost.run { host in
            let body = APIHost.createBody("demo")
            let first = try await host.send("POST", "/platform/projects", body: body, headers: Self.key("a"))
            let second = try await host.send("POST", "/platform/projects", body: body, headers: Self.key("a"))
            #expect(first.status == 201)
            #expect(second.status == 201)
            for field in try first.json.keys where field != "service_key" {
                #expect(try first.json[field] == second.json[field], "\(field)")
            }
            #expect(try first.json["service_key"]?.text?.isEmpty == false)
            #expect(try second.json["service_key"] == .string(""))
            #expect(first.header("Idempotency-Replayed") == nil)
            #expect(second.header("Idempotency-Replayed") == "true")
            #expect(try await host.store.refs().count == 1)
            #expect(host.ledger.entries.count == 1)
        }
    }

    @Test("the same key with another body, query or path is 422, and nothing happens")
    func otherPayload() async throws {
        try await APIHost.run { host in
            _ = try await host.send(
                "POST", "/platform/projects", body: APIHost.createBody("demo"), headers: Self.key("a"))
            for (path, body) in [
                ("/platform/projects", APIHost.createBody("other")),
                ("/platform/projects?x=1", APIHost.createBody("demo")),
                ("/v1/projects", APIHost.createBody("demo")),
            ] {
                let answer = try await host.send("POST", path, body: body, headers: Self.key("a"))
                #expect(answer.status == 422)
            }
            #expect(try await host.store.refs().count == 1)
        }
    }

    @Test(
        "a response that is too large to store is sent once; a repeated request gets 409 and is not performed again"
    )
    func large() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let rows = Array("[{\"a\":\"\(String(repeating: "x", count: 2 << 20))\"}]".utf8)
            host.databases.setAnswer { _ in QueryAnswer(json: rows, rowCount: 1) }
            let path = "/platform/pg-meta/\(ref)/query"
            let first = try await host.send("POST", path, body: #"{"query":"select 1"}"#, headers: Self.key("q"))
            #expect(first.status == 201 && first.body.count == rows.count)
            let second = try await host.send("POST", path, body: #"{"query":"select 1"}"#, headers: Self.key("q"))
            #expect(second.status == 409 && second.body.count < 1_000)
            #expect(second.header("Idempotency-Replayed") == "true")
            #expect(second.header("Idempotency-Body") == "not-kept")
            #expect(host.databases.calls.count == 1)
        }
    }

    @Test("keys of different people have nothing to do with each other")
    func ofDifferentPeople() async throws {
        try await APIHost.run { host in
            let path = "/platform/projects"
            let first = try await host.send("POST", path, body: APIHost.createBody("a"), headers: Self.key("k"))
            let second = try await host.send(
                "POST", path, body: APIHost.createBody("b"), token: Person.administrator.token,
                headers: Self.key("k"))
            #expect([first.status, second.status] == [201, 201])
        }
    }

    @Test("a refused request leaves its key free")
    func refused() async throws {
        try await APIHost.run { host in
            let path = "/platform/projects"
            let refused = try await host.send("POST", path, body: #"{"name":""}"#, headers: Self.key("k"))
            #expect(refused.status == 400)
            let created = try await host.send(
                "POST", path, body: APIHost.createBody("a"), headers: Self.key("k"))
            #expect(created.status == 201)
        }
    }

    @Test("of many equal requests at the same moment one happens, and none fails otherwise than by 409")
    func atTheSameMoment() async throws {
        try await APIHost.run { host in
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<16 {
                    group.addTask {
                        try await host.send(
                            "POST", "/platform/projects", body: APIHost.createBody("demo"), headers: Self.key("k")
                        ).status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(statuses).isSubset(of: [201, 409]))
            #expect(statuses.contains(201))
            #expect(try await host.store.refs().count == 1)
        }
    }

    @Test(
        "a key that is none is 400",
        arguments: ["with space", String(repeating: "k", count: 256), "ключ"])
    func malformed(text: String) async throws {
        try await APIHost.run { host in
            let answer = try await host.send(
                "POST", "/platform/projects", body: APIHost.createBody("demo"), headers: Self.key(text))
            #expect(answer.status == 400)
            #expect(try await host.store.refs().isEmpty)
        }
    }

    @Test("a request that was interrupted between two transactions is not done again")
    func interrupted() async throws {
        let ledger = InMemoryRequestLedger()
        let key = IdempotencyKey(account: "a", credential: "session 1", text: "k", payload: [1])
        let time = Timestamp(milliseconds: 1_000_000)
        try await ledger.begin(key, at: time)
        #expect(try await ledger.claim(key, at: time + .seconds(1)) == .inProgress)
        // Not while the longest request may still be worked on.
        let limits = ServerLimits()
        let longest = limits.longRequestDeadline + limits.unfinishedDeedDeadline
        #expect(longest < IdempotencyKey.inProgressMax)
        #expect(try await ledger.claim(key, at: time + longest) == .inProgress)
        #expect(try await ledger.claim(key, at: time + IdempotencyKey.inProgressMax) == .interrupted(since: time))
        #expect(try await ledger.claim(key, at: time + .seconds(100_000)) == .new)
    }
}
