import Logging
import ProjectModel
import Reconciler

/// Restarts that the manager makes, and images that it pulls, are part of the project's history.
extension ReconcileLoop {
    /// Most events that wait for a database; the newest are kept.
    static let pendingEventsMax = 100

    /// Logs what a plan has restarted, and writes it into the history.
    func noteRestarts(
        _ outcomes: [PlanExecutor.Outcome], record: ProjectRecord, observed: ObservedStack,
        state: inout PassState
    ) async {
        let now = time.now()
        let restarts = performedRestarts(outcomes, in: record.status, from: observed).map { restart in
            var restart = restart
            restart.cause = state.redactor.redacted(restart.cause, open: .end)
            restart.facts.attempts = state.decisions.attempts(of: restart.service, withStartAt: now)
            return restart
        }
        for restart in restarts {
            logger.info(
                "a service was \(restart.action.words)",
                metadata: [
                    "project": "\(record.ref)", "service": "\(restart.service)", "cause": "\(restart.cause)",
                ])
        }
        state.pendingEvents += events(
            of: restarts, in: record.status, at: now, during: state.operation(of: record))
        await writePendingEvents(of: record.ref, &state)
    }

    /// Logs which images a plan has pulled, and notes them for the history.
    func notePulls(_ outcomes: [PlanExecutor.Outcome], record: ProjectRecord, state: inout PassState) {
        for image in outcomes.filter({ $0.error == nil }).compactMap(\.step.operation.pulledImage) {
            let size = pulls.last(image).map { " (\($0))" } ?? ""
            logger.info("an image was pulled", metadata: ["project": "\(record.ref)", "image": "\(image)\(size)"])
            var facts = EventFacts(during: state.operation(of: record))
            facts.image = image
            state.pendingEvents.append(
                ProjectEvent(
                    at: time.now(), status: record.status, cause: "image \(image) was pulled\(size)",
                    kind: .imagePulled, facts: facts))
        }
    }

    /// Writes what the database has not taken yet. What it does not take now it takes after a later pass.
    func writePendingEvents(of ref: ProjectRef, _ state: inout PassState) async {
        guard !state.pendingEvents.isEmpty else { return }
        do {
            try await store.note(state.pendingEvents, of: ref)
            state.pendingEvents = []
        } catch {
            state.pendingEvents = state.pendingEvents.suffix(Self.pendingEventsMax)
            logger.warning(
                "events are not in the project's history yet; they are written after a later pass",
                metadata: ["project": "\(ref)", "error": "\(error)"])
        }
    }
}

extension PassState {
    /// The operation that what is done for a record belongs to.
    fileprivate func operation(of record: ProjectRecord) -> TrackedOperation? {
        operation.flatMap { $0.statusChangedAt == record.statusChangedAt ? $0 : nil }
    }
}

extension ReconcileState {
    /// Which start of a service in a row one at `time` is.
    fileprivate func attempts(of service: ServiceName, withStartAt time: Timestamp) -> Int {
        var backoff = backoffs[service] ?? RestartBackoff()
        backoff.noteStart(at: time)
        return backoff.attempts
    }
}
