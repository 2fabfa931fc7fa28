import Orchestrator
import OrchestratorTesting
import ProjectModel
import Reconciler

/// An engine that counts how many calls are under way at once.
struct CountingEngine: ContainerEngine {
    actor Gauge {
        private(set) var highest = 0
        private var present = 0

        func enter() {
            present += 1
            highest = max(highest, present)
        }
        func leave() { present -= 1 }
    }

    let engine: FakeEngine
    let gauge = Gauge()

    func perform(_ operation: EngineOperation, for ref: ProjectRef) async throws(EngineError) {
        await gauge.enter()
        let result: Result<Void, EngineError>
        do { result = .success(try await engine.perform(operation, for: ref)) } catch { result = .failure(error) }
        await gauge.leave()
        try result.get()
    }

    func observe(_ ref: ProjectRef) async throws(EngineError) -> ObservedStack { try await engine.observe(ref) }
    func overview() async throws(EngineError) -> EngineOverview { try await engine.overview() }
    func missingImages(_ images: Set<String>) async throws(EngineError) -> Set<String> {
        try await engine.missingImages(images)
    }
    func logTail(ofContainer id: String, lines: Int) async throws(EngineError) -> LogTail {
        try await engine.logTail(ofContainer: id, lines: lines)
    }
    func runCommand(_ command: [String], inContainer id: String) async throws(EngineError) -> Int {
        try await engine.runCommand(command, inContainer: id)
    }
    func events() -> AsyncThrowingStream<EngineEvent, any Error> { engine.events() }
    func ping() async throws(EngineError) { try await engine.ping() }
}
