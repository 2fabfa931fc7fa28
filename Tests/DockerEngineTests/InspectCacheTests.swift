import CurlKit
import HTTPStub
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Reconciler
import Synchronization
import Testing

@testable import DockerEngine

@Suite("What is inspected again")
struct InspectCacheTests {
    /// An engine with one container, whose state and place on the network a test sets.
    private final class OneContainer: Sendable {
        private let state = Mutex((state: "running", endpoint: "e1", inspections: 0))

        var inspections: Int { state.withLock(\.inspections) }

        func set(_ status: String, endpoint: String) {
            state.withLock { ($0.state, $0.endpoint) = (status, endpoint) }
        }

        func answer(_ request: StubRequest) -> [StubStep] {
            let (status, endpoint) = state.withLock { ($0.state, $0.endpoint) }
            let place = #"{"n": {"NetworkID": "net", "EndpointID": "\#(endpoint)", "IPAddress": "10.0.0.2"}}"#
            switch request.path {
            case "/v1.41/containers/json":
                return [
                    .response(
                        200,
                        #"""
                        [{"Id": "c1", "Names": ["/p-db-1"], "State": "\#(status)", "Labels": {},
                          "NetworkSettings": {"Networks": \#(place)}}]
                        """#)
                ]
            case "/v1.41/containers/c1/json":
                state.withLock { $0.inspections += 1 }
                return [
                    .response(
                        200,
                        #"""
                        {"Id": "c1", "Name": "/p-db-1", "Config": {}, "NetworkSettings": {"Networks": \#(place)},
                         "State": {"Status": "\#(status)", "Running": \#(status == "running"), "ExitCode": 0}}
                        """#)
                ]
            case "/v1.41/volumes": return [.response(200, #"{"Volumes": []}"#)]
            default: return [.response(200, "[]")]
            }
        }
    }

    private func run(
        _ body: (DockerContainerEngine, OneContainer) async throws -> Void
    ) async throws {
        let container = OneContainer()
        let stub = try StubServer { request in
            request.target == "/version"
                ? [.response(200, #"{"ApiVersion": "1.41", "Version": "x"}"#)] : container.answer(request)
        }
        defer { stub.stop() }
        let http = try HTTPClient()
        let host = try DockerHost(parsing: "unix://\(stub.socketPath)")
        let engine = DockerContainerEngine(host: host, http: http, installation: "i")
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await body(engine, container)) } catch { outcome = .failure(error) }
        await http.shutdown()
        try outcome.get()
    }

    @Test("a container that runs on, or was never started, is inspected once", arguments: ["running", "created"])
    func once(status: String) async throws {
        try await run { engine, container async throws in
            container.set(status, endpoint: status == "running" ? "e1" : "")
            let first = try await engine.observe(.sample())
            for _ in 0..<3 { #expect(try await engine.observe(.sample()) == first) }
            #expect(container.inspections == 1)
        }
    }

    @Test("another run, and another state, is inspected again")
    func changes() async throws {
        try await run { engine, container async throws in
            _ = try await engine.observe(.sample())
            container.set("running", endpoint: "e2")
            _ = try await engine.observe(.sample())
            #expect(container.inspections == 2)
            container.set("exited", endpoint: "")
            #expect(try await engine.observe(.sample()).containers.map(\.state) == [.exited])
            #expect(container.inspections == 3)
        }
    }

    @Test(
        "a run that lists do not identify is inspected every time",
        arguments: ["exited", "restarting", "paused", "running"])
    func always(status: String) async throws {
        try await run { engine, container async throws in
            container.set(status, endpoint: "")
            for _ in 0..<3 { _ = try await engine.observe(.sample()) }
            #expect(container.inspections == 3)
        }
    }

    @Test("an event of a container, or a new subscription, has it inspected again; other events do not")
    func events() async throws {
        try await run { engine, container async throws in
            _ = try await engine.observe(.sample())
            engine.inspections.forget("other", of: .sample())
            engine.inspections.forget("c1", of: .sample(2))
            _ = try await engine.observe(.sample())
            #expect(container.inspections == 1)
            engine.inspections.forget("c1", of: .sample())
            _ = try await engine.observe(.sample())
            #expect(container.inspections == 2)
            engine.inspections.forgetAll()
            _ = try await engine.observe(.sample())
            #expect(container.inspections == 3)
        }
    }

    @Test("containers with an event during an observation are not kept, nor results of an older observation")
    func duringALook() throws {
        let memory = InspectCache()
        let run = ContainerListItem.Run(id: "c1", name: "n", state: .running, endpointIDs: ["e1"])
        let container = ObservedContainer(
            id: "c1", name: "n", service: .db, configHash: "", state: .running, exitCode: nil, startedAt: nil)
        let earlier = memory.beginLook(at: .sample())
        let look = memory.beginLook(at: .sample())
        memory.keep([(run, container)], of: .sample(), from: earlier)
        #expect(memory.container(run, of: .sample()) == nil)
        memory.forget("c1", of: .sample())
        memory.keep([(run, container)], of: .sample(), from: look)
        #expect(memory.container(run, of: .sample()) == nil)
        memory.keep([(run, container)], of: .sample(), from: memory.beginLook(at: .sample()))
        #expect(memory.container(run, of: .sample()) == container)
        #expect(memory.container(run, of: .sample(2)) == nil)
    }

    @Test("what an inspection says against the list is not kept")
    func contradiction() {
        let memory = InspectCache()
        let run = ContainerListItem.Run(id: "c1", name: "n", state: .running, endpointIDs: ["e1"])
        let ended = ObservedContainer(
            id: "c1", name: "n", service: .db, configHash: "", state: .exited, exitCode: 1, startedAt: nil)
        memory.keep([(run, ended)], of: .sample(), from: memory.beginLook(at: .sample()))
        #expect(memory.container(run, of: .sample()) == nil)
    }

    @Test("an event during an observation invalidates its container alone, also after the observation")
    func touched() {
        let memory = InspectCache()
        let runs = ["c1", "c2"].map { ContainerListItem.Run(id: $0, name: $0, state: .running, endpointIDs: ["e"]) }
        let found = runs.map { run in
            (run, ObservedContainer(id: run.id, name: run.name, service: .db, configHash: "", state: .running))
        }
        let look = memory.beginLook(at: .sample())
        memory.forget("c1", of: .sample())
        memory.keep(found, of: .sample(), from: look)
        #expect(memory.container(runs[0], of: .sample()) == nil, "the inspection may be older than the event")
        #expect(memory.container(runs[1], of: .sample()) == found[1].1)
    }

    @Test("which entries of a list tell a run from all others")
    func telling() {
        for state in [ContainerState.created, .running, .paused, .restarting, .removing, .exited, .dead] {
            for endpoints in [[], [""], ["e1"]] {
                let run = ContainerListItem.Run(id: "c", name: "n", state: state, endpointIDs: endpoints)
                let isCacheable = state == .created || state == .running && endpoints == ["e1"]
                #expect(run.isCacheable == isCacheable, "\(state) \(endpoints)")
            }
        }
    }

    @Test("what is no name of an image is missing: the pull finds out, and is about one service")
    func badImage() async throws {
        let stub = try StubServer { request in
            if request.target == "/version" { return [.response(200, #"{"ApiVersion": "1.41", "Version": "x"}"#)] }
            if request.path.contains("/absent") { return [.response(404, #"{"message": "No such image: absent:1"}"#)] }
            return [.response(400, #"{"message": "invalid reference format: repository name must be lowercase"}"#)]
        }
        defer { stub.stop() }
        let http = try HTTPClient()
        let host = try DockerHost(parsing: "unix://\(stub.socketPath)")
        let engine = DockerContainerEngine(host: host, http: http, installation: "i")
        let missing: Result<Set<String>, any Error>
        do {
            missing = .success(try await engine.missingImages(["absent:1", "Upper:1"]))
        } catch { missing = .failure(error) }
        await http.shutdown()
        #expect(try missing.get() == ["absent:1", "Upper:1"])
    }

    @Test(
        "a call that is wrong in itself is distinguished from one that may succeed later, and no message names a status 0"
    )
    func permanence() {
        let call = "POST /images/create"
        #expect(EngineError(DockerError.status(400, message: "invalid reference", call: call)).isPermanent)
        #expect(EngineError(DockerError.invalidArgument("a line break")).isPermanent)
        for error in [
            DockerError.status(500, message: "no space", call: call), .status(409, message: "busy", call: call),
            .reported(message: "manifest unknown", call: call), .decoding(reason: "no JSON", call: call),
        ] {
            #expect(!EngineError(error).isPermanent && !"\(EngineError(error))".contains(" 0"), "\(error)")
        }
    }
}
