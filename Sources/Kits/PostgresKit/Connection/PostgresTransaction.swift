import Locks

/// How far a transaction is kept apart from those that run at the same time (PostgreSQL manual, chapter 13.2).
public enum PostgresIsolation: String, Sendable, CaseIterable {
    /// Every statement sees what was committed before it began.
    case readCommitted = "READ COMMITTED"

    /// Every statement sees what was committed before the transaction began.
    case repeatableRead = "REPEATABLE READ"

    /// As if all transactions ran one after the other; some fail and are run again.
    case serializable = "SERIALIZABLE"
}

/// An open transaction. It is valid inside the closure it was given to; afterwards it throws
/// ``PostgresError/closed``.
public final class PostgresTransaction: PostgresSession {
    private struct State {
        var isOpen = true
        var hasRetryableFailure = false
    }

    private let connection: PostgresConnection
    private let state = Lock(State())

    init(connection: PostgresConnection) {
        self.connection = connection
    }

    /// Runs one statement inside the transaction; see ``PostgresConnection/query(_:_:deadline:)``.
    public func query(
        _ sql: String, _ parameters: [PostgresParameter], deadline: Duration?
    ) async throws(PostgresError) -> PostgresRows {
        try await inTransaction { connection throws(PostgresError) in
            try await connection.query(sql, parameters, deadline: deadline)
        }
    }

    /// Runs one or more statements without parameters inside the transaction.
    public func executeScript(_ sql: String, deadline: Duration? = nil) async throws(PostgresError) {
        try await inTransaction { connection throws(PostgresError) in
            try await connection.executeScript(sql, deadline: deadline)
        }
    }

    private func inTransaction<Value: Sendable>(
        _ body: (PostgresConnection) async throws(PostgresError) -> Value
    ) async throws(PostgresError) -> Value {
        guard state.withLock({ $0.isOpen }) else { throw .closed }
        do throws(PostgresError) {
            return try await body(connection)
        } catch {
            if error.isRetryable { state.withLock { $0.hasRetryableFailure = true } }
            throw error
        }
    }

    /// Whether a statement failed in a way that running the whole transaction again may cure.
    var hasRetryableFailure: Bool { state.withLock { $0.hasRetryableFailure } }

    func end() {
        state.withLock { $0.isOpen = false }
    }
}
