import Logging
import ProjectModel
import Reconciler

/// The moves that an upgrade is made of. Which version the engine should hold follows from the record alone; here is only
/// what is written down when the project gets from one status to the next.
extension ReconcileLoop {
    /// A move with what it means for an upgrade: the reason in words, and the ports that are not needed any more.
    func withUpgrade(_ move: StatusMove, _ record: ProjectRecord) async throws -> StatusMove {
        var move = move
        switch (move.from, move.to) {
        case (.upgrading, .active):
            move.cause = "the upgrade to template version \(record.template?.short ?? "") is done"
            move.leases = .keepPorts(try await ports(of: record))
        case (.upgrading, .reverting):
            try await beginWayBack(&move, record)
        case (.reverting, .active):
            let reason = record.failure.map { "the upgrade failed: \($0.inWords)" } ?? "the upgrade was cancelled"
            move.cause = "\(reason); the project is back at template version \(record.template?.short ?? "")"
            // Of a version that is not known nobody knows which ports it needs.
            if record.template != nil { move.leases = .keepPorts(try await ports(of: record)) }
        case (.reverting, .degraded):
            let reason = record.failure.map { " after: \($0.inWords)" } ?? ""
            move.cause =
                "the way back to template version \(record.template?.short ?? "") failed\(reason): \(move.cause)"
            move.leases = .keepPorts(try await ports(of: record))
        default: break
        }
        return move
    }

    /// A project whose version before is not known cannot go back: it stays at the new one and is healed there.
    private func beginWayBack(_ move: inout StatusMove, _ record: ProjectRecord) async throws {
        let failure = move.failure?.inWords ?? move.cause
        if try await store.project(record.ref)?.template == nil {
            move.to = .degraded
            move.cause =
                "the upgrade failed: \(failure). The template version before is not known: there is no way back"
            let message = move.failure?.message ?? failure
            move.failure?.message = "\(message) (during an upgrade without a way back)"
            move.leases = .keepPorts(try await ports(of: record))
        } else {
            move.cause = "the upgrade failed: \(failure). The version before is brought back"
        }
    }

    /// Variables of the ports that a project needs as it is in force now.
    private func ports(of record: ProjectRecord) async throws -> Set<String> {
        let needs = try await renderer(for: record).requirements(services: record.services.map(\.text))
        return Set(needs.ports)
    }
}

extension ProjectFailure {
    /// Service and reason in one text.
    var inWords: String { service.map { "\($0): \(message)" } ?? message }
}
