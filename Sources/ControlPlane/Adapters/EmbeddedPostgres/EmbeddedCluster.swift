public import PostgresKit

/// A PostgreSQL cluster that the manager runs for itself: one folder, one Unix socket, no network.
///
/// One manager at a time has the folder (a lock that the system releases when the manager dies). The server outlives a
/// manager that was killed; the next one stops it, identified by its own data folder, and starts its own. Logging in
/// takes no password: the kernel authenticates the connecting user to the server (peer), and only root, the manager's
/// user and the server's own user are admitted, through a folder that no other user can enter.
public actor EmbeddedCluster {
    /// How to connect to the manager's database.
    public nonisolated let parameters: PostgresConnectionParameters

    let site: EmbeddedClusterSite
    private var lock: FileLock?
    private var server: ChildProcess
    private let log: ServerLog
    private var isStopping = false
    private var isLogFailing = false

    /// Interval between two checks of ``supervise()``.
    private static let superviseInterval: Duration = .milliseconds(250)

    private static let superviseRetry: Duration = .seconds(2)

    private init(site: EmbeddedClusterSite, lock: FileLock, server: ChildProcess, log: ServerLog) {
        self.site = site
        self.lock = lock
        self.server = server
        self.log = log
        parameters = site.parameters.with(database: site.configuration.role)
    }

    /// Makes the cluster if it is not there, starts the server and waits until it answers.
    ///
    /// A server of this folder that a killed manager left running is stopped first, with a clean shutdown.
    public static func start(
        _ configuration: EmbeddedClusterConfiguration
    ) async throws(EmbeddedClusterError) -> EmbeddedCluster {
        let (site, lock) = try await EmbeddedClusterSite.prepare(configuration)
        try await site.stopLeftover()
        try await site.initializeIfNeeded()
        try site.writeAccessFiles()
        let log = try site.openLog()
        let server = try await site.launch(writingTo: log)
        do throws(EmbeddedClusterError) {
            try await site.createDatabase()
        } catch {
            // The first failure is the one to report; a server that is left behind is stopped by the next start.
            try? await site.stop(server)
            throw error
        }
        return EmbeddedCluster(site: site, lock: lock, server: server, log: log)
    }

    /// Watches the server and starts it again when it has exited, until the task is cancelled or ``stop()`` was called.
    /// Keeps the server's log within its bound meanwhile. Only cancellation and ``stop()`` end it.
    ///
    /// - Parameter report: called with what happened: the server's end, and attempts to start it that failed.
    public func supervise(report: @Sendable (EmbeddedClusterEvent) -> Void) async {
        while !isStopping {
            do {
                try await Task.sleep(for: Self.superviseInterval)
            } catch {
                return
            }
            boundLog(report)
            guard !isStopping, let exit = server.exitStatus else { continue }
            report(.ended(exit))
            await restart(report)
        }
    }

    /// A log that cannot be put aside is reported once, not four times a second.
    private func boundLog(_ report: @Sendable (EmbeddedClusterEvent) -> Void) {
        do throws(EmbeddedClusterError) {
            try site.bound(log)
            isLogFailing = false
        } catch {
            if !isLogFailing { report(.logNotBounded(error)) }
            isLogFailing = true
        }
    }

    private func restart(_ report: @Sendable (EmbeddedClusterEvent) -> Void) async {
        while !isStopping {
            do throws(EmbeddedClusterError) {
                try await site.stopLeftover()
                let started = try await site.launch(writingTo: log)
                if isStopping { return try await site.stop(started) }
                server = started
                return report(.restarted)
            } catch .cancelled {
                return
            } catch {
                report(.restartFailed(error))
            }
            do {
                try await Task.sleep(for: Self.superviseRetry)
            } catch {
                return
            }
        }
    }

    /// Stops the server: a fast shutdown, which rolls open transactions back and writes a checkpoint. After the stop
    /// deadline an immediate shutdown follows; the next start then recovers from the log.
    public func stop() async throws(EmbeddedClusterError) {
        isStopping = true
        try await site.stop(server)
        // Not before: until then another manager must not come near the folder.
        lock = nil
    }
}

/// What ``EmbeddedCluster/supervise(report:)`` reports.
public enum EmbeddedClusterEvent: Sendable {
    /// The server exited.
    case ended(ChildExit)

    /// The server runs again.
    case restarted

    /// An attempt to start it failed; there will be another.
    case restartFailed(EmbeddedClusterError)

    /// The server's log is larger than it should be and cannot be put aside.
    case logNotBounded(EmbeddedClusterError)
}
