/// The named limits of a pool.
public struct PostgresPoolConfiguration: Sendable {
    /// Connections that are made at the start and kept when idle.
    public var minimumConnections = 1

    /// Connections at the same time.
    public var maximumConnections = 10

    /// Time for a caller to get a connection, reconnecting included.
    public var acquireDeadline: Duration = .seconds(5)

    /// Callers that may wait at the same time.
    public var maximumWaiters = 1_024

    /// A connection that was idle for longer is pinged before it is used.
    public var idleBeforeCheck: Duration = .seconds(15)

    /// An idle connection beyond the minimum is closed after this time, when the pool is next used or
    /// ``PostgresPool/closeIdle()`` is called.
    public var idleLimit: Duration = .seconds(600)

    /// A connection that is older is closed instead of being used again; nil keeps one for as long as it works. What a
    /// session accumulates in the server, plans and catalogue entries above all, is freed with it.
    public var maximumAge: Duration?

    /// How long ``PostgresPool/close()`` waits for connections in use before it cancels what they do.
    public var closeDeadline: Duration = .seconds(10)

    /// The default limits.
    public init() {}

    /// Whether a connection that was opened then has reached the maximum age.
    func isTooOld(openedAt start: ContinuousClock.Instant, at now: ContinuousClock.Instant) -> Bool {
        maximumAge.map { now - start >= $0 } ?? false
    }
}
