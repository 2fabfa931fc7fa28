import CurlKit
import HTTPStub
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Reconciler
import Synchronization
import Testing

@testable import DockerEngine

@Suite("A manager that may not act any more")
struct FenceTests {
    /// Calls that are allowed until another manager acts.
    private final class Permission: Sendable {
        private let state = Mutex(true)

        var isGiven: Bool { state.withLock { $0 } }
        func take() { state.withLock { $0 = false } }
    }

    /// Operations that ask the engine something before they change it.
    private static let operations: [(operation: EngineOperation, read: String)] = [
        (.removeVolume(name: "p_db-data"), "/v1.41/volumes/p_db-data"),
        (.removeNetwork(id: "n1", name: "p_default"), "/version"),
        (.pullImage("a:1"), "/version"),
        (.stopContainer(id: "c1", service: .db, gracePeriod: .seconds(1)), "/version"),
    ]

    @Test("loses its right while an operation is under way: no change is sent after that", arguments: 0..<4)
    func lost(index: Int) async throws {
        let (operation, read) = Self.operations[index]
        let permission = Permission()
        let stub = try StubServer { request in
            if request.path == read { permission.take() }
            if request.target == "/version" { return [.response(200, #"{"ApiVersion": "1.41", "Version": "x"}"#)] }
            return [
                .response(
                    200,
                    #"""
                    {"Name": "p_db-data",
                     "Labels": {"supamanager.installation": "i", "supamanager.project": "abcdefghijklmnopqrst"}}
                    """#)
            ]
        }
        defer { stub.stop() }
        let http = try HTTPClient()
        let engine = DockerContainerEngine(
            host: try DockerHost(parsing: "unix://\(stub.socketPath)"), http: http, installation: "i",
            mayChange: { permission.isGiven })
        let ref = try #require(ProjectRef("abcdefghijklmnopqrst"))
        var refusal: EngineError?
        do throws(EngineError) { try await engine.perform(operation, for: ref) } catch { refusal = error }
        await http.shutdown()
        #expect(refusal == .notActive)
        #expect(stub.requests.allSatisfy { $0.method == "GET" }, "\(stub.requests.map(\.target))")
    }
}
