import Logging
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Reconciler

@testable import ManagementAPI

/// The routes of the API, to be looked at without serving them.
func allRoutes() -> [Route] {
    guard
        let catalog = try? APIHost.catalog(
            InMemoryProjectStore(), FakeEngine(time: SystemTime()), TestRenderer(), ports: "54320-65535",
            LogRecorder().logger),
        let token = try? AccessToken(APIHost.token)
    else { return [] }
    return ManagementAPI(
        catalog: catalog, verifier: BootstrapTokenVerifier(token), readiness: [],
        configuration: ManagementAPIConfiguration(publicHost: "127.0.0.1", database: .sample)
    ).routes.routes
}
