public import Orchestrator

/// The Management API: which paths exist, who may use them and what they answer. It holds no socket;
/// ``ManagementAPIServer`` puts it on one.
public struct ManagementAPI: Sendable {
    let routes: RouteTable
    let verifier: any AccessTokenVerifier

    /// The API of one installation.
    ///
    /// - Parameters:
    ///   - catalog: What is asked of projects; the API's only way to them.
    ///   - verifier: Tells whose an access token is.
    ///   - readiness: What has to answer before `/ready` says yes.
    ///   - configuration: What answers say about this host and about the stack's template.
    public init(
        catalog: ProjectCatalog, verifier: any AccessTokenVerifier, readiness: [ReadinessCheck],
        configuration: ManagementAPIConfiguration
    ) {
        self.verifier = verifier
        routes = RouteTable(
            ProbeController(checks: readiness).routes
                + ProjectsController(catalog: catalog, configuration: configuration).routes
                + LifecycleController(catalog: catalog).routes
                + SettingsController(catalog: catalog, configuration: configuration).routes
                + ProgressController(catalog: catalog).routes
                + V1ProjectsController(catalog: catalog, configuration: configuration).routes
                + V1HealthController(catalog: catalog).routes
                + V1KeysController(catalog: catalog, configuration: configuration).routes)
    }
}
