import CurlKit
import DockerEngine
import HTTPStub
import Orchestrator
import Testing

@Suite("Removing orphans")
struct OrphanRemovalTests {
    private static let installation = "ours"
    private static let paths: [EngineObjectKind: String] = [
        .container: "/containers/x", .network: "/networks/x", .volume: "/volumes/x",
    ]

    /// What the engine says of the object `x`, by whatever path it is asked.
    private static func inspection(_ labels: String) -> String {
        """
        {"Id": "x", "Name": "x", "Driver": "bridge", "Labels": {\(labels)},
         "State": {"Status": "exited", "Running": false}, "Config": {"Image": "i", "Labels": {\(labels)}}}
        """
    }

    /// Removes `x` of the lost project from a stub engine; gives the error, if any, and the calls that were made.
    private static func remove(
        _ kind: EngineObjectKind, status: Int = 200, labels: String
    ) async throws -> (error: EngineError?, calls: [String]) {
        let stub = try StubServer { request in
            if request.path.hasSuffix("/version") {
                return [.response(200, #"{"ApiVersion": "1.41", "Version": "x"}"#)]
            }
            return request.method == "DELETE" ? [.response(204)] : [.response(status, inspection(labels))]
        }
        defer { stub.stop() }
        let http = try HTTPClient()
        let engine = DockerContainerEngine(
            host: try DockerHost(parsing: "unix://\(stub.socketPath)"), http: http, installation: installation)
        var failure: EngineError?
        do throws(EngineError) {
            try await engine.remove(
                EngineObject(key: EngineObjectKey(kind, "x"), name: "its name", projectLabel: "lost"))
        } catch { failure = error }
        await http.shutdown()
        return (failure, stub.calls.map { "\($0.method) \($0.path)" })
    }

    @Test(
        "an object with the labels that it was listed with is removed by its id", arguments: EngineObjectKind.allCases)
    func unchanged(kind: EngineObjectKind) async throws {
        let labels = #""supamanager.installation": "ours", "supamanager.project": "lost""#
        let (error, calls) = try await Self.remove(kind, labels: labels)
        #expect(error == nil)
        let path = try #require(Self.paths[kind])
        #expect(calls.count == 2 && calls.last?.hasPrefix("DELETE") == true)
        #expect(calls.allSatisfy { $0.contains(path) }, "\(calls)")
    }

    /// Labels that changed between the list and the removal.
    private static let changed = [
        #""supamanager.installation": "ours", "supamanager.project": "found""#,
        #""supamanager.installation": "theirs", "supamanager.project": "lost""#,
        #""supamanager.installation": "ours""#, #""supamanager.project": "lost""#, "",
    ]

    @Test("an object with other labels by now is left alone", arguments: EngineObjectKind.allCases, changed)
    func changedLabels(kind: EngineObjectKind, labels: String) async throws {
        let (error, calls) = try await Self.remove(kind, labels: labels)
        guard case .nameTaken(let message) = error else { throw error ?? .notFound(message: "it was removed") }
        #expect(message.contains("its name") && message.contains("left alone"))
        #expect(calls.count == 1 && calls.allSatisfy { $0.hasPrefix("GET") }, "\(calls)")
    }

    @Test("what is gone by now is as asked for", arguments: EngineObjectKind.allCases)
    func gone(kind: EngineObjectKind) async throws {
        let (error, calls) = try await Self.remove(kind, status: 404, labels: "")
        #expect(error == nil && calls.count == 1)
    }
}
