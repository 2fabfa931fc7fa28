import ProjectModel

/// Slows down password guessing. A pure value: attempts and times come in, decisions come out. Times are monotonic
/// (``TimeSource/uptime()``): a clock that was ahead for a moment must not lock an account for a year.
///
/// An attempt counts against three names. The pair of account and network is refused after a few failures, each further
/// one doubling the wait; so is a network that tries many accounts. The account alone is never refused, or others could
/// lock out its owner by guessing: when it fails from many networks, attempts at it are delayed, the right one too.
///
/// An attempt counts as failed from its beginning, so that a thousand at the same moment are no way around it; one
/// that succeeds, or that could not be decided, is taken back.
struct LoginThrottle: Sendable, Equatable {
    /// How many failures are free, and of how many names the count is kept.
    struct Limits: Sendable, Equatable {
        /// Failures of one account from one network.
        var freePerPair = 5
        /// Failures of one network, over all accounts.
        var freePerNetwork = 20
        /// Failures of one account, over all networks, before attempts at it are delayed.
        var freePerAccount = 10
        /// A count is forgotten when nothing failed for so long.
        var window: Duration = .seconds(900)
        /// Wait after the last free failure; it doubles with each further one.
        var firstWait: Duration = .seconds(2)
        var longestWait: Duration = .seconds(900)
        /// Delay of an attempt at an account that fails from many networks; it doubles, too.
        var firstDelay: Duration = .milliseconds(500)
        var longestDelay: Duration = .seconds(4)
        /// Names of each kind that are remembered; the oldest are forgotten first.
        var keysMax = 10_000
    }

    /// The decision on an attempt.
    enum Admission: Sendable, Equatable {
        /// It may continue after a delay, and is counted.
        case admitted(delay: Duration)
        /// It is not looked at, and not counted; the next one is after this time.
        case refused(wait: Duration)
    }

    private let limits: Limits
    private var pairs = FailureTable<Pair>()
    private var networks = FailureTable<String>()
    private var accounts = FailureTable<String>()

    private struct Pair: Hashable {
        let account: String
        let network: String
    }

    init(limits: Limits = Limits()) { self.limits = limits }

    /// Names that are remembered.
    var keyCount: (pairs: Int, networks: Int, accounts: Int) { (pairs.count, networks.count, accounts.count) }

    /// Begins an attempt.
    mutating func begin(account: String, network: String, at time: Duration) -> Admission {
        let (limits, pair) = (limits, Pair(account: account, network: network))
        let waits = [pairs.wait(pair, at: time), networks.wait(network, at: time)]
        if let longest = waits.compactMap(\.self).max() { return .refused(wait: longest) }
        pairs.add(pair, limits, at: time) { limits.wait(failures: $0, free: limits.freePerPair) }
        networks.add(network, limits, at: time) { limits.wait(failures: $0, free: limits.freePerNetwork) }
        let failures = accounts.add(account, limits, at: time) { _ in .zero }
        return .admitted(delay: limits.delay(failures: failures))
    }

    /// The attempt succeeded: the account's count from this network is reset. The network keeps its other failures,
    /// else one known password would pay for guessing others, and the account those from elsewhere.
    mutating func succeed(account: String, network: String) {
        pairs.remove(Pair(account: account, network: network))
        networks.takeBack(network)
        accounts.takeBack(account)
    }

    /// The attempt could not be decided: it does not count.
    mutating func abandon(account: String, network: String) {
        pairs.takeBack(Pair(account: account, network: network))
        networks.takeBack(network)
        accounts.takeBack(account)
    }
}

extension LoginThrottle.Limits {
    fileprivate func wait(failures: Int, free: Int) -> Duration {
        failures < free ? .zero : min(longestWait, firstWait * Self.doubled(failures - free))
    }

    fileprivate func delay(failures: Int) -> Duration {
        failures <= freePerAccount ? .zero : min(longestDelay, firstDelay * Self.doubled(failures - freePerAccount - 1))
    }

    /// Doubling ends where every longest wait is reached, long before a shift could overflow.
    private static func doubled(_ times: Int) -> Int { 1 << min(times, 30) }
}

/// Failures by name.
private struct FailureTable<Key: Hashable & Sendable>: Sendable, Equatable {
    private struct Entry: Sendable, Equatable {
        var failures: Int
        var last: Duration
        var blockedUntil: Duration

        /// When it began to be forgotten.
        var end: Duration { max(last, blockedUntil) }
    }

    private var entries: [Key: Entry] = [:]

    var count: Int { entries.count }

    func wait(_ key: Key, at time: Duration) -> Duration? {
        guard let entry = entries[key], entry.blockedUntil > time else { return nil }
        return entry.blockedUntil - time
    }

    /// Adds a failure, and gives how many there are.
    @discardableResult
    mutating func add(
        _ key: Key, _ limits: LoginThrottle.Limits, at time: Duration, wait: (_ failures: Int) -> Duration
    ) -> Int {
        var failures = 1
        if let entry = entries[key], time - entry.end < limits.window { failures = entry.failures + 1 }
        if entries[key] == nil { makeRoom(limits, at: time) }
        entries[key] = Entry(failures: failures, last: time, blockedUntil: time + wait(failures))
        return failures
    }

    mutating func takeBack(_ key: Key) {
        guard var entry = entries[key] else { return }
        guard entry.failures > 1 else { return remove(key) }
        entry.failures -= 1
        entry.blockedUntil = entry.last
        entries[key] = entry
    }

    mutating func remove(_ key: Key) { entries[key] = nil }

    /// Removes expired entries and, if that is not enough, the oldest eighth.
    private mutating func makeRoom(_ limits: LoginThrottle.Limits, at time: Duration) {
        guard entries.count >= limits.keysMax else { return }
        entries = entries.filter { time - $0.value.end < limits.window }
        guard entries.count >= limits.keysMax else { return }
        let oldest = entries.sorted { $0.value.last < $1.value.last }.prefix(max(1, limits.keysMax / 8))
        for (key, _) in oldest { entries[key] = nil }
    }
}
