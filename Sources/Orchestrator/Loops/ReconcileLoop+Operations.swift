import Logging
import ProjectModel
import Reconciler

/// What a loop remembers of the operation of a project.
struct TrackedOperation: Sendable {
    let id: String
    let kind: ProjectOperationKind
    let requestedAt: Timestamp
    /// What stands in the store.
    var progress: OperationProgress
    /// Of which change of status this is known.
    var statusChangedAt: Timestamp
}

extension OperationProgress {
    /// Longest text that is stored.
    static let textBytesMax = 1_000

    /// How an operation goes, after a look. Pure.
    ///
    /// - Parameters:
    ///   - deadline: When it has to be done.
    ///   - left: Containers that still run, or objects that are still there.
    static func after(
        _ assessment: Assessment, _ plan: Plan, kind: ProjectOperationKind, deadline: Timestamp, left: [String],
        calls: ProjectMemory.Calls, now: Timestamp
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
        case .pause: progress.waitingFor = left.isEmpty ? nil : "still running: " + left.joined(separator: ", ")
        case .delete: progress.waitingFor = left.isEmpty ? nil : "still there: " + left.joined(separator: ", ")
        }
        if now >= deadline {
            progress.waitingFor =
                "overdue; " + (progress.waitingFor ?? calls.lastError ?? "nothing is known to block it")
        }
        progress.waitingFor = progress.waitingFor.map { String($0.prefix(textBytesMax)) }
        return progress
    }
}

extension ReconcileLoop {
    /// Names that one text holds at the most.
    static let namesShownMax = 5

    /// Notes how the project's operation goes, when that has changed.
    func noteProgress(
        _ record: ProjectRecord, _ assessment: Assessment, _ plan: Plan, _ observed: ObservedStack,
        _ memory: inout ProjectMemory
    ) async throws {
        guard let tracked = try await trackedOperation(record, &memory) else { return }
        let since =
            tracked.kind == .pause || tracked.kind == .delete
            ? max(tracked.requestedAt, memory.watchedSince) : memory.statusSince(record, now: time.now())
        var progress = OperationProgress.after(
            assessment, plan, kind: tracked.kind, deadline: since + tracked.kind.deadline,
            left: left(of: tracked.kind, observed), calls: memory.calls, now: time.now())
        progress.waitingFor = progress.waitingFor.map { redact($0, memory.secrets) }
        progress.lastError = progress.lastError.map { redact($0, memory.secrets) }
        try await store(progress, &memory)
    }

    /// Notes a look that failed as a whole, also when it is the first one at an operation.
    func noteFailedLook(_ ref: ProjectRef, _ failure: any Error, _ memory: inout ProjectMemory) async {
        do {
            guard let record = try await store.project(ref),
                var progress = try await trackedOperation(record, &memory)?.progress
            else { return }
            progress.lastError = redact(String("\(failure)".prefix(OperationProgress.textBytesMax)), memory.secrets)
            progress.nextRetryAt = time.now() + memory.patience
            try await store(progress, &memory)
        } catch {
            logger.debug("progress is not noted", metadata: ["project": "\(ref)", "error": "\(error)"])
        }
    }

    private func store(_ progress: OperationProgress, _ memory: inout ProjectMemory) async throws {
        guard let tracked = memory.operation, tracked.progress != progress else { return }
        try await store.operations.note(progress, of: tracked.id)
        memory.operation?.progress = progress
    }

    private func trackedOperation(
        _ record: ProjectRecord, _ memory: inout ProjectMemory
    ) async throws -> TrackedOperation? {
        switch record.status {
        case .provisioning, .starting, .pausing, .resuming, .restarting, .upgrading, .reverting, .deleting: break
        case .active, .degraded, .paused, .rollingBack, .failed, .deleted:
            memory.operation = nil
            return nil
        }
        if let known = memory.operation, known.statusChangedAt == record.statusChangedAt { return known }
        let open = try await store.operations.openOperation(of: record.ref)
        if open?.id != memory.operation?.id { memory.calls = ProjectMemory.Calls() }
        memory.operation = open.map {
            TrackedOperation(
                id: $0.id, kind: $0.kind, requestedAt: $0.requestedAt, progress: $0.progress,
                statusChangedAt: record.statusChangedAt)
        }
        return memory.operation
    }

    private func left(of kind: ProjectOperationKind, _ observed: ObservedStack) -> [String] {
        let names: [String]
        switch kind {
        case .create, .resume, .restart, .upgrade, .settingsChange: return []
        case .pause: names = observed.containers.filter(\.state.isUp).map(\.name)
        case .delete:
            names = observed.containers.map(\.name) + observed.networks.map(\.name) + observed.volumes.map(\.name)
        }
        let more = names.count - Self.namesShownMax
        return Array(names.sorted().prefix(Self.namesShownMax)) + (more > 0 ? ["and \(more) more"] : [])
    }
}
