import PostgresKit
import ServiceLifecycle

/// Closes connections that nobody has used for a while: a session that PostgreSQL keeps for nothing takes 2 to 7 MiB.
struct PoolLoop: ServiceLifecycle.Service {
    private static let interval: Duration = .seconds(10)

    let pools: [PostgresPool]

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do { try await Task.sleep(for: Self.interval) } catch { return }
                for pool in pools { await pool.closeIdle() }
            }
        }
    }
}
