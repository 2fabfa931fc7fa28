import Locks

/// Connections to one database, made when needed and kept for the next caller.
///
/// The pool runs no task of its own. A caller that finds no usable connection opens one, and retries with growing waits
/// until the acquire deadline: so callers ride out a restart of the server, and a server that stays away costs nothing.
public final class PostgresPool: PostgresSession {
    typealias State = PoolState<PostgresConnection>

    struct Shared {
        var pool: State
        var continuations: [State.WaiterID: CheckedContinuation<Result<State.Grant, PostgresError>, Never>] = [:]
        /// Answers that came before the waiter's continuation was there.
        var early: [State.WaiterID: Result<State.Grant, PostgresError>] = [:]
        /// Connections in use, so that closing can cancel what they do.
        var inUse: [ObjectIdentifier: PostgresConnection] = [:]
        var whenDrained: [CheckedContinuation<Void, Never>] = []
    }

    let parameters: PostgresConnectionParameters
    let configuration: PostgresPoolConfiguration
    let limits: PostgresLimits
    let sockets: (any PostgresSockets)?
    let shared: Lock<Shared>

    /// A pool without connections.
    ///
    /// - Parameter sockets: watches the connections' sockets; see ``PostgresConnection/connect(_:limits:sockets:)``.
    public init(
        _ parameters: PostgresConnectionParameters,
        configuration: PostgresPoolConfiguration = PostgresPoolConfiguration(),
        limits: PostgresLimits = PostgresLimits(), sockets: (any PostgresSockets)? = nil
    ) {
        self.parameters = parameters
        self.configuration = configuration
        self.limits = limits
        self.sockets = sockets
        shared = Lock(
            Shared(
                pool: State(
                    maximumConnections: configuration.maximumConnections,
                    maximumWaiters: configuration.maximumWaiters)))
    }

    /// Makes the minimum of connections, so that a wrong address or password shows at the start.
    public func start() async throws(PostgresError) {
        var opened: [PostgresConnection] = []
        var failure: PostgresError?
        do throws(PostgresError) {
            for _ in 0..<min(configuration.minimumConnections, configuration.maximumConnections) {
                opened.append(try await acquire())
            }
        } catch {
            failure = error
        }
        for connection in opened { await release(connection) }
        if let failure { throw failure }
    }

    /// Runs `body` with exclusive use of a connection.
    ///
    /// What `body` sets in the session stays set for later callers; `SET LOCAL` in a transaction does not.
    public func withConnection<Value: Sendable>(
        _ body: @Sendable (PostgresConnection) async throws -> Value
    ) async throws -> Value {
        let connection = try await acquire()
        do {
            let value = try await body(connection)
            await release(connection)
            return value
        } catch {
            await release(connection)
            throw error
        }
    }

    /// Runs `body` in a transaction on a connection of the pool; see
    /// ``PostgresConnection/transaction(isolation:retries:_:)``.
    public func transaction<Value: Sendable>(
        isolation: PostgresIsolation = .readCommitted,
        retries: Int = PostgresConnection.defaultTransactionRetries,
        _ body: @Sendable (PostgresTransaction) async throws -> Value
    ) async throws -> Value {
        try await withConnection { connection in
            try await connection.transaction(isolation: isolation, retries: retries, body)
        }
    }

    /// Runs one statement on one of the connections; see ``PostgresConnection/query(_:_:deadline:)``.
    public func query(
        _ sql: String, _ parameters: [PostgresParameter], deadline: Duration?
    ) async throws(PostgresError) -> PostgresRows {
        let connection = try await acquire()
        do throws(PostgresError) {
            let rows = try await connection.query(sql, parameters, deadline: deadline)
            await release(connection)
            return rows
        } catch {
            await release(connection)
            throw error
        }
    }

    /// A round trip to the server on one of the connections.
    public func ping() async throws(PostgresError) {
        let connection = try await acquire()
        do throws(PostgresError) {
            try await connection.ping()
            await release(connection)
        } catch {
            await release(connection)
            throw error
        }
    }

    /// Closes the pool: waiting callers are refused, idle connections end at once, those in use when they come back,
    /// and after the close deadline what they do is cancelled.
    public func close() async {
        let (idle, waiters) = shared.withLock { shared in
            let closed = shared.pool.close()
            var waiting: [CheckedContinuation<Result<State.Grant, PostgresError>, Never>] = []
            for waiter in closed.waiters {
                if let continuation = shared.continuations.removeValue(forKey: waiter) {
                    waiting.append(continuation)
                } else {
                    shared.early[waiter] = .failure(.closed)
                }
            }
            return (closed.idle, waiting)
        }
        for waiter in waiters { waiter.resume(returning: .failure(.closed)) }
        for connection in idle { await connection.close() }
        await drain()
    }

    private func drain() async {
        async let _ = interruptAfterDeadline()
        await withCheckedContinuation { continuation in
            let isDrained = shared.withLock { shared in
                guard shared.pool.leased > 0 else { return true }
                shared.whenDrained.append(continuation)
                return false
            }
            if isDrained { continuation.resume() }
        }
    }

    private func interruptAfterDeadline() async {
        do {
            try await Task.sleep(for: configuration.closeDeadline)
        } catch {
            return
        }
        for connection in shared.withLock({ Array($0.inUse.values) }) { await connection.close() }
    }
}
