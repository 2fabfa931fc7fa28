import ArgumentParser
import AuthAPI
import DataPlaneCore
import FoundationEssentials
import LogKit
import Logging
import PasswordKit
import PostgresKit
import RestAPI
import ServiceLifecycle
import UnixSignals

/// `projectd serve`
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serve the APIs of a project.",
        discussion: """
            Without --only, both services are behind one address (PROJECTD_LISTEN, 0.0.0.0:8000): /auth/v1 and \
            /rest/v1 take the project's keys (SUPABASE_ANON_KEY, SUPABASE_SERVICE_ROLE_KEY; also \
            SUPABASE_PUBLISHABLE_KEY and SUPABASE_SECRET_KEY, one or several separated by commas, which stand for \
            them, and alone are taken with PROJECTD_LEGACY_KEYS=false) as header apikey, query parameter apikey or \
            bearer token; /health says that the server runs, /ready that it can answer requests. With --only, one \
            service is served without prefix and key, as a replacement of PostgREST or GoTrue.

            SIGUSR1 reloads the schema, as does NOTIFY on PGRST_DB_CHANNEL. SIGHUP reads the keys of tokens again where \
            GOTRUE_JWT_KEYS or PGRST_JWT_SECRET is @FILE: add a key for checking, then let it sign, then take the old \
            one away. `/live` and `/ready` are also served on \
            PGRST_ADMIN_SERVER_PORT if it is set. PROJECTD_BODY_TIMEOUT is the time limit for a request body in \
            seconds (60), PROJECTD_BODY_BYTES_MAX the size limit of one that REST takes (16777216), \
            PROJECTD_BODIES_BYTES_MAX the limit of all that are in memory at once (33554432); parsed they take a \
            multiple. PROJECTD_TRUSTED_PROXIES lists addresses of proxies, separated by commas: their X-Forwarded-For \
            names the client, and they may open more than the 128 connections allowed for one address. \
            PROJECTD_SMTP_PLAINTEXT=true lets mails go to another host without TLS. PGRST_DB_POOL_MAX_LIFETIME is the \
            maximum lifetime of a database connection in seconds (1800).
            """)

    /// Services that can be served.
    enum Service: String, CaseIterable, ExpressibleByArgument {
        case auth, rest
    }

    @Option(help: "Serve only this service: auth or rest.")
    var only: Service?

    func run() async throws {
        LoggingSystem.bootstrap { label in StreamLogHandler(label: label, stream: LogStream()) }
        let settings: ServeSettings
        do throws(SettingProblem) {
            settings = try ServeSettings(
                environment: ProcessInfo.processInfo.environment,
                services: only.map { [$0] } ?? Set(Service.allCases))
        } catch { throw ValidationError(error.description) }
        var logger = Logger(label: "projectd")
        logger.logLevel = settings.logLevel
        let rest = settings.rest.map { RestPart($0, logger: logger) }
        let auth = try settings.auth.map { try AuthPart($0, logger: logger) }
        let isReady: @Sendable () async -> Bool = {
            if let rest, await !rest.isReady() { return false }
            if let auth, await !auth.isReady() { return false }
            return true
        }
        var services: [any ServiceLifecycle.Service] = (rest?.loops ?? []) + (auth?.loops ?? [])
        guard let face = Self.face(rest: rest, auth: auth, keys: settings.keys, isReady: isReady) else {
            throw ValidationError("there is no service to serve")
        }
        services.append(
            TokenKeyLoop(
                settings: settings.tokenKeys, auth: auth?.service, rest: settings.rest?.verifier, logger: logger))
        services.append(APIServer(service: face, address: settings.address, limits: settings.http, logger: logger))
        if let admin = settings.adminAddress {
            services.append(AdminServer(isReady: isReady, address: admin, logger: logger))
        }
        // At debug level the group prints each service whole, with its keys and passwords.
        var groupLogger = logger
        groupLogger.logLevel = max(logger.logLevel, .info)
        let group = ServiceGroup(
            configuration: .init(
                services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: groupLogger))
        try await group.run()
        await rest?.pool.close()
        await auth?.pool.close()
        await auth?.http?.close()
        logger.notice("stopped")
    }

    /// What the server shows: one service as it is, or several behind a gateway.
    private static func face(
        rest: RestPart?, auth: AuthPart?, keys: APIKeys?, isReady: @escaping @Sendable () async -> Bool
    ) -> (any DataPlaneService)? {
        guard let keys, let rest, let auth else { return rest?.service ?? auth?.service }
        return Gateway(
            mounts: [
                .init(prefix: "/auth/v1", openPaths: AuthPart.openPaths, service: auth.service),
                .init(prefix: "/rest/v1", service: rest.service),
            ],
            keys: keys, isReady: isReady)
    }
}

/// The REST API and what keeps it going.
private struct RestPart: Sendable {
    let service: RestService
    let pool: PostgresPool
    let loops: [any ServiceLifecycle.Service]

    init(_ settings: ServeSettings.Rest, logger: Logger) {
        pool = PostgresPool(settings.database, configuration: settings.pool, limits: settings.limits)
        service = RestService(
            configuration: settings.configuration, pool: pool, verifier: settings.verifier,
            clock: { Date().timeIntervalSince1970 })
        loops = [
            SchemaLoop(
                service: service, database: settings.database, channel: settings.configuration.channel, logger: logger)
        ]
    }

    func isReady() async -> Bool { service.isReady ? await pool.answers : false }
}

/// The AUTH API and what keeps it going.
private struct AuthPart: Sendable {
    /// What mails, providers and probes lead to.
    static let openPaths = ["/verify", "/callback", "/authorize", "/health", "/.well-known/", "/sso/saml/"]

    let service: AuthService
    let pool: PostgresPool
    /// Nil where the configuration leads to no other server: no thread waits for one then.
    let http: OutboundClient?
    let loops: [any ServiceLifecycle.Service]

    init(_ settings: ServeSettings.Auth, logger: Logger) throws {
        http = settings.configuration.asksOthers ? try OutboundClient() : nil
        pool = PostgresPool(settings.database, configuration: settings.pool, limits: settings.limits)
        service = AuthService(
            configuration: settings.configuration, pool: pool, keys: settings.keys,
            workers: PasswordWorkers(limits: ServeSettings.Auth.passwords), http: http,
            clock: { Date().timeIntervalSince1970 }, report: { logger.error("\($0)") })
        loops = [
            AuthLoop(
                service: service, mail: settings.configuration.mail, takesUsers: settings.cleansUp, logger: logger)
        ]
    }

    func isReady() async -> Bool { service.isReady ? await pool.answers : false }
}

extension PostgresPool {
    /// Whether the database answers.
    fileprivate var answers: Bool {
        get async {
            do {
                try await ping()
                return true
            } catch { return false }
        }
    }
}
