public import PostgresKit

/// One numbered change of the database's schema. Once released it is never edited: a correction is a new migration.
public struct Migration: Sendable, Hashable {
    /// Its place in the order, from 1.
    public let number: Int

    /// A short description.
    public let name: String

    /// One or more statements, without any that begin or end a transaction.
    public let sql: String

    /// Describes a change.
    public init(number: Int, name: String, sql: String) {
        self.number = number
        self.name = name
        self.sql = sql
    }
}

/// Brings the schema of a database up to date.
///
/// Each migration runs in one transaction with the record of it in `schema_migrations`, so that it is applied wholly
/// and once, or not at all. An advisory lock makes managers that start at the same time take turns.
public enum Migrations {
    /// Time for one migration, waiting for another manager's included.
    public static let deadline: Duration = .seconds(600)

    /// The key of the advisory lock: "supaman" in ASCII and a version.
    private static let lockKey: Int64 = 0x73_75_70_61_6d_61_6e_01

    private static let table = """
        CREATE TABLE IF NOT EXISTS schema_migrations (
            number integer PRIMARY KEY CHECK (number > 0),
            name text NOT NULL,
            checksum text NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now()
        )
        """

    /// Applies what is missing, in order.
    ///
    /// - Returns: the numbers of the migrations that this call applied.
    /// - Throws: ``MigrationError``; nothing of the migration that failed remains, those before it do.
    public static func apply(_ migrations: [Migration], to pool: PostgresPool) async throws(MigrationError) -> [Int] {
        try MigrationPlan.check(migrations)
        var applied: [Int] = []
        while let number = try await applyNext(migrations, pool) { applied.append(number) }
        return applied
    }

    /// Applies the first missing migration; nil when there is none.
    private static func applyNext(
        _ migrations: [Migration], _ pool: PostgresPool
    ) async throws(MigrationError) -> Int? {
        do {
            return try await pool.transaction { transaction in
                try await applyNext(migrations, in: transaction)
            }
        } catch let error as MigrationError {
            throw error
        } catch let error as PostgresError {
            throw .database(error)
        } catch {
            throw .database(.cancelled)
        }
    }

    private static func applyNext(_ migrations: [Migration], in transaction: PostgresTransaction) async throws -> Int? {
        _ = try await transaction.query(
            "SELECT pg_advisory_xact_lock($1)", [.int(lockKey)], deadline: deadline)
        try await transaction.executeScript(table)
        let records = try await transaction.query("SELECT number, name, checksum FROM schema_migrations")
            .map { row throws(PostgresError) in
                MigrationRecord(
                    number: try row.int("number"), name: try row.string("name"),
                    checksum: try row.string("checksum"))
            }
        var checksums: [Int: String] = [:]
        for migration in migrations { checksums[migration.number] = try await checksum(migration, transaction) }
        guard let next = try MigrationPlan.next(migrations, checksums: checksums, applied: records) else { return nil }
        do throws(PostgresError) {
            try await transaction.executeScript(next.sql, deadline: deadline)
        } catch {
            guard case .server = error, !error.isRetryable else { throw error }
            throw MigrationError.failed(number: next.number, name: next.name, error)
        }
        try await transaction.execute(
            "INSERT INTO schema_migrations (number, name, checksum) VALUES ($1, $2, $3)",
            [.int(next.number), .text(next.name), .optional(checksums[next.number])])
        return next.number
    }

    /// The SHA-256 of the SQL text, computed by PostgreSQL so that this module needs no library for it.
    private static func checksum(
        _ migration: Migration, _ transaction: PostgresTransaction
    ) async throws(PostgresError) -> String {
        try await transaction.single(
            "SELECT encode(sha256(convert_to($1, 'UTF8')), 'hex') AS checksum", [.text(migration.sql)]
        ).string("checksum")
    }
}
