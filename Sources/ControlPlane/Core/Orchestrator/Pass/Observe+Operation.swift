import ProjectModel
import Reconciler

/// The project's operation in progress, in the loop's memory.
struct TrackedOperation: Sendable {
    let id: String
    let kind: ProjectOperationKind
    let requestedAt: Timestamp
    let requestedBy: String
    /// What stands in the store.
    var progress: OperationProgress
    /// The status change that this belongs to.
    var statusChangedAt: Timestamp
}

extension ReconcileLoop {
    /// The operation in progress, read once per status.
    func trackedOperation(
        _ record: ProjectRecord, _ state: inout PassState
    ) async throws -> TrackedOperation? {
        switch record.status {
        case .provisioning, .starting, .pausing, .resuming, .restarting, .upgrading, .reverting, .restoring, .deleting:
            break
        case .active, .degraded, .paused, .rollingBack, .failed, .deleted:
            state.operation = nil
            return nil
        }
        if let known = state.operation, known.statusChangedAt == record.statusChangedAt { return known }
        let open = try await store.operations.openOperation(of: record.ref)
        if open?.id != state.operation?.id { state.decisions.calls = ReconcileState.Calls() }
        state.operation = open.map {
            TrackedOperation(
                id: $0.id, kind: $0.kind, requestedAt: $0.requestedAt, requestedBy: $0.requestedBy,
                progress: $0.progress, statusChangedAt: record.statusChangedAt)
        }
        return state.operation
    }
}
