import Logging
import ProjectModel
import Reconciler

extension ReconcileLoop {
    /// Passes in a row with refused calls after which the reason is recorded.
    static let troublesUntilRecorded = 4

    /// Makes a plan's calls, and notes around them how the project's operation goes.
    func carryOut(
        _ decided: PlanDecision, decision: Decision, input: PassInput, state: inout PassState
    ) async throws -> Requeue {
        let (record, project) = try input.project()
        if let report = decided.report { try await write(report, record) }
        try await noteProgress(
            record, decision: decision, plan: decided.plan, observed: project.observed, state: &state)
        await writePendingEvents(of: record.ref, &state)
        let requeue: Requeue
        if decided.plan.isEmpty {
            state.decisions.troubles = 0
            requeue = decided.requeue
        } else {
            requeue = try await call(
                decided.plan, record: record, project: project, inventory: input.inventory, state: &state)
        }
        if state.decisions.calls.lastError != nil {
            try await noteProgress(
                record, decision: decision, plan: decided.plan, observed: project.observed, state: &state)
        }
        return requeue
    }

    private func call(
        _ plan: Plan, record: ProjectRecord, project: ObservedProject, inventory: ProjectInventory,
        state: inout PassState
    ) async throws -> Requeue {
        logger.debug("carrying out a plan", metadata: ["project": "\(record.ref)", "plan": "\(plan)"])
        if let desired = project.desired, plan.steps.contains(where: \.operation.needsFolder) {
            try lease?.check()
            try folders.prepare(desired, files: try await renderer(for: record).projectFiles)
            try await functions?.publish(desired.ref)
        }
        let outcomes = await PlanExecutor(engine: engine, starts: starts, time: time).run(
            plan, of: record.ref, volumeOwners: inventory.owners)
        if Task.isCancelled { return .whenWoken }
        state.decisions.noteRestarts(outcomes, for: record.restartRequestedAt)
        notePulls(outcomes, record: record, state: &state)
        await noteRestarts(outcomes, record: record, observed: project.observed, state: &state)
        if try await replaceRefusedLeases(outcomes, record: record, state: &state) { return .now }
        state.decisions.note(outcomes, of: plan, at: time.now())
        for outcome in outcomes { logRefusal(outcome, record: record, state: state) }
        try await noteRefusals(outcomes, record)
        if let report = trouble(outcomes, record: record, state: state) { try await write(report, record) }
        return state.decisions.requeueAfterCalls(at: time.now())
    }

    /// What a project has gone without is no news each time that the engine refuses it again.
    private func logRefusal(_ outcome: PlanExecutor.Outcome, record: ProjectRecord, state: PassState) {
        guard let error = outcome.error else { return }
        let isKnown =
            if case .networkInUse = error { record.status == .deleted || record.status == .failed } else { false }
        logger.log(
            level: isKnown ? .debug : .warning, "the engine refused a step",
            metadata: [
                "project": "\(record.ref)", "step": "\(outcome.step.operation)", "cause": "\(outcome.step.cause)",
                "error": "\(state.redactor.redacted("\(error)", open: .end))",
            ])
    }

    /// Persistent refusals while a project is paused, deleted or healed. A start that failed keeps its own reason.
    private func trouble(
        _ outcomes: [PlanExecutor.Outcome], record: ProjectRecord, state: PassState
    ) -> TroubleReport? {
        guard [.pausing, .deleting, .degraded].contains(record.status),
            state.decisions.troubles >= Self.troublesUntilRecorded,
            let refused = outcomes.first(where: { $0.error != nil }), let error = refused.error
        else { return nil }
        let text = state.redactor.redacted("\(refused.step.operation): \(error)", open: .end)
        guard record.failure?.message != text else { return nil }
        return TroubleReport(
            status: record.status, cause: text,
            failure: .record(FailureReason(service: refused.step.operation.service, message: text)))
    }
}

extension EngineOperation {
    /// Whether the project's folder must be complete before: the engine opens its files at every start.
    fileprivate var needsFolder: Bool {
        switch self {
        case .createContainer, .startContainer, .restartContainer: true
        default: false
        }
    }
}
