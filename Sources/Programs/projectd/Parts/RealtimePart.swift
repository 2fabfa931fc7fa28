import DataPlaneCore
import FoundationEssentials
import Logging
import PostgresKit
import RealtimeAPI
import ServiceLifecycle

/// The realtime API and what keeps it going.
struct RealtimePart: ServicePart {
    let mount: Gateway.Mount
    let loops: [any ServiceLifecycle.Service]

    private let service: RealtimeService
    private let pool: PostgresPool
    private let verifier: TokenVerifier
    private let table: SocketTable

    init(_ settings: ServeSettings.Realtime, room: @escaping PostgresResultRoom, logger: Logger) {
        verifier = settings.configuration.verifier
        pool = PostgresPool(settings.database, configuration: settings.pool, limits: settings.limits.sharing(room))
        table = SocketTable(settings.configuration.limits)
        service = RealtimeService(
            configuration: settings.configuration, pool: pool, database: settings.database, writer: table,
            clock: { Date().timeIntervalSince1970 }, report: { logger.error("\($0)") })
        mount = Gateway.Mount(prefix: "/realtime/v1", checksKeys: false, service: service)
        loops = [RealtimeLoop(service: service, logger: logger)]
    }

    func entrance(prefix: String) -> SocketEntrance? {
        SocketEntrance(prefix: prefix, service: service, table: table)
    }

    func tokenKeys(from settings: TokenKeySettings) throws(SettingProblem) -> @Sendable () -> Void {
        let keys = try settings.checking(ServeSettings.Realtime.secretNames)
        return { verifier.replaceKeys(keys) }
    }

    var pools: [PostgresPool] { [pool] }

    func isReady() async -> Bool { service.isReady ? await pool.answers : false }

    func close() async { await pool.close() }
}

/// Makes the schema `realtime` at the start, and serves what clients wait for.
private struct RealtimeLoop: ServiceLifecycle.Service {
    let service: RealtimeService
    let logger: Logger

    func run() async throws {
        await withGracefulShutdownHandler {
            await cancelWhenGracefulShutdown {
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { await service.run() }
                    group.addTask {
                        await SchemaMigration(schema: "realtime", logger: logger).run { try await service.migrate() }
                    }
                }
            }
        } onGracefulShutdown: {
            service.shutDown()
        }
    }
}
