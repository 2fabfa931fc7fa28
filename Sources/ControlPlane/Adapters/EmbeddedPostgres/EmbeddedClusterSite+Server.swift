import FoundationEssentials
import Glibc
import PostgresKit

extension EmbeddedClusterSite {
    private static let readyInterval: Duration = .milliseconds(20)
    private static let stopInterval: Duration = .milliseconds(20)
    private static let abortDeadline: Duration = .seconds(10)

    /// Starts the server and waits until it answers.
    ///
    /// Backends of a server that was killed hold its shared memory for a moment; the new one refuses to start beside
    /// them. That alone is tried again, until the start deadline.
    func launch(writingTo log: ServerLog) async throws(EmbeddedClusterError) -> ChildProcess {
        let deadline = ContinuousClock.now + configuration.startDeadline
        while true {
            let logStart = log.size
            let server = try spawn(log)
            do throws(EmbeddedClusterError) {
                try await waitUntilReady(server, log, logStart: logStart, deadline: deadline)
                return server
            } catch {
                // It has ended, or is not worth waiting for; the error is the one to report.
                try? await stop(server)
                guard case .startFailed(let lines) = error, lines.contains("shared memory block"), .now < deadline
                else {
                    throw error
                }
            }
            try await pause(Self.readyInterval)
        }
    }

    /// Stops a server that was started here.
    func stop(_ server: ChildProcess) async throws(EmbeddedClusterError) {
        guard server.exitStatus == nil else { return }
        server.send(signal: SIGINT)
        if await server.waitForExit(within: configuration.stopDeadline) != nil { return }
        server.send(signal: SIGQUIT)
        guard await server.waitForExit(within: Self.abortDeadline) != nil else {
            throw .stopDeadlineExceeded(processID: server.processID)
        }
    }

    /// Stops a server of exactly this data folder that a killed manager left running, and clears what one that was
    /// killed itself left behind. The lock makes sure that no other manager is using it.
    func stopLeftover() async throws(EmbeddedClusterError) {
        if let processID = leftoverProcessID, isOwnServer(processID) {
            try await end(processID)
        }
        // Without its server the file is a trap: once the id belongs to another process, PostgreSQL does not start.
        try Self.files { () throws(FileSystemError) in
            try PlainFile.remove(layout.processFile)
            for name in [".s.PGSQL.5432", ".s.PGSQL.5432.lock"] { try PlainFile.remove(socketFolder + "/" + name) }
        }
    }

    private func end(_ processID: pid_t) async throws(EmbeddedClusterError) {
        for (signal, duration) in [(SIGINT, configuration.stopDeadline), (SIGQUIT, Self.abortDeadline)] {
            guard isOwnServer(processID) else { return }
            kill(processID, signal)
            let deadline = ContinuousClock.now + duration
            while isOwnServer(processID), ContinuousClock.now < deadline { try await pause(Self.stopInterval) }
        }
        guard !isOwnServer(processID) else { throw .stopDeadlineExceeded(processID: processID) }
    }

    /// The process id in the first line of `postmaster.pid`.
    private var leftoverProcessID: pid_t? {
        guard let line = Self.text(of: layout.processFile)?.split(separator: "\n").first else { return nil }
        return Int32(line).flatMap { $0 > 1 ? $0 : nil }
    }

    /// Whether the process is a PostgreSQL server of this data folder: that is where it works, and no other process
    /// that got the same id since would.
    private func isOwnServer(_ processID: pid_t) -> Bool {
        let folder = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(processID)/cwd")
        return folder == layout.data && Self.text(of: "/proc/\(processID)/comm") == "postgres\n"
    }

    private func spawn(_ log: ServerLog) throws(EmbeddedClusterError) -> ChildProcess {
        let settings = builtInSettings.merging(configuration.settings) { _, own in own }
        let arguments = settings.sorted { $0.key < $1.key }.flatMap { ["-c", "\($0.key)=\($0.value)"] }
        let command = asServerAccount(programs.postgres, ["-D", layout.data] + arguments)
        do throws(ChildProcessError) {
            return try ChildProcess.start(
                ChildCommand(
                    executable: command.executable, arguments: command.arguments, environment: environment,
                    output: .descriptor(log.descriptor)))
        } catch {
            throw .process(error)
        }
    }

    /// Small, safe and quiet: durability stays on, and no statement text or row gets into the log.
    private var builtInSettings: [String: String] {
        [
            "listen_addresses": "", "unix_socket_directories": socketFolder, "unix_socket_permissions": "0700",
            "hba_file": layout.hostAccess, "ident_file": layout.identMap, "max_connections": "40",
            "shared_buffers": "32MB", "max_wal_size": "256MB", "jit": "off", "timezone": "UTC",
            "client_connection_check_interval": "5s", "idle_in_transaction_session_timeout": "5min",
            "log_destination": "stderr", "logging_collector": "off", "log_timezone": "UTC", "lc_messages": "C",
            "log_line_prefix": "%m [%p] ", "log_checkpoints": "off", "log_error_verbosity": "terse",
            "log_min_error_statement": "panic", "log_statement": "none",
        ]
    }

    private func waitUntilReady(
        _ server: ChildProcess, _ log: ServerLog, logStart: Int, deadline: ContinuousClock.Instant
    ) async throws(EmbeddedClusterError) {
        while true {
            guard server.exitStatus == nil else { throw .startFailed(log: tail(of: log, from: logStart)) }
            do throws(PostgresError) {
                let connection = try await PostgresConnection.connect(parameters)
                await connection.close()
                return
            } catch {
                // "Starting up" and "no socket yet" pass; a refused log-in does not.
                if error == .cancelled { throw .cancelled }
                guard error.isTransient else { throw .database(error) }
            }
            guard .now < deadline else { throw .startDeadlineExceeded(log: tail(of: log, from: logStart)) }
            try await pause(Self.readyInterval)
        }
    }

    private func pause(_ duration: Duration) async throws(EmbeddedClusterError) {
        do {
            try await Task.sleep(for: duration)
        } catch {
            throw .cancelled
        }
    }
}
