import DataPlaneCore
import FoundationEssentials
import Logging
import PostgresKit
import ServiceLifecycle
import StorageAPI

/// The STORAGE API and what keeps it going.
struct StoragePart: ServicePart {
    static let prefix = "/storage/v1"
    /// Everything: links carry no key, and S3's and TUS's clients have signatures of their own. The service asks the
    /// rest for a token.
    private static let openPaths = ["/"]
    private static let signedPaths = ["/s3"]

    let mount: Gateway.Mount
    let loops: [any ServiceLifecycle.Service]

    private let service: StorageService
    private let pool: PostgresPool

    init(_ settings: ServeSettings.Storage, room: @escaping PostgresResultRoom, logger: Logger) async throws {
        pool = PostgresPool(settings.database, configuration: settings.pool, limits: settings.limits.sharing(room))
        var files: any ObjectFiles = try await VolumeFiles(folder: settings.folder)
        if let bytesMax = settings.bytesMax { files = try await BoundedFiles(files, bytesMax: bytesMax) }
        var images: VipsRenderer?
        if let settings = settings.images { images = try await VipsRenderer(settings) }
        service = StorageService(
            configuration: settings.configuration, pool: pool, files: files, images: images,
            verifier: settings.verifier, secret: settings.secret, keys: settings.keys,
            clock: { Date().timeIntervalSince1970 },
            report: { logger.error("\($0)") })
        mount = Gateway.Mount(
            prefix: Self.prefix, openPaths: Self.openPaths, signedPaths: Self.signedPaths, service: service)
        loops = [StorageLoop(service: service, logger: logger)]
    }

    func tokenKeys(from settings: TokenKeySettings) throws(SettingProblem) -> @Sendable () -> Void {
        let (keys, secret) = try ServeSettings.Storage.keys(settings)
        return { [service] in service.replaceKeys(keys, secret: secret) }
    }

    var pools: [PostgresPool] { [pool] }

    func isReady() async -> Bool { service.isReady ? await pool.answers : false }

    func close() async { await pool.close() }
}

/// Makes the schema `storage` at the start; then removes files that no row names, round by round.
private struct StorageLoop: ServiceLifecycle.Service {
    let service: StorageService
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await SchemaMigration(schema: "storage", logger: logger).run { try await service.migrate() }
            await sweep()
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
