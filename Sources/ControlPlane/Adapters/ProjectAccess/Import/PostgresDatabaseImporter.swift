public import Orchestrator
import PostgresKit
import ProjectModel
public import ProjectSQL
import Synchronization

/// Imports dumps over libpq, as the owner of the project's database.
public final class PostgresDatabaseImporter: DatabaseImporter {
    private let limits: ImportLimits
    private let running = Mutex(0)

    /// An importer that has nothing under way.
    public init(limits: ImportLimits = ImportLimits()) { self.limits = limits }

    public func run(
        _ dump: DumpSource, on target: DatabaseTarget, isDryRun: Bool,
        confirm: @Sendable () async throws -> Void
    ) async throws -> ImportReport {
        let hasRoom = running.withLock { count in
            guard count < limits.importsMax else { return false }
            count += 1
            return true
        }
        guard hasRoom else { throw ImportError.tooMany }
        defer { running.withLock { $0 -= 1 } }
        let connection = try await connect(to: target)
        let result: Result<ImportReport, any Error>
        do {
            let session = ImportSession(connection, limits: limits)
            try await session.begin(target.roles)
            try await dump { bytes in try await session.take(bytes) }
            var report = try await session.finish()
            report.isDryRun = isDryRun
            if isDryRun {
                try await session.rollBack()
            } else {
                // The last statements may have taken hours.
                try await confirm()
                try await session.commit()
            }
            result = .success(report)
        } catch {
            result = .failure(error)
        }
        // Closing rolls back what is not committed.
        await connection.close()
        return try result.get()
    }

    private func connect(to target: DatabaseTarget) async throws(ImportError) -> PostgresConnection {
        var limits = PostgresLimits()
        limits.connectDeadline = self.limits.connectTimeout
        limits.statementDeadline = self.limits.statementTimeout
        limits.maximumMessageBytes = self.limits.messageBytesMax
        limits.maximumResultBytes = self.limits.answerBytesMax
        limits.maximumBufferedNotifications = 0
        // No statement of a dump comes twice.
        limits.maximumPreparedBytes = 0
        let idle = "-c idle_in_transaction_session_timeout=\(self.limits.idleSeconds)s"
        var parameters = PostgresConnectionParameters(
            host: target.host, port: Int(target.port), user: target.roles.owner, database: target.roles.database,
            password: target.password.reveal(),
            options: [
                "application_name": "supamanager import", "sslmode": "disable",
                "options": "-c statement_timeout=0 \(idle)",
            ])
        // A foreign listener on the project's port learns nothing of the password.
        parameters.requiresScram = true
        do throws(PostgresError) {
            return try await PostgresConnection.connect(parameters, limits: limits)
        } catch {
            throw .unreachable("the database of project \(target.ref) cannot be reached: \(error)")
        }
    }
}
