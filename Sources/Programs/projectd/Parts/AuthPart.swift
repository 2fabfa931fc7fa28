import AuthAPI
import DataPlaneCore
import FoundationEssentials
import Logging
import PasswordKit
import PostgresKit
import ServiceLifecycle

/// The AUTH API and what keeps it going.
struct AuthPart: ServicePart {
    /// What mails, providers and probes lead to.
    private static let openPaths = ["/verify", "/callback", "/authorize", "/health", "/.well-known/", "/sso/saml/"]

    let mount: Gateway.Mount
    let loops: [any ServiceLifecycle.Service]

    private let service: AuthService
    private let pool: PostgresPool

    init(_ settings: ServeSettings.Auth, logger: Logger) {
        pool = PostgresPool(settings.database, configuration: settings.pool, limits: settings.limits)
        service = AuthService(
            configuration: settings.configuration, pool: pool, keys: settings.keys,
            workers: PasswordWorkers(limits: ServeSettings.Auth.passwords),
            clock: { Date().timeIntervalSince1970 }, report: { logger.error("\($0)") })
        mount = Gateway.Mount(prefix: "/auth/v1", openPaths: Self.openPaths, service: service)
        loops = [
            AuthLoop(
                service: service, mail: settings.configuration.mail, takesUsers: settings.cleansUp, logger: logger)
        ]
    }

    func isReady() async -> Bool { service.isReady ? await pool.answers : false }

    func close() async { await pool.close() }
}
