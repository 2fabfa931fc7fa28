public import Orchestrator
public import PostgresKit

/// The transaction of the unit of work that the current task runs in. Every store of this module runs its statements
/// in it, and in one of its own when there is none.
enum AmbientTransaction {
    @TaskLocal static var current: PostgresTransaction?

    /// Runs `body` in a transaction: in a savepoint of the current one, so that what fails can be caught and tried
    /// again, or in a new one. What a step that fails has announced with ``AfterCommit`` is forgotten with it.
    static func run<Value: Sendable>(
        on pool: PostgresPool, _ body: @Sendable @escaping (PostgresTransaction) async throws -> Value
    ) async throws -> Value {
        guard let current else { return try await pool.transaction { try await body($0) } }
        return try await AfterCommit.nesting {
            try await current.executeScript("savepoint step")
            do {
                let value = try await body(current)
                try await current.executeScript("release savepoint step")
                return value
            } catch {
                try await current.executeScript("rollback to savepoint step; release savepoint step")
                throw error
            }
        }
    }

    /// Where a single statement runs.
    static func session(_ pool: PostgresPool) -> any PostgresSession { current ?? pool }
}

/// Units of work as PostgreSQL transactions.
public struct PostgresUnitOfWork: UnitOfWork {
    private let pool: PostgresPool

    /// Units of work on one database.
    public init(pool: PostgresPool) { self.pool = pool }

    /// Runs `body` in one transaction, or inside the present one; see ``Orchestrator/UnitOfWork``.
    public func perform<Value: Sendable>(_ body: @Sendable @escaping () async throws -> Value) async throws -> Value {
        guard AmbientTransaction.current == nil else { return try await body() }
        do {
            return try await AfterCommit.collecting {
                try await pool.transaction { transaction in
                    try await AmbientTransaction.$current.withValue(transaction) { try await body() }
                }
            }
        } catch let error as PostgresError {
            // The transaction itself failed: it could not begin, or its outcome is unknown.
            throw PostgresProjectStore.storeError(error)
        }
    }
}
