package import APIKit
package import FeatureKit
package import Orchestrator

/// Projects themselves: their life, settings and keys, what happens to them, and where they are reached.
package struct ProjectsFeature: Sendable {
    private let catalog: ProjectCatalog
    private let eventFeed: any ProjectEventFeed
    private let poll: SharedPoll
    private let logFollower: ServiceLogFollower
    private let time: any TimeSource
    private let publicHost: String

    /// - Parameters:
    ///   - eventFeed: Histories of projects, in order.
    ///   - poll: Names the present state of all projects and their histories.
    ///   - logFollower: Logs of services as they are written.
    ///   - publicHost: Host name or address under which people reach the published ports of projects.
    package init(
        catalog: ProjectCatalog, eventFeed: any ProjectEventFeed, poll: SharedPoll,
        logFollower: ServiceLogFollower, time: any TimeSource, publicHost: String
    ) {
        self.catalog = catalog
        self.eventFeed = eventFeed
        self.poll = poll
        self.logFollower = logFollower
        self.time = time
        self.publicHost = publicHost
    }

    package var routes: [Route] { projects + live + keys + settings + infrastructure }

    /// Their life, their connection data, their progress.
    private var projects: [Route] {
        ProjectsController(catalog: catalog, publicHost: publicHost).routes
            + ProjectEditController(catalog: catalog).routes
            + LifecycleController(catalog: catalog).routes
            + DeletionController(catalog: catalog).routes
            + KeptVolumesController(catalog: catalog).routes
            + DataVolumesController(catalog: catalog).routes
            + SettingsController(catalog: catalog, publicHost: publicHost).routes
            + ExportController(catalog: catalog).routes
            + ProgressController(catalog: catalog).routes
            + OperationsController(catalog: catalog).routes
            + UpgradeController(catalog: catalog).routes
            + V1ProjectsController(catalog: catalog, publicHost: publicHost).routes
            + V1HealthController(catalog: catalog).routes
    }

    /// Streams of events and logs.
    private var live: [Route] {
        EventStreamController(catalog: catalog, feed: eventFeed, poll: poll).routes
            + ServiceLogsController(logs: catalog, follower: logFollower).routes
    }

    /// API keys and signing keys.
    private var keys: [Route] {
        KeysController(catalog: catalog).routes
            + SigningKeysController().routes
            + PlatformKeysController(catalog: catalog).routes
    }

    /// What the services of a project are configured with.
    private var settings: [Route] {
        let editor = SettingsEditor(catalog: catalog)
        return AuthConfigController(editor: editor).routes
            + DataAPIController(editor: editor).routes
            + StorageConfigController(editor: editor).routes
            + RealtimeConfigController(editor: editor).routes
            + DatabaseConfigController(editor: editor).routes
            + PoolerController(editor: editor, publicHost: publicHost).routes
    }

    private var infrastructure: [Route] {
        RegionsController(catalog: catalog).routes
            + DatabasesController(catalog: catalog, publicHost: publicHost, time: time).routes
    }
}
