import EmbeddedPostgres
import Logging
import ServiceLifecycle

/// Restarts the private PostgreSQL when it dies.
struct ClusterSupervision: Service {
    let cluster: EmbeddedCluster
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await cluster.supervise { event in
                logger.warning("the private PostgreSQL", metadata: ["event": "\(event)"])
            }
        }
    }
}
