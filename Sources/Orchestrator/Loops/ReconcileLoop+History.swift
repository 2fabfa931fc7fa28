import Logging
import ProjectModel
import Reconciler

/// Restarts that the manager makes are part of the project's history.
extension ReconcileLoop {
    /// Events that wait for a database at the most; the newest are kept.
    static let pendingEventsMax = 100

    /// Logs what a plan has restarted, and writes it into the history.
    func noteRestarts(
        _ outcomes: [PlanExecutor.Outcome], _ record: ProjectRecord, _ observed: ObservedStack,
        _ memory: inout ProjectMemory
    ) async {
        let restarts = performedRestarts(outcomes, in: record.status, from: observed).map { restart in
            PerformedRestart(
                service: restart.service, kind: restart.kind, cause: redact(restart.cause, memory.secrets))
        }
        for restart in restarts {
            logger.info(
                "a service was \(restart.kind.rawValue)",
                metadata: [
                    "project": "\(record.ref)", "service": "\(restart.service)", "cause": "\(restart.cause)",
                ])
        }
        memory.pendingEvents += events(of: restarts, in: record.status, at: time.now())
        await writePendingEvents(of: record.ref, &memory)
    }

    /// Writes what the database has not taken yet. What it does not take now it takes after a later look.
    func writePendingEvents(of ref: ProjectRef, _ memory: inout ProjectMemory) async {
        guard !memory.pendingEvents.isEmpty else { return }
        do {
            try await store.note(memory.pendingEvents, of: ref)
            memory.pendingEvents = []
        } catch {
            memory.pendingEvents = memory.pendingEvents.suffix(Self.pendingEventsMax)
            logger.warning(
                "restarts are not in the project's history yet; they are written after a later look",
                metadata: ["project": "\(ref)", "error": "\(error)"])
        }
    }
}
