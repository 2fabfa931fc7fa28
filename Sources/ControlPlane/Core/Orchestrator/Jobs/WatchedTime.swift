/// Time that has passed while this process ran: what is longer than two looks at it was spent stopped or suspended, and
/// does not count.
struct WatchedTime: Sendable {
    private let interval: Duration
    private var last: Duration
    /// The time so far.
    private(set) var total: Duration = .zero

    /// Begins at `uptime`; it is polled every `interval`.
    init(from uptime: Duration, interval: Duration) {
        last = uptime
        self.interval = interval
    }

    mutating func look(at uptime: Duration) {
        total += min(max(uptime - last, .zero), interval * 2)
        last = uptime
    }
}
