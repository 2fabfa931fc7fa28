import DataPlaneCore
import FoundationEssentials
import Logging
import PostgresKit
import RestAPI
import ServiceLifecycle

/// The REST API and what keeps it going.
struct RestPart: ServicePart {
    let mount: Gateway.Mount
    let loops: [any ServiceLifecycle.Service]

    private let service: RestService
    private let pool: PostgresPool
    private let catalogPool: PostgresPool
    private let verifier: TokenVerifier

    init(_ settings: ServeSettings.Rest, room: @escaping PostgresResultRoom, logger: Logger) {
        verifier = settings.verifier
        pool = PostgresPool(
            settings.database, configuration: settings.pool, limits: settings.limits.sharing(room),
            sockets: EventLoopSockets())
        // Each reading has a connection of its own: what it takes of memory goes with it.
        var single = PostgresPoolConfiguration()
        (single.minimumConnections, single.maximumConnections, single.maximumAge) = (0, 1, .zero)
        single.acquireDeadline = settings.pool.acquireDeadline
        catalogPool = PostgresPool(settings.database, configuration: single)
        service = RestService(
            configuration: settings.configuration, pool: pool, catalogPool: catalogPool, verifier: settings.verifier,
            clock: { Date().timeIntervalSince1970 })
        mount = Gateway.Mount(prefix: "/rest/v1", service: service)
        loops = [
            SchemaLoop(
                service: service, database: settings.database, channel: settings.configuration.channel, logger: logger)
        ]
    }

    func tokenKeys(from settings: TokenKeySettings) throws(SettingProblem) -> @Sendable () -> Void {
        let keys = try settings.checking()
        return { verifier.replaceKeys(keys) }
    }

    var pools: [PostgresPool] { [pool] }

    func isReady() async -> Bool { service.isReady ? await pool.answers : false }

    func close() async {
        await pool.close()
        await catalogPool.close()
    }
}
