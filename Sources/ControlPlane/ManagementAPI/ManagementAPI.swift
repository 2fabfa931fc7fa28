package import APIKit
package import Dashboard

/// The Management API: its paths, their access rules and their responses. It holds no socket; ``APIServer`` puts
/// it on one.
package struct ManagementAPI: Sendable {
    /// The routes, and what a request passes on its way to them.
    package let pipeline: APIPipeline

    /// The API of one installation.
    ///
    /// - Parameters:
    ///   - features: Everything that is served.
    ///   - projects: Finds the projects that paths name.
    ///   - mutations: Makes a change, its audit entry and its stored answer one.
    ///   - dashboard: Pages for browsers beside the API; nil serves none.
    ///   - configuration: What clients may do, and the version of the document.
    package init(
        features: ManagementFeatures, projects: any PathProjects, mutations: MutationRunner,
        dashboard: DashboardFeature? = nil, configuration: ManagementAPIConfiguration
    ) {
        let metrics = RequestMetrics()
        let served = features.routes(counting: metrics)
        let routes = RouteTable(served + [OpenAPIController(routes: served, version: configuration.version).route])
        let authorizer = Authorizer(
            verifier: mutations.verifier, projects: projects,
            limiter: RateLimiter(limit: configuration.requestsPerMinute))
        let calls = InternalCalls(routes: routes, authorizer: authorizer, mutations: mutations)
        pipeline = APIPipeline(
            routes: routes, authorizer: authorizer, mutations: mutations, cors: configuration.cors,
            proxies: configuration.trustedProxies, metrics: metrics, site: dashboard?.site(on: calls))
    }
}
