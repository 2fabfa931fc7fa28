import DataPlaneCore
import FoundationEssentials
import Logging
import PostgresKit
import RealtimeAPI
import ServiceLifecycle

/// The realtime API and what keeps it going.
struct RealtimePart: Sendable {
    /// Where it is behind the gateway.
    static let prefix = "/realtime/v1"

    let service: RealtimeService
    let pool: PostgresPool
    let table: SocketTable
    let loops: [any ServiceLifecycle.Service]

    init(_ settings: ServeSettings.Realtime, logger: Logger) {
        pool = PostgresPool(settings.database, configuration: settings.pool, limits: PostgresLimits())
        table = SocketTable(outboundBytesMax: settings.configuration.limits.outboundBytesMax)
        service = RealtimeService(
            configuration: settings.configuration, pool: pool, database: settings.database, writer: table,
            clock: { Date().timeIntervalSince1970 }, report: { logger.error("\($0)") })
        loops = [RealtimeLoop(service: service, logger: logger)]
    }

    var mount: Gateway.Mount { Gateway.Mount(prefix: Self.prefix, checksKeys: false, service: service) }

    /// Where WebSockets come in.
    func entrance(isAlone: Bool) -> SocketEntrance {
        SocketEntrance(prefix: isAlone ? "" : Self.prefix, service: service, table: table)
    }

    func isReady() async -> Bool { service.isReady ? await pool.answers : false }
}

/// Makes the schema `realtime` at the start, tries again while the database is away, and serves what clients wait for.
private struct RealtimeLoop: ServiceLifecycle.Service {
    private static let firstWait: Duration = .seconds(1)
    private static let waitMax: Duration = .seconds(32)

    let service: RealtimeService
    let logger: Logger

    func run() async throws {
        await withGracefulShutdownHandler {
            await cancelWhenGracefulShutdown {
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { await service.run() }
                    group.addTask { await migrate() }
                }
            }
        } onGracefulShutdown: {
            service.shutDown()
        }
    }

    private func migrate() async {
        var wait = Self.firstWait
        while !Task.isCancelled {
            do {
                try await service.migrate()
                logger.info("the schema realtime is there")
                return
            } catch {
                logger.error(
                    "the schema realtime could not be created; trying again",
                    metadata: ["why": "\(error)", "wait": "\(wait)"])
                do { try await Task.sleep(for: wait) } catch { return }
                wait = min(wait * 2, Self.waitMax)
            }
        }
    }
}
