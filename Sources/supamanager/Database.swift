import Logging
import PostgresKit
import PostgresStore

/// The manager's database, migrated: a given one, or a private cluster of its own.
struct Database: Sendable {
    let pool: PostgresPool
    /// The private cluster, when there is one.
    let cluster: EmbeddedCluster?

    /// Connects, or starts the private cluster and connects to that, and applies what is missing of the schema.
    static func open(_ settings: ServeSettings, logger: Logger) async throws -> Database {
        var cluster: EmbeddedCluster?
        if settings.database == nil {
            logger.info("starting the private PostgreSQL", metadata: ["folder": "\(settings.dataFolder)/postgres"])
            cluster = try await EmbeddedCluster.start(
                EmbeddedClusterConfiguration(folder: settings.dataFolder + "/postgres"))
        }
        guard let parameters = settings.database ?? cluster?.parameters else {
            throw ServeSettings.Problem(description: "there is no database to connect to")
        }
        let database = Database(pool: PostgresPool(parameters), cluster: cluster)
        do {
            try await database.pool.start()
            let applied = try await Migrations.apply(Schema.migrations, to: database.pool)
            if !applied.isEmpty { logger.info("migrated the database", metadata: ["migrations": "\(applied)"]) }
        } catch {
            await database.close(logger)
            throw error
        }
        return database
    }

    /// Closes all connections and stops the private cluster.
    func close(_ logger: Logger) async {
        await pool.close()
        do {
            try await cluster?.stop()
        } catch { logger.error("the private PostgreSQL did not stop", metadata: ["error": "\(error)"]) }
    }
}
