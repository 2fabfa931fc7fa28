public import ProjectModel
public import Reconciler

/// What one service of a project is doing, for people and for the health answer of the API.
public struct ServiceReport: Sendable, Equatable {
    /// The service.
    public var service: ServiceName
    /// Its name in the Management API's health answer, where it has one.
    public var healthName: String?
    /// What it is doing.
    public var state: Assessment.ServiceState
    /// When it was last probed.
    public var observedAt: Timestamp?
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
        let latest = await memories.take(record.ref).latest
        return record.inForce.services.sorted().map { service in
            ServiceReport(
                service: service, healthName: latest?.healthNames[service],
                state: state(of: service, record.status, latest?.states[service]),
                observedAt: tallies[service]?.observedAt)
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
