import DataPlaneCore
import FileKit
import FoundationEssentials
import Logging
import PostgresKit
import ServiceLifecycle
import StorageAPI

/// The STORAGE API and what keeps it going.
struct StoragePart: Sendable {
    /// Everything: links carry no key, and S3's and TUS's clients have signatures of their own. The service asks the
    /// rest for a token.
    static let openPaths = ["/"]
    static let prefix = "/storage/v1"

    let service: StorageService
    let pool: PostgresPool
    let loops: [any ServiceLifecycle.Service]

    init(_ settings: ServeSettings.Storage, logger: Logger) async throws {
        pool = PostgresPool(settings.database, configuration: settings.pool, limits: settings.limits)
        service = StorageService(
            configuration: settings.configuration, pool: pool, files: try await VolumeFiles(folder: settings.folder),
            verifier: settings.verifier, secret: settings.secret, clock: { Date().timeIntervalSince1970 },
            report: { logger.error("\($0)") })
        loops = [StorageLoop(service: service, logger: logger)]
    }

    var mount: Gateway.Mount { .init(prefix: Self.prefix, openPaths: Self.openPaths, service: service) }

    func isReady() async -> Bool {
        guard service.isReady else { return false }
        do {
            try await pool.ping()
            return true
        } catch { return false }
    }
}

/// Makes the schema `storage` at the start, tries again while the database is away; then removes files that no row
/// names, round by round.
struct StorageLoop: ServiceLifecycle.Service {
    private static let firstWait: Duration = .seconds(1)
    private static let waitMax: Duration = .seconds(32)

    let service: StorageService
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await migrate()
            await sweep()
        }
    }

    private func migrate() async {
        var wait = Self.firstWait
        while !Task.isCancelled {
            do {
                try await service.migrate()
                logger.info("the schema storage is there")
                return
            } catch {
                logger.error(
                    "the schema storage could not be created; trying again",
                    metadata: ["why": "\(error)", "wait": "\(wait)"])
                do { try await Task.sleep(for: wait) } catch { return }
                wait = min(wait * 2, Self.waitMax)
            }
        }
    }

    private func sweep() async {
        let sweeper = StorageSweeper(service: service)
        while !Task.isCancelled {
            do {
                let result = try await sweeper.round()
                logger.info("files were swept", metadata: ["removed": "\(result.removed)", "bytes": "\(result.bytes)"])
            } catch {
                logger.warning("files could not be swept", metadata: ["why": "\(error)"])
            }
            do { try await Task.sleep(for: StorageSweeper.interval) } catch { return }
        }
    }
}
