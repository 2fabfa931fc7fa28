/// How long to wait between two probes of one service, as a value: quick while each moment counts, slow when nothing
/// happens. A project that is left alone for some minutes costs three probes of each service a minute, all of them at
/// the same moment: to wake up once for twelve is cheaper than twelve times.
public struct ProbeSchedule: Sendable, Equatable {
    /// Right after the start of a service: bounds how late its first success is noticed.
    public var starting: Duration = .milliseconds(60)
    /// Of a start that takes longer than ``eagerness``.
    public var startingSlowly: Duration = .milliseconds(300)
    /// How long a start, or a failure, counts as fresh.
    public var eagerness: Duration = .seconds(20)
    /// While a service answers: short at first, then a tenth of the time for which it has been watched undisturbed, up
    /// to the upper bound. That bounds how long a service that hangs without ending stays unseen; one that ends is seen
    /// by the engine's event.
    public var ready: ClosedRange<Duration> = .milliseconds(700) ... .seconds(20)
    /// After a failure that may be a slip: the next probe decides.
    public var doubting: Duration = .milliseconds(100)
    /// While a service that answered before does not, as long as this is fresh.
    public var failing: Duration = .milliseconds(150)
    /// The same later on.
    public var failingSlowly: Duration = .seconds(1)
    /// After a probe that could not be made.
    public var blind: Duration = .seconds(1)
    /// Longest time that one probe may take.
    public var probeDeadline: Duration = .milliseconds(1_500)

    public init() {}

    /// The wait after a result.
    ///
    /// - Parameters:
    ///   - health: the tally, that result included.
    ///   - age: how long the service has been watched without a disturbance: a new run of it, or a change of the
    ///     containers around it.
    ///   - uptime: reading of a monotonic clock.
    ///   - share: 0 to 1, the same for all services of a project; spreads the probes of projects.
    public func wait(after health: ServiceHealth, age: Duration, uptime: Duration, share: Double) -> Duration {
        if health.obstacle != nil { return blind }
        return switch health.verdict {
        case .unknown, .starting: age < eagerness ? starting : startingSlowly
        case .ready: health.failures > 0 ? doubting : waitUndisturbed(age, uptime: uptime, share: share)
        case .failing, .unresponsive:
            health.failingFor < eagerness ? failing : failingSlowly
        }
    }

    private func waitUndisturbed(_ age: Duration, uptime: Duration, share: Double) -> Duration {
        let longest = ready.upperBound
        guard age / 10 >= longest else { return max(age / 10, ready.lowerBound) * (0.8 + 0.2 * share) }
        // Up to the next of the moments at which all of the project are probed.
        let since = uptime + longest * share
        return longest - (since - longest * (since / longest).rounded(.down))
    }
}
