import Logging
import ProjectModel
import Reconciler

extension ReconcileLoop {
    /// Leases replaced in a row before the engine's refusal counts as a failure.
    static let replacementsMax = 20

    /// Replaces ports and subnets that the engine says are taken by others. True when something was replaced: the
    /// next pass renders the stack with them and continues.
    func replaceRefusedLeases(
        _ outcomes: [PlanExecutor.Outcome], record: ProjectRecord, state: inout PassState
    ) async throws -> Bool {
        guard state.decisions.replacements < Self.replacementsMax, let leases = record.leases else { return false }
        var replaced = false
        for outcome in outcomes {
            switch outcome.error {
            case .portTaken(let port, _):
                guard
                    let variable = variable(
                        of: port, operation: outcome.step.operation, leases: leases, stack: state.stack(for: record))
                else { continue }
                try await replacePort(variable, leases: leases, record: record)
                replaced = true
            case .subnetTaken:
                let fresh = try await broker.choose(
                    ports: [], at: time.now(), avoiding: EngineUse(subnets: [leases.subnet]))
                try await store.replaceSubnet(of: record.ref, with: fresh.subnet, at: time.now())
                replaced = true
            default: continue
            }
            logger.notice(
                "a leased port or subnet was in use and has been replaced",
                metadata: ["project": "\(record.ref)", "error": "\(outcome.error.map { "\($0)" } ?? "")"])
        }
        if replaced { state.decisions.replacements += 1 }
        return replaced
    }

    private func replacePort(_ variable: String, leases: Leases, record: ProjectRecord) async throws {
        let taken = EngineUse(ports: leases.ports[variable].map { [$0] } ?? [])
        let fresh = try await broker.choose(ports: [variable], at: time.now(), avoiding: taken)
        guard let port = fresh.ports[variable] else { return }
        try await store.replacePort(variable, of: record.ref, with: port, at: time.now())
    }

    /// The variable whose port was refused. The engine names the port; when it does not, it is one of those that the
    /// container publishes.
    private func variable(
        of port: UInt16?, operation: EngineOperation, leases: Leases, stack: DesiredStack?
    ) -> String? {
        if let port { return leases.ports.first { $0.value == port }?.key }
        guard let service = operation.service, let ports = stack?.services[service]?.spec.ports else { return nil }
        return leases.ports.sorted { $0.key < $1.key }.first { lease in ports.contains { $0.hostPort == lease.value } }?
            .key
    }
}
