import Logging
import PostgresKit
import PostgresStore

/// The manager's database, migrated: a given one, or a private cluster of its own.
struct Database: Sendable {
    let pool: PostgresPool
    /// The private cluster, when there is one.
    let cluster: EmbeddedCluster?
    /// Holds the database's lock for as long as it is open: one manager works on a database at a time.
    let guardian: PostgresConnection

    /// Key of the advisory lock that a manager holds; arbitrary, and the same in every version.
    private static let lockKey = 7_305_241_981_246_307
    /// How long to wait for the lock: the server takes a moment to notice that a killed manager is gone.
    private static let lockDeadline: Duration = .seconds(10)

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
        let guardian: PostgresConnection
        do {
            guardian = try await lockedConnection(parameters)
        } catch {
            // The first failure is the one to report; a server that is left behind is stopped by the next start.
            try? await cluster?.stop()
            throw error
        }
        let database = Database(pool: PostgresPool(parameters), cluster: cluster, guardian: guardian)
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

    private static func lockedConnection(_ parameters: PostgresConnectionParameters) async throws -> PostgresConnection
    {
        let connection = try await PostgresConnection.connect(parameters)
        let end = ContinuousClock.now + lockDeadline
        while ContinuousClock.now < end {
            let row = try await connection.single("select pg_try_advisory_lock($1) as mine", [.int(lockKey)])
            if try row.bool("mine") { return connection }
            try await Task.sleep(for: .milliseconds(200))
        }
        await connection.close()
        throw ServeSettings.Problem(
            description: "another manager works on this database; stop it first, or give this one a database of its own"
        )
    }

    /// Closes all connections and stops the private cluster.
    func close(_ logger: Logger) async {
        await pool.close()
        await guardian.close()
        do {
            try await cluster?.stop()
        } catch { logger.error("the private PostgreSQL did not stop", metadata: ["error": "\(error)"]) }
    }
}
