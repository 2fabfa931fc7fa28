import Orchestrator
import OrchestratorTesting

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

/// The routes of the tests' API, without a server.
func sampleAPI() throws -> ManagementAPI {
    try APIHost.parts(
        store: InMemoryProjectStore(), engine: FakeEngine(time: SystemTime()), renderer: TestRenderer(),
        log: LogRecorder()
    ).api(
        verifier: TokenTable(), readiness: [], APIHost.configuration, logger: LogRecorder().logger)
}

func allRoutes() -> [Route] { (try? sampleAPI().pipeline.routes.routes) ?? [] }
