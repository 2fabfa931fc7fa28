import Orchestrator
import OrchestratorTesting
import ProjectModel
import Reconciler

/// An engine that counts how many calls are under way at once.
struct CountingEngine: ForwardingEngine {
    actor Gauge {
        private(set) var highest = 0
        private var present = 0

        func enter() {
            present += 1
            highest = max(highest, present)
        }
        func leave() { present -= 1 }
    }

    let engine: any ContainerEngine
    let gauge = Gauge()

    func perform(_ operation: EngineOperation, for ref: ProjectRef) async throws(EngineError) {
        await gauge.enter()
        let result: Result<Void, EngineError>
        do { result = .success(try await engine.perform(operation, for: ref)) } catch { result = .failure(error) }
        await gauge.leave()
        try result.get()
    }
}
