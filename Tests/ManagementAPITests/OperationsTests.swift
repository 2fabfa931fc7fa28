import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

@Suite("Operations over HTTP")
struct OperationsTests {
    @Test(
        "a request names its operation, a repeated one names the same, a conflicting one is refused with the operation in progress"
    )
    func identifiers() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            try await host.set(.active, of: ref)
            let path = "/platform/projects/\(ref)"
            let first = try await host.send("POST", "\(path)/pause").header("X-Operation-Id")
            let again = try await host.send("POST", "\(path)/pause").header("X-Operation-Id")
            let id = try #require(first)
            #expect(again == id)
            let conflict = try await host.send("POST", "\(path)/restart")
            #expect(conflict.status == 409)
            #expect(try conflict.message?.contains("a pause is in progress since") == true)
            #expect(try conflict.message?.contains(id) == true)
            let list = try await host.send("GET", "\(path)/operations")
            #expect(try list.json["operations"]?.count == 2)
            let one = try await host.send("GET", "\(path)/operations/\(id)")
            #expect(try one.json["kind"] == .string("pause"))
            let why = try await host.send("GET", "\(path)/operations/\(id)/explain")
            #expect(why.status == 200)
            #expect(try why.json["is_overdue"] == .bool(false))
        }
    }

    @Test("what can be taken back is, once; what has ended or is unknown is refused with the reason")
    func cancel() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            try await host.set(.active, of: ref)
            let path = "/platform/projects/\(ref)"
            let paused = try await host.send("POST", "\(path)/pause").header("X-Operation-Id")
            let pause = try #require(paused)
            let cancelled = try await host.send("POST", "\(path)/operations/\(pause)/cancel")
            #expect(cancelled.status == 200)
            #expect(try cancelled.json["state"] == .string("cancelled"))
            #expect(try await host.store.project(ref)?.status == .resuming)
            let twice = try await host.send("POST", "\(path)/operations/\(pause)/cancel")
            #expect(twice.status == 409)
            let unknown = "00000000-0000-4000-8000-000000000099"
            #expect(try await host.send("POST", "\(path)/operations/\(unknown)/cancel").status == 404)
            #expect(try await host.send("GET", "\(path)/operations/\(unknown)").status == 404)
        }
    }
}
