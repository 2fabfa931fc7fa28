import ArgumentParser
import FoundationEssentials
import Logging
import PostgresKit
import RestAPI
import ServiceLifecycle
import UnixSignals

/// `projectd serve`
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serve the APIs of a project.",
        discussion: """
            SIGUSR1 reads the schema again, as does NOTIFY on PGRST_DB_CHANNEL. `/live` and `/ready` are served on \
            PGRST_ADMIN_SERVER_PORT where that is set. PROJECTD_BODY_TIMEOUT is the longest time for the body of a \
            request in seconds (60); PROJECTD_TRUSTED_PROXIES are addresses, separated by commas, of which more than \
            the 128 connections of one address are taken. PGRST_DB_POOL_MAX_LIFETIME is the longest life of a \
            connection to the database in seconds (1800).
            """)

    /// Services that can be served.
    enum Service: String, CaseIterable, ExpressibleByArgument {
        case rest
    }

    @Option(help: "Services to serve, separated by commas. The only one yet is rest.")
    var only: String = Service.rest.rawValue

    func validate() throws {
        for name in only.split(separator: ",") where Service(rawValue: String(name)) == nil {
            throw ValidationError("there is no service \(name); the services are: rest")
        }
    }

    func run() async throws {
        LoggingSystem.bootstrap(StreamLogHandler.standardError)
        let settings: ServeSettings
        do throws(SettingProblem) {
            settings = try ServeSettings(environment: ProcessInfo.processInfo.environment)
        } catch { throw ValidationError(error.description) }
        var logger = Logger(label: "projectd")
        logger.logLevel = settings.logLevel
        let pool = PostgresPool(settings.database, configuration: settings.pool, limits: settings.limits)
        let service = RestService(
            configuration: settings.rest, pool: pool, verifier: settings.verifier,
            clock: { Date().timeIntervalSince1970 })
        var services: [any ServiceLifecycle.Service] = [
            SchemaLoop(service: service, database: settings.database, channel: settings.rest.channel, logger: logger),
            RestServer(service: service, address: settings.address, limits: settings.http, logger: logger),
        ]
        if let admin = settings.adminAddress {
            services.append(AdminServer(service: service, pool: pool, address: admin, logger: logger))
        }
        let group = ServiceGroup(
            configuration: .init(
                services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
        await pool.close()
    }
}
