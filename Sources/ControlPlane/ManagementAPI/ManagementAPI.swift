public import APIKit
import Clients
public import Logging
public import Orchestrator

/// The Management API: its paths, their access rules and their responses. It holds no socket; ``APIServer`` puts
/// it on one.
public struct ManagementAPI: Sendable {
    /// The routes, and what a request passes on its way to them.
    package let pipeline: APIPipeline

    /// The API of one installation.
    ///
    /// - Parameters:
    ///   - backend: The dependencies of the handlers.
    ///   - verifier: Resolves access tokens.
    ///   - readiness: The checks behind `/ready`.
    ///   - role: What this manager does at the moment; one without others is always active.
    ///   - configuration: What answers say about this host and about the stack's template.
    ///   - logger: Receives what the checks of readiness find, when it changes.
    public init(
        backend: Backend, verifier: any AccessTokenVerifier, readiness: [ReadinessCheck],
        role: @escaping @Sendable () -> ManagerRole = { .active }, configuration: ManagementAPIConfiguration,
        logger: Logger
    ) {
        let metrics = RequestMetrics()
        let figures = MetricsController(
            catalog: backend.catalog, requests: metrics, role: role, process: backend.process,
            version: configuration.version)
        let probes = ProbeController(checks: readiness, role: role, findings: ReadinessFindings(logger: logger))
        let served = probes.routes + figures.routes + Self.routes(backend, configuration)
        pipeline = APIPipeline(
            routes: RouteTable(served + [OpenAPIController(routes: served, version: configuration.version).route]),
            authorizer: Authorizer(
                verifier: verifier, projects: backend.catalog,
                limiter: RateLimiter(limit: configuration.requestsPerMinute)),
            mutations: MutationRunner(
                units: backend.units, verifier: verifier, ledger: backend.ledger, sealer: backend.sealer,
                time: backend.time),
            cors: configuration.cors, proxies: configuration.trustedProxies, metrics: metrics)
    }
}
