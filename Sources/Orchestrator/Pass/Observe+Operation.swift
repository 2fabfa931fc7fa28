import ProjectModel
import Reconciler

/// The operation of a project that is under way, as the loop remembers it.
struct TrackedOperation: Sendable {
    let id: String
    let kind: ProjectOperationKind
    let requestedAt: Timestamp
    /// What stands in the store.
    var progress: OperationProgress
    /// Of which change of status this is known.
    var statusChangedAt: Timestamp
}

extension ReconcileLoop {
    /// The operation under way, read once for each status on its way.
    func trackedOperation(
        _ record: ProjectRecord, _ state: inout PassState
    ) async throws -> TrackedOperation? {
        switch record.status {
        case .provisioning, .starting, .pausing, .resuming, .restarting, .upgrading, .reverting, .deleting: break
        case .active, .degraded, .paused, .rollingBack, .failed, .deleted:
            state.operation = nil
            return nil
        }
        if let known = state.operation, known.statusChangedAt == record.statusChangedAt { return known }
        let open = try await store.operations.openOperation(of: record.ref)
        if open?.id != state.operation?.id { state.decisions.calls = ReconcileState.Calls() }
        state.operation = open.map {
            TrackedOperation(
                id: $0.id, kind: $0.kind, requestedAt: $0.requestedAt, progress: $0.progress,
                statusChangedAt: record.statusChangedAt)
        }
        return state.operation
    }
}
