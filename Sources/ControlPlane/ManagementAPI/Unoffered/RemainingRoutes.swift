import APIKit
import FeatureKit
import Identity
import Notifications
import Orchestrator
import ProjectModel
import Snippets
import Usage

/// Routes about what happens around projects: notifications, snippets, usage, connection data, and everything
/// that is not offered here.
struct RemainingRoutes: Sendable {
    let catalog: ProjectCatalog
    let configuration: ManagementAPIConfiguration
    let content: any ContentStore
    let notifications: any NotificationStore
    let reach: ProjectReach
    /// The members of an organization, by its slug.
    let members: @Sendable (String) async throws -> [Member]
    let features: ServedFeatures
    let time: any TimeSource

    /// All of them.
    var routes: [Route] { people + projects + UnofferedController().routes }

    private var people: [Route] {
        NotificationsFeature(notifications: notifications).routes
            + SnippetsFeature(catalog: catalog, content: content, time: time).routes
            + UsageFeature(catalog: catalog, reach: reach, time: time).routes
            + BillingController(features: features, time: time).routes
            + RegionsController(catalog: catalog).routes
    }

    private var projects: [Route] {
        AnalyticsController().routes
            + DatabasesController(catalog: catalog, configuration: configuration, time: time).routes
            + ProjectMembersController(members: members).routes
            + AdvisorsController(catalog: catalog, run: { try await reach.run($0, on: $1) }, time: time).routes
            + RemainderController().routes
    }
}
