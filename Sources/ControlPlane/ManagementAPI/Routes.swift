import APIKit
import EdgeFunctions
import FeatureKit
import Identity
import Orchestrator

extension ManagementAPI {
    /// Every route except the probes, in the order of the OpenAPI document.
    static func routes(_ backend: Backend, _ configuration: ManagementAPIConfiguration) -> [Route] {
        // The features follow from the routes, and some routes describe them: so they are made twice.
        let features = ServedFeatures(routes(backend, configuration, telling: ServedFeatures([])))
        return routes(backend, configuration, telling: features)
    }

    private static func routes(
        _ backend: Backend, _ configuration: ManagementAPIConfiguration, telling features: ServedFeatures
    ) -> [Route] {
        let reach = ProjectReach(
            catalog: backend.catalog, databases: backend.databases, gateways: backend.gateways,
            addresses: backend.addresses)
        return projectRoutes(backend.catalog, configuration)
            + liveRoutes(backend)
            + PeopleRoutes(
                catalog: backend.catalog, directory: backend.directory, deviceLoginCrypto: backend.deviceLoginCrypto,
                units: backend.units, ledger: backend.ledger, time: backend.time, version: configuration.version,
                features: features
            ).routes
            + OrphansController(orphans: backend.orphans).routes
            + JobsController(jobs: backend.jobs).routes
            + RegistriesController(logins: backend.registries).routes
            + keyRoutes(backend.catalog)
            + settingRoutes(backend.catalog, configuration)
            + databaseRoutes(reach, backend.time)
            + serviceRoutes(reach, backend)
            + ConsistencyController(check: backend.consistency).routes
            + RemainingRoutes(
                catalog: backend.catalog, configuration: configuration, content: backend.content,
                notifications: backend.notifications, reach: reach,
                members: { try await backend.directory.members(of: $0) }, features: features, time: backend.time
            ).routes
    }

    /// Projects themselves: their life, their connection data, their progress.
    private static func projectRoutes(
        _ catalog: ProjectCatalog, _ configuration: ManagementAPIConfiguration
    ) -> [Route] {
        ProjectsController(catalog: catalog, configuration: configuration).routes
            + ProjectEditController(catalog: catalog).routes
            + LifecycleController(catalog: catalog).routes
            + DeletionController(catalog: catalog).routes
            + KeptVolumesController(catalog: catalog).routes
            + DataVolumesController(catalog: catalog).routes
            + SettingsController(catalog: catalog, configuration: configuration).routes
            + ExportController(catalog: catalog).routes
            + ProgressController(catalog: catalog).routes
            + OperationsController(catalog: catalog).routes
            + UpgradeController(catalog: catalog).routes
            + V1ProjectsController(catalog: catalog, configuration: configuration).routes
            + V1HealthController(catalog: catalog).routes
    }

    /// Streams of events and logs.
    private static func liveRoutes(_ backend: Backend) -> [Route] {
        EventStreamController(catalog: backend.catalog, feed: backend.eventFeed).routes
            + ServiceLogsController(logs: backend.catalog, follower: backend.logFollower).routes
    }

    /// API keys and signing keys.
    private static func keyRoutes(_ catalog: ProjectCatalog) -> [Route] {
        KeysController(catalog: catalog).routes
            + SigningKeysController().routes
            + PlatformKeysController(catalog: catalog).routes
    }

    /// What the services of a project are configured with.
    private static func settingRoutes(
        _ catalog: ProjectCatalog, _ configuration: ManagementAPIConfiguration
    ) -> [Route] {
        let editor = SettingsEditor(catalog: catalog)
        return AuthConfigController(editor: editor).routes
            + DataAPIController(editor: editor).routes
            + StorageConfigController(editor: editor).routes
            + RealtimeConfigController(editor: editor).routes
            + DatabaseConfigController(editor: editor).routes
            + PoolerController(editor: editor, configuration: configuration).routes
            + NetworkController().routes
            + BackupsController().routes
    }

    /// A project's database, by SQL.
    private static func databaseRoutes(_ reach: ProjectReach, _ time: any TimeSource) -> [Route] {
        QueryController(reach: reach).routes
            + MetadataController(reach: reach).routes
            + MigrationsController(reach: reach, time: time).routes
            + LoginRoleController(reach: reach).routes
            + WebhooksController(reach: reach).routes
            + PasswordController(reach: reach).routes
    }

    /// A project's services, through its gateway.
    private static func serviceRoutes(_ reach: ProjectReach, _ backend: Backend) -> [Route] {
        AuthUsersController(reach: reach).routes
            + EdgeFunctionsFeature(catalog: backend.catalog, functions: backend.functions).routes
            + StorageBucketsController(reach: reach).routes
            + StorageObjectsController(reach: reach).routes
    }
}
