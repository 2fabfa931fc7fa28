import PostgresKit
import PostgresTestSupport

/// Limits short enough for tests that run into them.
func shortLimits(_ change: (inout PostgresLimits) -> Void = { _ in }) -> PostgresLimits {
    var limits = PostgresLimits()
    limits.cancelGrace = .milliseconds(500)
    change(&limits)
    return limits
}

/// Runs `body` with a connection to a new, empty database of the suite's cluster.
func withConnection<Value>(
    limits: PostgresLimits = PostgresLimits(), _ body: (PostgresConnection) async throws -> Value
) async throws -> Value {
    let parameters = try await TestCluster.running.emptyDatabase()
    let connection = try await PostgresConnection.connect(parameters, limits: limits)
    let result: Result<Value, any Error>
    do {
        result = .success(try await body(connection))
    } catch {
        result = .failure(error)
    }
    await connection.close()
    return try result.get()
}

/// Runs `body` with a pool on a new, empty database of the suite's cluster.
func withPool<Value>(
    limits: PostgresLimits = PostgresLimits(), _ change: (inout PostgresPoolConfiguration) -> Void = { _ in },
    _ body: (PostgresPool) async throws -> Value
) async throws -> Value {
    let parameters = try await TestCluster.running.emptyDatabase()
    var configuration = PostgresPoolConfiguration()
    change(&configuration)
    let pool = PostgresPool(parameters, configuration: configuration, limits: limits)
    let result: Result<Value, any Error>
    do {
        result = .success(try await body(pool))
    } catch {
        result = .failure(error)
    }
    await pool.close()
    return try result.get()
}

/// The error that `body` throws, or nil.
func failure(_ body: () async throws -> Void) async -> PostgresError? {
    do {
        try await body()
        return nil
    } catch {
        return error as? PostgresError
    }
}

/// Waits until `condition` holds, for at most ten seconds. Whether it did.
func eventually(_ condition: () async throws -> Bool) async throws -> Bool {
    let deadline = ContinuousClock.now + .seconds(10)
    while ContinuousClock.now < deadline {
        if try await condition() { return true }
        try await Task.sleep(for: .milliseconds(10))
    }
    return false
}

extension PostgresSession {
    /// The process id of the backend that serves the session.
    func backendID() async throws -> Int64 {
        try await single("SELECT pg_backend_pid()::bigint AS id").int64("id")
    }

    /// Whether a backend runs a statement at the moment.
    func isActive(_ backendID: Int64) async throws -> Bool {
        try await single(
            "SELECT count(*) AS n FROM pg_stat_activity WHERE pid = $1::int AND state = 'active'", [.int(backendID)]
        ).int64("n") > 0
    }
}
