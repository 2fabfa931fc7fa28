import ProjectModel
import Reconciler

/// Settings of the database that are tried.
extension ReconcileLoop {
    /// A start that failed with new settings is followed by one with the settings of before. The operation has failed
    /// then; the way back is a restart of its own, and fails as every restart does.
    func withSettings(_ move: StatusMove, _ record: ProjectRecord) async throws -> StatusMove {
        guard move.from == .restarting, move.to == .degraded,
            try await store.operations.openOperation(of: record.ref)?.kind == .settingsChange
        else { return move }
        var move = move
        move.to = .restarting
        move.restoresSettings = true
        move.cause =
            "the new settings of the database were taken back, the settings of before are in force again: with the new"
            + " ones the project did not come up (\(move.failure?.inWords ?? move.cause))"
        move.opens = NewOperation(.restart, requestedBy: "")
        return move
    }
}
