package import APIKit
package import FeatureKit
package import Orchestrator

/// What a project and an organization use, measured when it is asked for.
package struct UsageFeature: Sendable {
    private let catalog: ProjectCatalog
    private let reach: ProjectReach
    private let time: any TimeSource

    package init(catalog: ProjectCatalog, reach: ProjectReach, time: any TimeSource) {
        self.catalog = catalog
        self.reach = reach
        self.time = time
    }

    package var routes: [Route] {
        UsageController(
            catalog: catalog,
            meter: { caller in
                UsageMeter(probe: DatabaseUsageProbe { try await reach.run($0, on: $1, for: caller) })
            }, time: time
        ).routes
    }
}
