public import ProjectModel
public import Reconciler

/// What one service of a project is doing, for people and for the health answer of the API.
public struct ServiceReport: Sendable, Equatable {
    /// The service.
    public var service: ServiceName
    /// What it is doing.
    public var state: Assessment.ServiceState
    /// The same for each role that has a probe of its own, where the service has several.
    public var roles: [ServiceRole: Assessment.ServiceState]
    /// When it was last probed.
    public var observedAt: Timestamp?

    /// What it is doing in a role.
    public func state(of role: ServiceRole) -> Assessment.ServiceState { roles[role] ?? state }
}

extension ProjectCatalog {
    /// States of all services of a project, from the engine's list and the tallies of the probes.
    public func health(of ref: ProjectRef) async throws(CatalogError) -> [ServiceReport] {
        try await loop.report(on: try await project(ref))
    }
}

extension ReconcileLoop {
    func report(on record: ProjectRecord) async throws(CatalogError) -> [ServiceReport] {
        let tallies = await health.tallies(of: record.ref)
        let roles = await health.roleTallies(of: record.ref)
        let finding = await states.finding(of: record.ref)
        return record.inForce.services.sorted().map { service in
            let state = state(of: service, record.status, finding?.states[service])
            return ServiceReport(
                service: service, state: state,
                roles: (roles[service] ?? [:]).mapValues { Self.state(of: $0, in: state) },
                observedAt: tallies[service]?.observedAt)
        }
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
        let reason = "the manager has not looked at it yet"
        return status == .active || status == .degraded ? .unknown(reason) : .comingUp(reason)
    }
}
