import Locks

extension PostgresConnection {
    /// How often a transaction is run again after a serialization failure or a deadlock.
    public static let defaultTransactionRetries = 5

    /// Runs `body` in a transaction: committed when it returns, rolled back when it throws or the task is cancelled.
    ///
    /// After a serialization failure or a deadlock the whole of `body` runs again, so it must have no effects other
    /// than its statements. One transaction at a time: a second one on the same connection is refused.
    ///
    /// - Parameter retries: how often to run it again, with growing waits in between.
    /// - Throws: what `body` throws, or a ``PostgresError`` of the transaction itself.
    public func transaction<Value: Sendable>(
        isolation: PostgresIsolation = .readCommitted, retries: Int = defaultTransactionRetries,
        _ body: @Sendable (PostgresTransaction) async throws -> Value
    ) async throws -> Value {
        try claim()
        defer { isInTransaction.withLock { $0 = false } }
        var backoff = Backoff()
        for _ in 0..<max(0, retries) {
            switch try await attempt(isolation, body) {
            case .committed(let value): return value
            case .failed(let error, let isRetryable) where !isRetryable: throw error
            case .failed: try await backoff.wait()
            }
        }
        switch try await attempt(isolation, body) {
        case .committed(let value): return value
        case .failed(let error, _): throw error
        }
    }

    private enum Outcome<Value: Sendable>: Sendable {
        case committed(Value)
        case failed(any Error, isRetryable: Bool)
    }

    private func claim() throws(PostgresError) {
        let isFree = isInTransaction.withLock { isInTransaction in
            defer { isInTransaction = true }
            return !isInTransaction
        }
        guard isFree else {
            throw .invalidConfiguration(reason: "a transaction is already open on this connection")
        }
    }

    private func attempt<Value: Sendable>(
        _ isolation: PostgresIsolation, _ body: @Sendable (PostgresTransaction) async throws -> Value
    ) async throws(PostgresError) -> Outcome<Value> {
        _ = try await command("BEGIN ISOLATION LEVEL \(isolation.rawValue)", deadline: nil, isShielded: false)
        let transaction = PostgresTransaction(connection: self)
        do {
            let value = try await body(transaction)
            transaction.end()
            if Task.isCancelled { throw PostgresError.cancelled }
            try await commit(deadline: nil)
            return .committed(value)
        } catch {
            transaction.end()
            await rollBack()
            let isOwnRetryable = (error as? PostgresError)?.isRetryable ?? false
            return .failed(error, isRetryable: isOwnRetryable || transaction.hasRetryableFailure)
        }
    }

    /// Commits the transaction that a statement of the caller's began. Not interrupted by cancellation.
    ///
    /// - Parameter deadline: the time for it; nil stands for the configured one.
    /// - Throws: ``PostgresError/transactionAborted`` where there is none any more, or the server rolled it back;
    ///   ``PostgresError/commitOutcomeUnknown(reason:)`` where the connection broke.
    public func commitTransaction(deadline: Duration? = nil) async throws(PostgresError) {
        // Outside of a transaction the server would answer COMMIT, too.
        guard thread.status != .idle else { throw .transactionAborted }
        try await commit(deadline: deadline)
    }

    /// Commits. Not interrupted by cancellation: half-way, the outcome would be unknown.
    private func commit(deadline: Duration?) async throws(PostgresError) {
        do throws(PostgresError) {
            let tag = try await command("COMMIT", deadline: deadline, isShielded: true)
            guard tag == "COMMIT" else { throw .transactionAborted }
        } catch .connectionLost(let reason) {
            throw .commitOutcomeUnknown(reason: reason)
        } catch .deadlineExceeded where thread.status == .closed {
            throw .commitOutcomeUnknown(reason: "no answer within the deadline")
        } catch {
            throw error
        }
    }

    /// Rolls back, if the server has not done so itself. A connection on which that fails is not used again.
    private func rollBack() async {
        guard thread.status == .inTransaction else { return }
        do throws(PostgresError) {
            _ = try await command("ROLLBACK", deadline: nil, isShielded: true)
        } catch {
            await close()
        }
    }
}
