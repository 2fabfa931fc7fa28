import Logging
import ProjectModel
import Reconciler

/// The transitions that an upgrade is made of. Which version the engine should hold follows from the record alone; here is only
/// what is written down when the project gets from one status to the next.
extension ReconcileLoop {
    /// A transition with what it means for an upgrade: the reason in words, and the ports that are not needed any more.
    func withUpgrade(_ transition: StatusTransition, _ record: ProjectRecord) async throws -> StatusTransition {
        var transition = transition
        switch (transition.from, transition.to) {
        case (.upgrading, .active):
            transition.cause = "the upgrade to template version \(record.template?.short ?? "") is done"
            transition.leases = .keepPorts(try await ports(of: record))
        case (.upgrading, .reverting):
            try await beginWayBack(&transition, record)
        case (.reverting, .active):
            let reason = record.failure.map { "the upgrade failed: \($0.inWords)" } ?? "the upgrade was cancelled"
            transition.cause = "\(reason); the project is back at template version \(record.template?.short ?? "")"
            // Of a version that is not known nobody knows which ports it needs.
            if record.template != nil { transition.leases = .keepPorts(try await ports(of: record)) }
        case (.reverting, .degraded):
            let reason = record.failure.map { " after: \($0.inWords)" } ?? ""
            transition.cause =
                "the way back to template version \(record.template?.short ?? "") failed\(reason): \(transition.cause)"
            transition.leases = .keepPorts(try await ports(of: record))
        default: break
        }
        return transition
    }

    /// A project whose version before is not known cannot go back: it stays at the new one and is healed there.
    private func beginWayBack(_ transition: inout StatusTransition, _ record: ProjectRecord) async throws {
        let failure = transition.failure?.inWords ?? transition.cause
        if try await store.project(record.ref)?.template == nil {
            transition.to = .degraded
            transition.cause =
                "the upgrade failed: \(failure). The template version before is not known: there is no way back"
            let message = transition.failure?.message ?? failure
            transition.failure?.message = "\(message) (during an upgrade without a way back)"
            transition.leases = .keepPorts(try await ports(of: record))
        } else {
            transition.cause = "the upgrade failed: \(failure). The version before is brought back"
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
