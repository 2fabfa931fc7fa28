import ProjectModel

/// Slows down whoever guesses passwords: a few failures are free, then every further one doubles the wait. A pure
/// value: attempts and times come in, decisions come out.
///
/// An attempt counts as failed from its beginning, so that a thousand at the same moment are no way around it; one
/// that succeeds, or that could not be decided, is taken back.
struct LoginThrottle: Sendable, Equatable {
    /// How many failures are free, and of how many names the count is kept.
    struct Limits: Sendable, Equatable {
        var freePerAccount = 5
        var freePerAddress = 20
        /// A count is forgotten when nothing failed for so long.
        var window: Duration = .seconds(900)
        /// Wait after the last free failure; it doubles with each further one.
        var firstWait: Duration = .seconds(2)
        var longestWait: Duration = .seconds(900)
        /// Accounts, and as many addresses, that are remembered; the oldest are forgotten first.
        var keysMax = 10_000
    }

    private let limits: Limits
    private var accounts = FailureTable()
    private var addresses = FailureTable()

    init(limits: Limits = Limits()) { self.limits = limits }

    /// Names that are remembered.
    var keyCount: (accounts: Int, addresses: Int) { (accounts.count, addresses.count) }

    /// Begins an attempt: nil when it may go on, and is counted; else the time to wait, and nothing is counted.
    mutating func begin(account: String, address: String, at time: Timestamp) -> Duration? {
        let waits = [accounts.wait(account, at: time), addresses.wait(address, at: time)]
        if let longest = waits.compactMap(\.self).max() { return longest }
        accounts.add(account, free: limits.freePerAccount, limits, at: time)
        addresses.add(address, free: limits.freePerAddress, limits, at: time)
        return nil
    }

    /// The attempt succeeded: the account starts anew. The address keeps its other failures, else one known password
    /// would pay for guessing others.
    mutating func succeed(account: String, address: String) {
        accounts.remove(account)
        addresses.takeBack(address)
    }

    /// The attempt could not be decided: it does not count.
    mutating func abandon(account: String, address: String) {
        accounts.takeBack(account)
        addresses.takeBack(address)
    }
}

/// Failures by name.
private struct FailureTable: Sendable, Equatable {
    private struct Entry: Sendable, Equatable {
        var failures: Int
        var last: Timestamp
        var blockedUntil: Timestamp
    }

    private var entries: [String: Entry] = [:]

    var count: Int { entries.count }

    func wait(_ key: String, at time: Timestamp) -> Duration? {
        guard let entry = entries[key], entry.blockedUntil > time else { return nil }
        return entry.blockedUntil.since(time)
    }

    mutating func add(_ key: String, free: Int, _ limits: LoginThrottle.Limits, at time: Timestamp) {
        var failures = 1
        if let entry = entries[key], time.since(max(entry.last, entry.blockedUntil)) < limits.window {
            failures = entry.failures + 1
        }
        if entries[key] == nil { makeRoom(limits, at: time) }
        let wait = Self.wait(failures: failures, free: free, limits)
        entries[key] = Entry(failures: failures, last: time, blockedUntil: time + wait)
    }

    private static func wait(failures: Int, free: Int, _ limits: LoginThrottle.Limits) -> Duration {
        guard failures >= free else { return .zero }
        // Doubling ends where the longest wait is reached, long before a shift could overflow.
        let doublings = min(failures - free, 30)
        return min(limits.longestWait, limits.firstWait * (1 << doublings))
    }

    mutating func takeBack(_ key: String) {
        guard var entry = entries[key] else { return }
        guard entry.failures > 1 else { return remove(key) }
        entry.failures -= 1
        entry.blockedUntil = entry.last
        entries[key] = entry
    }

    mutating func remove(_ key: String) { entries[key] = nil }

    /// Forgets what does not count any more and, when that is not enough, the oldest eighth.
    private mutating func makeRoom(_ limits: LoginThrottle.Limits, at time: Timestamp) {
        guard entries.count >= limits.keysMax else { return }
        entries = entries.filter { time.since(max($0.value.last, $0.value.blockedUntil)) < limits.window }
        guard entries.count >= limits.keysMax else { return }
        let oldest = entries.sorted { $0.value.last < $1.value.last }.prefix(max(1, limits.keysMax / 8))
        for (key, _) in oldest { entries[key] = nil }
    }
}
