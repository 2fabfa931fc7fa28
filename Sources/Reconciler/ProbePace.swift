/// How long to wait between two probes of one service, as a value: quick while each moment counts, slow when nothing
/// happens. A project that is left alone for a minute costs two probes of each service in ten seconds.
public struct ProbePace: Sendable, Equatable {
    /// Right after the start of a service: bounds how late its first success is noticed.
    public var starting: Duration = .milliseconds(60)
    /// Of a start that has been going on for longer than ``eagerness``.
    public var startingSlowly: Duration = .milliseconds(300)
    /// How long a start, or a failure, counts as fresh.
    public var eagerness: Duration = .seconds(20)
    /// While a service answers: short at first, then a tenth of the time for which it has been watched undisturbed, up
    /// to the upper bound. That bounds how long a service that hangs without ending stays unseen; one that ends is seen
    /// by the engine's event.
    public var ready: ClosedRange<Duration> = .milliseconds(700) ... .seconds(5)
    /// After a failure that may be a slip: the next probe decides.
    public var doubting: Duration = .milliseconds(100)
    /// While a service that answered before does not, as long as this is fresh.
    public var failing: Duration = .milliseconds(150)
    /// The same later on.
    public var failingSlowly: Duration = .seconds(1)
    /// Longest time that one probe may take.
    public var probeDeadline: Duration = .milliseconds(1_500)

    /// The usual pace.
    public init() {}

    /// The wait after a result.
    ///
    /// - Parameters:
    ///   - health: the tally, that result included.
    ///   - age: how long the service has been watched without a disturbance: a new run of it, or a change of the
    ///     containers around it.
    ///   - share: 0 to 1; spreads the probes of services that started together.
    public func wait(after health: ServiceHealth, age: Duration, share: Double) -> Duration {
        switch health.verdict {
        case .starting: age < eagerness ? starting : startingSlowly
        case .ready:
            health.failures > 0
                ? doubting : min(max(age / 10, ready.lowerBound), ready.upperBound) * (0.8 + 0.2 * share)
        case .failing, .sick:
            health.failingFor < eagerness ? failing : failingSlowly
        }
    }
}
