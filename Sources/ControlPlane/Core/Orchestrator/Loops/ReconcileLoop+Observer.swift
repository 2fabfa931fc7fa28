public import ProjectModel
public import Reconciler

/// Results of passes and probes, for requests.
extension ReconcileLoop: ProjectObserver {
    /// States as the last pass found them, with what the probes say of roles.
    public func services(of record: ProjectRecord) async -> [ServiceReport] {
        let tallies = await health.tallies(of: record.ref)
        let roles = await health.roleTallies(of: record.ref)
        let finding = await states.finding(of: record.ref)
        return record.inForce.services.sorted().map { service in
            var state = state(of: service, record.status, finding?.states[service])
            let pull = (finding?.pulls[service]).flatMap { pulls.underWay($0) }
            if let pull, !state.isReady { state = .comingUp("pulling image \(pull.image): \(pull)") }
            return ServiceReport(
                service: service, state: state,
                roles: (roles[service] ?? [:]).mapValues { Self.state(of: $0, in: state) },
                observedAt: tallies[service]?.observedAt, imagePull: pull)
        }
    }

    /// As the probes have them.
    public func tallies(of ref: ProjectRef) async -> [ServiceName: ServiceHealth] { await health.tallies(of: ref) }

    /// The address that the last pass over the project found.
    public func address(behind port: UInt16, of ref: ProjectRef) async -> ServiceAddress? {
        await states.finding(of: ref)?.addresses[port]
    }

    /// Reads from the engine.
    public func logTail(
        of service: ServiceName, in ref: ProjectRef, lines: Int
    ) async throws(EngineError) -> LogTail? {
        guard let container = try await engine.observe(ref).container(of: service) else { return nil }
        return try await engine.logTail(ofContainer: container.id, lines: lines)
    }

    /// A role is no better than the container that it runs in, but it need not be as bad as another role there.
    private static func state(
        of role: ServiceHealth, in service: Assessment.ServiceState
    ) -> Assessment.ServiceState {
        switch (service, role.verdict) {
        case (.ready, _), (_, .ready): .ready
        case (.comingUp(let text), _): .comingUp(role.lastFailure ?? text)
        case (.failing(let text), _): .failing(role.lastFailure ?? text)
        case (.unknown(let text), _): .unknown(role.obstacle ?? role.lastFailure ?? text)
        }
    }

    private func state(
        of service: ServiceName, _ status: ProjectStatus, _ known: Assessment.ServiceState?
    ) -> Assessment.ServiceState {
        switch status.goal {
        case .running: known ?? notSeenYet(status)
        case .stopped: .failing("the project is paused")
        case .absent: .failing("the project is not running")
        }
    }

    private func notSeenYet(_ status: ProjectStatus) -> Assessment.ServiceState {
        let reason = "the manager has not observed it yet"
        return status == .active || status == .degraded ? .unknown(reason) : .comingUp(reason)
    }
}
