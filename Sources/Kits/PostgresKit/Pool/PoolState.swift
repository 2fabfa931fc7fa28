/// The bookkeeping of a pool as a value: it holds no socket, clock or task. The caller performs the grants that it
/// returns.
///
/// A caller first gets a permit, of which there are as many as connections may exist; then, with the permit, an idle
/// connection or the right to make one.
struct PoolState<Connection: Sendable>: Sendable {
    typealias WaiterID = UInt64

    /// An unused connection.
    struct Idle: Sendable {
        let connection: Connection
        let since: ContinuousClock.Instant
    }

    /// The next step of a permit's holder.
    enum Grant: Sendable {
        /// Use this one, idle since then.
        case use(Idle)

        /// Make a new one.
        case open
    }

    enum Answer: Sendable {
        case granted(Grant)
        case wait(WaiterID)
        case refused(PostgresError)
    }

    /// The next step for a returned connection.
    enum Return: Sendable {
        /// Give it, or the right to make another, to this waiter.
        case handOver(WaiterID, Grant)

        /// It is idle now.
        case kept

        /// It is not needed.
        case surplus
    }

    private let maximumConnections: Int
    private let maximumWaiters: Int
    private var idle: [Idle] = []
    private var waiters: [WaiterID] = []
    private var lastWaiter: WaiterID = 0
    private(set) var leased = 0
    private(set) var isClosed = false

    init(maximumConnections: Int, maximumWaiters: Int) {
        self.maximumConnections = max(1, maximumConnections)
        self.maximumWaiters = maximumWaiters
    }

    var idleCount: Int { idle.count }

    var waiterCount: Int { waiters.count }

    /// Asks for a permit.
    ///
    /// - Parameter isPreferred: whether a connection is rather given to this caller than another idle one.
    mutating func acquire(preferring isPreferred: (Connection) -> Bool = { _ in true }) -> Answer {
        guard !isClosed else { return .refused(.closed) }
        // Earlier callers are served first.
        if leased < maximumConnections && waiters.isEmpty {
            leased += 1
            guard let place = idle.lastIndex(where: { isPreferred($0.connection) }) ?? idle.indices.last else {
                return .granted(.open)
            }
            return .granted(.use(idle.remove(at: place)))
        }
        guard waiters.count < maximumWaiters else { return .refused(.queueFull) }
        lastWaiter += 1
        waiters.append(lastWaiter)
        return .wait(lastWaiter)
    }

    /// Another connection for the holder of a permit whose last one turned out to be dead.
    mutating func replacement() -> Grant {
        idle.popLast().map { .use($0) } ?? .open
    }

    /// Gives a permit back, with the connection if it can be used again.
    mutating func release(_ connection: Connection?, at now: ContinuousClock.Instant) -> Return {
        let returned = connection.map { Idle(connection: $0, since: now) }
        if !isClosed, !waiters.isEmpty {
            return .handOver(waiters.removeFirst(), returned.map { .use($0) } ?? .open)
        }
        leased -= 1
        guard let returned, !isClosed else { return .surplus }
        idle.append(returned)
        return .kept
    }

    /// A waiter gives up. Whether it still waited; if not, it has been granted a permit already.
    mutating func abandon(_ waiter: WaiterID) -> Bool {
        guard let position = waiters.firstIndex(of: waiter) else { return false }
        waiters.remove(at: position)
        return true
    }

    /// Takes out the connections that have been idle since before `limit`, oldest first, down to `minimum` in all.
    mutating func takeSurplus(idleSince limit: ContinuousClock.Instant, minimum: Int) -> [Connection] {
        let expired = idle.prefix { $0.since < limit }.count
        let count = min(expired, max(0, idle.count + leased - minimum))
        defer { idle.removeFirst(count) }
        return idle.prefix(count).map(\.connection)
    }

    /// Refuses from now on. The idle connections and the waiters are the caller's to deal with.
    mutating func close() -> (idle: [Connection], waiters: [WaiterID]) {
        isClosed = true
        defer {
            idle = []
            waiters = []
        }
        return (idle.map(\.connection), waiters)
    }
}
