import Logging
import ProjectModel
import Reconciler

/// What keeps a project from getting on is written into its record: a status that hangs without a reason is a lie.
extension ReconcileLoop {
    /// Looks in a row with refused calls after which the reason is recorded.
    static let troublesUntilRecorded = 4

    /// What the engine holds. While it does not answer, a project whose probes fail as well is not active.
    func observe(_ record: ProjectRecord, as role: ManagerRole) async throws -> ObservedStack {
        do {
            return try await engine.observe(record.ref)
        } catch {
            guard error.isTransient, role == .active else { throw error }
            var memory = await memories.take(record.ref)
            memory.waitedUntil = time.now()
            await memories.put(memory, of: record.ref)
            let tallies = await health.tallies(of: record.ref).values
            if record.status == .active, tallies.contains(where: { $0.verdict == .failing || $0.verdict == .sick }) {
                try await transition(record, to: .degraded, "services do not answer, and \(error)", record.failure)
            }
            throw error
        }
    }

    /// A template or keys that cannot be used: a start fails for it, and what was active is so no longer.
    func reportUnrenderable(_ record: ProjectRecord, _ error: any Error) async throws {
        guard error is TemplateError || error is KeyError else { return }
        for event in [ProjectLifecycle.Event.startFailed, .serviceNotReady] {
            guard case .transition(let status) = ProjectLifecycle.answer(to: event, in: record.status) else { continue }
            return try await transition(record, to: status, "\(error)", ProjectFailure(message: "\(error)"))
        }
        guard record.status == .degraded, record.failure?.message != "\(error)" else { return }
        try await transition(record, to: .degraded, "\(error)", ProjectFailure(message: "\(error)"))
    }

    /// Refusals that go on while a project is paused, deleted or healed. A start that failed keeps its own reason.
    func recordTrouble(
        _ outcomes: [PlanExecutor.Outcome], _ record: ProjectRecord, _ memory: ProjectMemory
    ) async throws {
        guard [.pausing, .deleting, .degraded].contains(record.status), memory.troubles >= Self.troublesUntilRecorded,
            let refused = outcomes.first(where: { $0.error != nil }), let error = refused.error
        else { return }
        let text = redact("\(refused.step.operation): \(error)", memory.secrets)
        guard record.failure?.message != text else { return }
        try await transition(
            record, to: record.status, text, ProjectFailure(service: refused.step.operation.service, message: text))
    }

    func transition(
        _ record: ProjectRecord, to status: ProjectStatus, _ cause: String, _ failure: ProjectFailure?
    ) async throws {
        let transition = StatusTransition(
            from: record.status, to: status, cause: cause, failure: failure, at: time.now())
        guard try await store.transition(record.ref, transition) else { return }
        logger.warning(
            "a project cannot get on",
            metadata: ["project": "\(record.ref)", "status": "\(status.rawValue)", "cause": "\(cause)"])
    }
}
