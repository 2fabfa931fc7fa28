package import APIKit
package import FeatureKit
package import Orchestrator
package import UsageModel

/// What a project and an organization use: measured when it is asked for, and kept over time.
package struct UsageFeature: Sendable {
    private let catalog: ProjectCatalog
    private let reach: ProjectReach
    private let history: any UsageStore
    private let time: any TimeSource

    package init(catalog: ProjectCatalog, reach: ProjectReach, history: any UsageStore, time: any TimeSource) {
        self.catalog = catalog
        self.reach = reach
        self.history = history
        self.time = time
    }

    package var routes: [Route] {
        UsageController(
            catalog: catalog,
            meter: { caller in
                UsageMeter(probe: DatabaseUsageProbe { try await reach.run($0, on: $1, for: caller) })
            }, time: time
        ).routes + UsageHistoryController(store: history, time: time).routes
    }
}
