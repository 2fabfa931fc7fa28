import EmbeddedPostgres
import Logging
import Orchestrator
import PostgresKit
import PostgresStore

/// The manager's database, migrated: a given one, or a private cluster of its own.
struct Database: Sendable {
    let pool: PostgresPool
    /// For the manager's lease alone: a renewal that waits behind requests comes too late.
    let leasePool: PostgresPool
    /// How to connect to it.
    let parameters: PostgresConnectionParameters
    /// The private cluster, when there is one.
    let cluster: EmbeddedCluster?

    /// Connections for the lease: one that renews, and a second one for when that hangs.
    private static let leaseConnectionsMax = 2

    /// Connects, or starts the private cluster and connects to that, and applies what is missing of the schema.
    static func open(_ settings: ServeSettings, logger: Logger) async throws -> Database {
        var cluster: EmbeddedCluster?
        if settings.database == nil {
            logger.info("starting the private PostgreSQL", metadata: ["folder": "\(settings.dataFolder)/postgres"])
            cluster = try await EmbeddedCluster.start(
                EmbeddedClusterConfiguration(in: settings.dataFolder))
        }
        guard let parameters = settings.database ?? cluster?.parameters else {
            throw ServeSettings.Problem(description: "there is no database to connect to")
        }
        var configuration = PostgresPoolConfiguration()
        configuration.maximumConnections = leaseConnectionsMax
        let database = Database(
            pool: PostgresPool(parameters), leasePool: PostgresPool(parameters, configuration: configuration),
            parameters: parameters, cluster: cluster)
        do {
            try await database.pool.start()
            let applied = try await Migrations.apply(DatabaseSchema.migrations, to: database.pool)
            if !applied.isEmpty { logger.info("migrated the database", metadata: ["migrations": "\(applied)"]) }
            try await database.leasePool.start()
            try await database.checkOtherManager(settings)
        } catch {
            await database.close(logger)
            throw error
        }
        return database
    }

    /// The manager's lease.
    var leases: PostgresManagerLeaseStore { PostgresManagerLeaseStore(pool: leasePool) }

    /// The last manager of a private cluster is certainly gone, since this one could start the cluster: its lease need
    /// not run out. A live manager of a given database must have the same folder: containers mount files from there,
    /// and each of the two would replace those of the other.
    private func checkOtherManager(_ settings: ServeSettings) async throws {
        guard cluster == nil else { return try await leases.expireAny() }
        guard let other = try await leases.current()?.manager, other.projectsFolder != settings.projectsFolder
        else { return }
        throw ServeSettings.Problem(
            description: "the manager at \(other.address) works on this database with projects in "
                + "\(other.projectsFolder), this one has \(settings.projectsFolder): managers of one database need the "
                + "same SUPAMANAGER_DATA_DIR, shared between them; or give this one a database of its own")
    }

    /// Closes all connections and stops the private cluster.
    func close(_ logger: Logger) async {
        await pool.close()
        await leasePool.close()
        do {
            try await cluster?.stop()
        } catch { logger.error("the private PostgreSQL did not stop", metadata: ["error": "\(error)"]) }
    }
}
