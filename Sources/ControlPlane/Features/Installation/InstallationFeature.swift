package import APIKit
package import ConsistencyModel
package import Logging
package import Orchestrator

/// The installation as a whole: whether it runs, its metrics, its jobs, logins at registries, and what lies on the
/// engine and on the host.
package struct InstallationFeature: Sendable {
    /// Checks the whole installation once; it never fails, since what cannot be read is a finding too.
    package typealias ConsistencyCheck = @Sendable () async -> ConsistencyReport

    private let catalog: ProjectCatalog
    private let orphans: OrphanReconciler
    private let jobs: JobCatalog
    private let registries: RegistryLogins
    private let consistency: ConsistencyCheck
    private let readiness: [ReadinessCheck]
    private let role: @Sendable () -> ManagerRole
    private let process: @Sendable () -> ProcessFigures?
    private let metrics: MetricSources
    private let version: String
    private let logger: Logger

    /// - Parameters:
    ///   - orphans: Objects on the engine that belong to no project.
    ///   - jobs: Durable jobs of the manager.
    ///   - consistency: Compares records, engine and host.
    ///   - readiness: The checks behind `/ready`.
    ///   - role: What this manager does at the moment; one without others is always active.
    ///   - process: Metrics of the manager's process; nil where the host has none.
    ///   - metrics: What the metrics pages show besides.
    ///   - logger: Receives what the checks of readiness find, when it changes.
    package init(
        catalog: ProjectCatalog, orphans: OrphanReconciler, jobs: JobCatalog, registries: RegistryLogins,
        consistency: @escaping ConsistencyCheck, readiness: [ReadinessCheck],
        role: @escaping @Sendable () -> ManagerRole = { .active },
        process: @escaping @Sendable () -> ProcessFigures? = { nil }, metrics: MetricSources = MetricSources(),
        version: String, logger: Logger
    ) {
        self.catalog = catalog
        self.orphans = orphans
        self.jobs = jobs
        self.registries = registries
        self.consistency = consistency
        self.readiness = readiness
        self.role = role
        self.process = process
        self.metrics = metrics
        self.version = version
        self.logger = logger
    }

    /// The routes; the metrics of requests are those of the pipeline that serves them.
    package func routes(counting requests: RequestMetrics) -> [Route] {
        ProbeController(checks: readiness, role: role, findings: ReadinessFindings(logger: logger)).routes
            + MetricsController(
                catalog: catalog, requests: requests, role: role, process: process, version: version, sources: metrics,
                logger: logger
            ).routes
            + OrphansController(orphans: orphans).routes
            + JobsController(jobs: jobs).routes
            + RegistriesController(logins: registries).routes
            + ConsistencyController(check: consistency).routes
    }
}
