import APIKit
import Identity
import Orchestrator
import ProjectModel

/// Routes about what happens around projects: notifications, snippets, usage, connection data, and everything
/// that is not offered here.
struct RemainingRoutes: Sendable {
    let catalog: ProjectCatalog
    let configuration: ManagementAPIConfiguration
    let content: any ContentStore
    let notifications: any NotificationStore
    /// Runs SQL on a project's database; throws the reason when there is no response.
    let run: @Sendable (ProjectQueryText, ProjectRecord) async throws -> QueryAnswer
    /// The members of an organization, by its slug.
    let members: @Sendable (String) async throws -> [Member]
    let features: ServedFeatures
    let time: any TimeSource

    /// All of them.
    var routes: [Route] { people + projects + UnofferedController().routes }

    private var people: [Route] {
        NotificationsController(notifications: notifications).routes
            + ContentController(content: content, time: time).routes
            + ContentFoldersController(content: content).routes
            + V1SnippetsController(catalog: catalog, content: content).routes
            + UsageController(
                catalog: catalog, meter: UsageMeter(probe: DatabaseUsageProbe(run: run)), time: time
            ).routes
            + BillingController(features: features, time: time).routes
            + RegionsController(catalog: catalog).routes
    }

    private var projects: [Route] {
        AnalyticsController().routes
            + DatabasesController(catalog: catalog, configuration: configuration, time: time).routes
            + ProjectMembersController(members: members).routes
            + AdvisorsController(catalog: catalog, run: run, time: time).routes
            + RemainderController().routes
    }
}
