public import ProjectModel

/// How long to wait before a service that exited is started again: at once the first time, then doubling to a limit; a
/// run that lasted long enough resets the count.
public struct RestartBackoff: Sendable, Equatable {
    /// Wait before the second start.
    public static let first: Duration = .milliseconds(500)
    /// Longest wait.
    public static let longest: Duration = .seconds(60)
    /// A run at least this long is a success: the count restarts.
    public static let forgivenAfter: Duration = .seconds(60)
    /// Starts that may fail during a first start before it counts as failed.
    public static let attemptsUntilFailed = 4

    /// Starts since the last success.
    public private(set) var attempts = 0
    /// When the last start was asked for.
    public private(set) var lastStart: Timestamp?

    /// No starts yet.
    public init() {}

    /// Earliest time of the next start.
    public var nextStart: Timestamp? {
        guard attempts > 0, let lastStart else { return nil }
        return lastStart + delay
    }

    /// The wait after the starts made so far.
    public var delay: Duration {
        guard attempts > 1 else { return .zero }
        let doublings = min(attempts - 2, 16)
        return min(Self.first * (1 << doublings), Self.longest)
    }

    /// The clock was set, so the time since the last start is unknown: it counts as made at `time`.
    public mutating func beginWaitAnew(at time: Timestamp) {
        if lastStart != nil { lastStart = time }
    }

    /// Notes a start at `time`.
    public mutating func noteStart(at time: Timestamp) {
        if let lastStart, time.since(lastStart) >= delay + Self.forgivenAfter { attempts = 0 }
        attempts += 1
        lastStart = time
    }
}
