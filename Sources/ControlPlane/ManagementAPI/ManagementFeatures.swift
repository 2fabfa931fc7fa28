import APIKit
package import Accounts
package import Backups
package import EdgeFunctions
import FeatureKit
package import Installation
package import Notifications
package import ProjectData
package import Projects
package import Snippets
package import SupabaseCompatibility
package import Usage

/// The features of the Management API. A new one has a line here.
package struct ManagementFeatures: Sendable {
    private let installation: InstallationFeature
    private let projects: ProjectsFeature
    private let accounts: AccountsFeature
    private let backups: BackupsFeature
    private let data: ProjectDataFeature
    private let functions: EdgeFunctionsFeature
    private let notifications: NotificationsFeature
    private let snippets: SnippetsFeature
    private let usage: UsageFeature
    private let compatibility: SupabaseCompatibilityFeature

    package init(
        installation: InstallationFeature, projects: ProjectsFeature, accounts: AccountsFeature,
        backups: BackupsFeature, data: ProjectDataFeature, functions: EdgeFunctionsFeature,
        notifications: NotificationsFeature,
        snippets: SnippetsFeature, usage: UsageFeature, compatibility: SupabaseCompatibilityFeature
    ) {
        self.installation = installation
        self.projects = projects
        self.accounts = accounts
        self.backups = backups
        self.data = data
        self.functions = functions
        self.notifications = notifications
        self.snippets = snippets
        self.usage = usage
        self.compatibility = compatibility
    }

    /// Every route but that of the OpenAPI document.
    func routes(counting requests: RequestMetrics) -> [Route] {
        // What is served follows from the routes, and some routes describe it: so they are made twice.
        let served = ServedFeatures(routes(counting: requests, telling: ServedFeatures([])))
        return routes(counting: requests, telling: served)
    }

    private func routes(counting requests: RequestMetrics, telling served: ServedFeatures) -> [Route] {
        installation.routes(counting: requests)
            + projects.routes
            + accounts.routes(telling: served)
            + backups.routes
            + data.routes
            + functions.routes
            + notifications.routes
            + snippets.routes
            + usage.routes
            + compatibility.routes(telling: served)
    }
}
