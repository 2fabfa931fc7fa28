package import Clients

/// The open connections and their states, as a value. Decides which are accepted, and which are closed for them.
///
/// For another connection one goes that waits for a request or for a body: first of the block and the network that have
/// the most connections, of these one without progress, and of these the one that waits longest. None goes for a network
/// that has more connections than its own, and none whose body makes progress for one that has as many: so a flood takes
/// places from itself alone. Where requests are worked on, nothing goes.
package struct ConnectionTable<ID: Hashable & Sendable>: Sendable {
    package typealias Instant = ContinuousClock.Instant

    /// Whether a connection may stay.
    package enum Decision: Sendable, Equatable {
        /// It may; another one has to go for it.
        case accepted(evicting: ID?)
        /// All others that could go have requests in progress.
        case refused
    }

    private enum Activity {
        case waiting
        /// The body of a request comes in, and has to make progress until a time.
        case receiving(until: Instant)
        case working
    }

    private struct Entry {
        let network: ClientNetwork
        let block: String
        /// Grows with each wait for a request and each request; odd while a request is in progress.
        var turn: UInt64 = 0
        /// When it began to do what it does, by ``clock``.
        var since: UInt64
        var activity = Activity.waiting
    }

    /// How many connections a client has: its block before its network.
    private struct Load: Comparable {
        var block = 0
        var network = 0

        static func < (one: Load, other: Load) -> Bool { (one.block, one.network) < (other.block, other.network) }
    }

    private let limits: ConnectionLimits
    private let pace: BodyPace
    private var entries: [ID: Entry] = [:]
    private var counts: [ClientNetwork: Int] = [:]
    private var blockCounts: [String: Int] = [:]
    /// Grows with each event: orders those that wait.
    private var clock: UInt64 = 0

    package init(limits: ConnectionLimits, pace: BodyPace) {
        self.limits = limits
        self.pace = pace
    }

    /// Connections at the moment.
    package var count: Int { entries.count }

    /// A connection comes in. One that is refused is not counted.
    package mutating func open(_ id: ID, from network: ClientNetwork, at now: Instant = .now) -> Decision {
        clock += 1
        let newcomer = Entry(network: network, block: network.block, since: clock)
        var evicted: ID?
        if let isCandidate = shortage(for: newcomer) {
            guard let victim = victim(for: newcomer, at: now, where: isCandidate) else { return .refused }
            close(victim)
            evicted = victim
        }
        entries[id] = newcomer
        counts[network, default: 0] += 1
        blockCounts[newcomer.block, default: 0] += 1
        return .accepted(evicting: evicted)
    }

    /// A connection is gone.
    package mutating func close(_ id: ID) {
        guard let entry = entries.removeValue(forKey: id) else { return }
        counts[entry.network] = Self.less(counts[entry.network])
        blockCounts[entry.block] = Self.less(blockCounts[entry.block])
    }

    /// A request's head has come.
    package mutating func beginRequest(_ id: ID) {
        guard case .waiting? = entries[id]?.activity else { return }
        entries[id]?.turn += 1
        entries[id]?.activity = .working
    }

    /// The body of the request in progress is waited for.
    package mutating func beginBody(_ id: ID, at now: Instant = .now) {
        clock += 1
        guard case .working? = entries[id]?.activity else { return }
        entries[id]?.activity = .receiving(until: now + pace.patience)
        entries[id]?.since = clock
    }

    /// Bytes of the body have come.
    package mutating func receive(_ count: Int, on id: ID, at now: Instant = .now) {
        guard case .receiving(let until)? = entries[id]?.activity else { return }
        entries[id]?.activity = .receiving(until: pace.extend(until, by: count, at: now))
    }

    /// No more of the body is waited for.
    package mutating func endBody(_ id: ID) {
        guard case .receiving? = entries[id]?.activity else { return }
        entries[id]?.activity = .working
    }

    /// An answer is written. The turn in which the connection waits now.
    package mutating func endRequest(_ id: ID) -> UInt64? {
        clock += 1
        guard let entry = entries[id], !entry.turn.isMultiple(of: 2) else { return nil }
        entries[id]?.turn += 1
        entries[id]?.activity = .waiting
        entries[id]?.since = clock
        return entry.turn + 1
    }

    /// Whether a connection still waits in this turn.
    package func isWaiting(_ id: ID, in turn: UInt64) -> Bool {
        guard let entry = entries[id], case .waiting = entry.activity else { return false }
        return entry.turn == turn
    }

    private static func less(_ count: Int?) -> Int? { count.flatMap { $0 > 1 ? $0 - 1 : nil } }

    /// Which connections may go for another one; nil when there is room for it.
    private func shortage(for newcomer: Entry) -> ((Entry) -> Bool)? {
        if !newcomer.network.isLocal {
            if counts[newcomer.network, default: 0] >= limits.perNetwork { return { $0.network == newcomer.network } }
            if blockCounts[newcomer.block, default: 0] >= limits.perBlock { return { $0.block == newcomer.block } }
            return entries.count >= limits.total - limits.reserved ? { !$0.network.isLocal } : nil
        }
        guard entries.count >= limits.total else { return nil }
        // Others before this host's own.
        return { _ in true }
    }

    private func victim(for newcomer: Entry, at now: Instant, where isCandidate: (Entry) -> Bool) -> ID? {
        entries.filter { isCandidate($0.value) }
            .compactMap { id, entry in rank(of: entry, for: newcomer, at: now).map { (id: id, rank: $0) } }
            .min { $0.rank < $1.rank }?.id
    }

    /// The order in which connections go, the smallest first.
    private struct Rank: Comparable {
        let isLocal: Bool
        let load: Load
        let isMoving: Bool
        let since: UInt64

        static func < (one: Rank, other: Rank) -> Bool {
            if one.isLocal != other.isLocal { return !one.isLocal }
            if one.load != other.load { return one.load > other.load }
            return one.isMoving != other.isMoving ? !one.isMoving : one.since < other.since
        }
    }

    /// Nil for one that stays.
    private func rank(of entry: Entry, for newcomer: Entry, at now: Instant) -> Rank? {
        let isMoving: Bool
        switch entry.activity {
        case .waiting: isMoving = false
        case .receiving(let until): isMoving = now < until
        case .working: return nil
        }
        let load = Load(block: blockCounts[entry.block] ?? 0, network: counts[entry.network] ?? 0)
        if !newcomer.network.isLocal {
            // As many as the newcomer's would have.
            let own = Load(
                block: blockCounts[newcomer.block, default: 0] + (entry.block == newcomer.block ? 0 : 1),
                network: counts[newcomer.network, default: 0] + (entry.network == newcomer.network ? 0 : 1))
            guard isMoving ? load > own : load >= own else { return nil }
        } else if isMoving, entry.network.isLocal {
            return nil
        }
        return Rank(isLocal: entry.network.isLocal, load: load, isMoving: isMoving, since: entry.since)
    }
}
