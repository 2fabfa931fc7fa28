package import APIKit
package import FeatureKit
package import Orchestrator
package import ProjectSQL

/// What a running project holds: its database by SQL, its users and files through its gateway.
package struct ProjectDataFeature: Sendable {
    private let catalog: ProjectCatalog
    private let reach: ProjectReach
    private let importer: any DatabaseImporter
    private let time: any TimeSource

    package init(
        catalog: ProjectCatalog, reach: ProjectReach, importer: any DatabaseImporter, time: any TimeSource
    ) {
        self.importer = importer
        self.catalog = catalog
        self.reach = reach
        self.time = time
    }

    package var routes: [Route] { database + services }

    private var database: [Route] {
        QueryController(reach: reach).routes
            + MetadataController(reach: reach).routes
            + MigrationsController(reach: reach, time: time).routes
            + LoginRoleController(reach: reach).routes
            + WebhooksController(reach: reach).routes
            + PasswordController(reach: reach).routes
            + ImportController(reach: reach, importer: importer).routes
            + AdvisorsController(catalog: catalog, reach: reach, time: time).routes
    }

    private var services: [Route] {
        AuthUsersController(reach: reach).routes
            + StorageBucketsController(reach: reach).routes
            + StorageObjectsController(reach: reach).routes
            + StorageCredentialsController(reach: reach).routes
    }
}
