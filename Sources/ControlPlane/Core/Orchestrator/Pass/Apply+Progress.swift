import Logging
import ProjectModel
import Reconciler

extension OperationProgress {
    /// Longest text that is stored.
    static let textBytesMax = 1_000

    /// How an operation goes, after a pass. Pure.
    ///
    /// - Parameters:
    ///   - deadline: The deadline.
    ///   - left: Containers that still run, or objects that are still there.
    static func after(
        _ assessment: Assessment, _ plan: Plan, kind: ProjectOperationKind, deadline: Timestamp, left: [String],
        calls: ReconcileState.Calls, now: Timestamp
    ) -> OperationProgress {
        var progress = OperationProgress(attempts: calls.plans, deadline: deadline)
        progress.lastCall = calls.last
        progress.lastError = calls.lastError
        progress.nextRetryAt = calls.lastError == nil ? nil : calls.nextRetryAt
        switch kind {
        case .create, .resume, .restart, .upgrade, .settingsChange:
            progress.service = assessment.blocker
            progress.waitingFor = assessment.cause.isEmpty ? nil : assessment.cause
            if let pull = plan.steps.first(where: \.operation.isPull) { progress.waitingFor = "\(pull.operation)" }
        case .restore:
            progress.service = assessment.blocker
            let isStopped = assessment.cause.isEmpty || assessment.event == .allStopped
            progress.waitingFor = isStopped ? "the database is being restored" : assessment.cause
        case .pause: progress.waitingFor = left.isEmpty ? nil : "still running: " + left.joined(separator: ", ")
        case .delete: progress.waitingFor = left.isEmpty ? nil : "still there: " + left.joined(separator: ", ")
        }
        if now >= deadline {
            progress.waitingFor =
                "overdue; " + (progress.waitingFor ?? calls.lastError ?? "nothing is known to block it")
        }
        return progress
    }
}

extension ReconcileLoop {
    /// Most names in one text.
    static let namesShownMax = 5

    /// Notes how the project's operation goes, when that has changed.
    func noteProgress(
        _ record: ProjectRecord, decision: Decision, plan: Plan, observed: ObservedStack,
        state: inout PassState
    ) async throws {
        guard let tracked = state.operation, let assessment = decision.assessment else { return }
        let since =
            tracked.kind == .pause || tracked.kind == .delete
            ? max(tracked.requestedAt, state.decisions.watchedSince)
            : state.decisions.statusSince(record.statusChangedAt, now: time.now())
        var progress = OperationProgress.after(
            assessment, plan, kind: tracked.kind, deadline: since + tracked.kind.deadline,
            left: left(of: tracked.kind, observed), calls: state.decisions.calls, now: time.now())
        progress.waitingFor = progress.waitingFor.map { state.redactor.cut($0) }
        progress.lastError = progress.lastError.map { state.redactor.cut($0) }
        try await store(progress, &state)
    }

    /// Notes a pass that failed as a whole, also when it is the first one of an operation.
    func noteFailure(_ failure: any Error, of ref: ProjectRef, _ state: inout PassState) async {
        do {
            guard let record = try await store.project(ref),
                var progress = try await trackedOperation(record, &state)?.progress
            else { return }
            progress.lastError = state.redactor.cut("\(failure)")
            progress.nextRetryAt = time.now() + state.decisions.patience
            try await store(progress, &state)
        } catch {
            logger.debug("progress is not noted", metadata: ["project": "\(ref)", "error": "\(error)"])
        }
    }

    private func store(_ progress: OperationProgress, _ state: inout PassState) async throws {
        guard let tracked = state.operation, tracked.progress != progress else { return }
        try await store.operations.note(progress, of: tracked.id)
        state.operation?.progress = progress
    }

    private func left(of kind: ProjectOperationKind, _ observed: ObservedStack) -> [String] {
        let names: [String]
        switch kind {
        case .create, .resume, .restart, .upgrade, .restore, .settingsChange: return []
        case .pause: names = observed.containers.filter(\.state.isUp).map(\.name)
        case .delete:
            names = observed.containers.map(\.name) + observed.networks.map(\.name) + observed.volumes.map(\.name)
        }
        let more = names.count - Self.namesShownMax
        return Array(names.sorted().prefix(Self.namesShownMax)) + (more > 0 ? ["and \(more) more"] : [])
    }
}

extension Redactor {
    /// A text of an operation's progress: without secrets, and then no longer than what is stored.
    fileprivate func cut(_ text: String) -> String {
        String(redacted(text, open: .end).prefix(OperationProgress.textBytesMax))
    }
}
