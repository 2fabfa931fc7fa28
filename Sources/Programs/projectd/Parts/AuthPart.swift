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
    /// Nil where the configuration leads to no other server: no thread waits for one then.
    private let http: OutboundClient?

    init(_ settings: ServeSettings.Auth, room: @escaping PostgresResultRoom, logger: Logger) throws {
        http = settings.configuration.asksOthers ? try OutboundClient() : nil
        pool = PostgresPool(settings.database, configuration: settings.pool, limits: settings.limits.sharing(room))
        service = AuthService(
            configuration: settings.configuration, pool: pool, keys: settings.keys,
            workers: PasswordWorkers(limits: ServeSettings.Auth.passwords), http: http,
            clock: { Date().timeIntervalSince1970 }, report: { logger.error("\($0)") })
        mount = Gateway.Mount(prefix: "/auth/v1", openPaths: Self.openPaths, service: service)
        loops = [
            AuthLoop(
                service: service, mail: settings.configuration.mail, takesUsers: settings.cleansUp, logger: logger)
        ]
    }

    func tokenKeys(from settings: TokenKeySettings) throws(SettingProblem) -> @Sendable () -> Void {
        let keys = try settings.signing()
        return { service.replaceKeys(keys) }
    }

    var pools: [PostgresPool] { [pool] }

    func isReady() async -> Bool { service.isReady ? await pool.answers : false }

    func close() async {
        await pool.close()
        await http?.close()
    }
}
