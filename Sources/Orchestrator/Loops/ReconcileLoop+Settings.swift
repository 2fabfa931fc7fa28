import ProjectModel
import Reconciler

/// Settings of the database that are tried.
extension ReconcileLoop {
    /// A start that failed with new settings is followed by one with the settings of before. The operation has failed
    /// then; the way back is a restart of its own, and fails as every restart does.
    func withSettings(_ transition: StatusTransition, _ record: ProjectRecord) async throws -> StatusTransition {
        guard transition.from == .restarting, transition.to == .degraded,
            try await store.operations.openOperation(of: record.ref)?.kind == .settingsChange
        else { return transition }
        var transition = transition
        transition.to = .restarting
        transition.restoresSettings = true
        transition.cause =
            "the new settings of the database were taken back, the settings of before are in force again: with the new"
            + " ones the project did not come up (\(transition.failure?.inWords ?? transition.cause))"
        transition.opens = NewOperation(.restart, requestedBy: "")
        return transition
    }
}
