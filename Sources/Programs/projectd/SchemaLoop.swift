import Logging
import PostgresKit
import RestAPI
import ServiceLifecycle
import UnixSignals

/// Keeps the schema cache true: reads it at the start, when the database notifies, when a signal or a request says
/// that it is old, and after every reconnect.
struct SchemaLoop: ServiceLifecycle.Service {
    private static let firstWait: Duration = .seconds(1)
    private static let waitMax: Duration = .seconds(32)

    let service: RestService
    let database: PostgresConnectionParameters
    let channel: String?
    let logger: Logger

    func run() async throws {
        service.requestReload()
        try await cancelWhenGracefulShutdown {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await reload() }
                group.addTask { await listen() }
                group.addTask { await watchSignals() }
                try await group.waitForAll()
            }
        }
    }

    private func reload() async {
        for await _ in service.reloadWishes {
            var wait = Self.firstWait
            while !Task.isCancelled {
                do {
                    try await service.reload()
                    logger.info("the schema was read")
                    break
                } catch {
                    logger.error("the schema could not be read; it is tried again", metadata: ["wait": "\(wait)"])
                    do { try await Task.sleep(for: wait) } catch { return }
                    wait = min(wait * 2, Self.waitMax)
                }
            }
        }
    }

    /// Listens until cancelled. Failures that a retry cannot cure, such as a wrong password, are retried as well: the
    /// server keeps running while an operator repairs them.
    private func listen() async {
        guard let channel else { return }
        while !Task.isCancelled {
            do {
                for try await element in PostgresNotifications(database, channels: [channel]) {
                    switch element {
                    case .gap: service.requestReload()
                    case .listening: break
                    case .notification(let notification) where notification.payload == "reload config": break
                    case .notification: service.requestReload()
                    }
                }
            } catch {
                logger.error("notifications of the database cannot be heard; it is tried again")
                do { try await Task.sleep(for: Self.waitMax) } catch { return }
            }
        }
    }

    private func watchSignals() async {
        for await _ in await UnixSignalsSequence(trapping: .sigusr1) { service.requestReload() }
    }
}
