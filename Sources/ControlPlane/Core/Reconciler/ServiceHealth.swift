public import ProjectModel

/// One run of a container: a restart makes it another one, so no result of an earlier life counts for a later one.
public struct Incarnation: Sendable, Hashable {
    /// Engine's id of the container.
    public let containerID: String
    /// When this run began.
    public let startedAt: Timestamp?

    public init(containerID: String, startedAt: Timestamp?) {
        self.containerID = containerID
        self.startedAt = startedAt
    }
}

/// The probe results of one service, with hysteresis: one success makes it ready, several failures in a row make it not
/// ready, and when that lasts it is unresponsive, that is, worth a restart.
///
/// It depends on results alone. How long a service has not answered is the sum of the times between failures that
/// followed each other closely: time without probes, because the manager was not there, was stopped, or could make no
/// probe, does not count as unanswered. Times are readings of the manager's monotonic clock, so that the clock on the
/// wall does not matter.
public struct ServiceHealth: Sendable, Equatable {
    /// Failures in a row after which a service counts as not ready.
    public static let failuresUntilNotReady = 2
    /// How long a service that was ready may fail before it is restarted. Long enough for a reload, a failover or a
    /// burst of load: a needless restart costs more than a minute of waiting.
    public static let failingUntilUnresponsive: Duration = .seconds(60)
    /// Longest time between two results for which the service counts as watched. Several times the longest wait between
    /// two probes of a service that does not answer.
    public static let unwatchedMin: Duration = .seconds(10)

    public enum Verdict: Sendable, Equatable {
        /// No probe of this run has come back yet: nothing follows from that.
        case unknown
        /// Probed, and never ready in this run.
        case starting
        /// Answers.
        case ready
        /// Was ready in this run and does not answer now.
        case failing
        /// Has been failing for so long that a restart is due.
        case unresponsive
    }

    /// The run that the results belong to.
    public private(set) var incarnation: Incarnation
    /// Failures in a row since the last success.
    public private(set) var failures = 0
    /// Whether the run has ever been ready.
    public private(set) var wasReady = false
    /// For how long the service was watched not to answer since its last success.
    public private(set) var failingFor: Duration = .zero
    /// The last failure's message.
    public private(set) var lastFailure: String?
    /// When the last result came in, by the clock on the wall.
    public private(set) var observedAt: Timestamp?
    /// Why the last probe could not be made; nil when it could.
    public private(set) var obstacle: String?
    /// When the last result came in, by the monotonic clock.
    private var lastResult: Duration?

    /// A service without results.
    public init(of incarnation: Incarnation) { self.incarnation = incarnation }

    /// The present verdict. Without results it never becomes worse.
    public var verdict: Verdict {
        guard lastResult != nil else { return .unknown }
        guard wasReady else { return .starting }
        guard failures >= Self.failuresUntilNotReady else { return .ready }
        return failingFor >= Self.failingUntilUnresponsive && obstacle == nil ? .unresponsive : .failing
    }

    /// Whether the service is known, and not only suspected, not to answer.
    public var isKnownNotReady: Bool { failures >= Self.failuresUntilNotReady }

    /// Takes one result in; one about another run is dropped.
    ///
    /// - Parameters:
    ///   - time: When the result came in, by the clock on the wall.
    ///   - uptime: The same by the monotonic clock.
    public mutating func record(_ result: ProbeResult, of run: Incarnation, at time: Timestamp, uptime: Duration) {
        guard run == incarnation else { return }
        switch result {
        case .notMade(let text):
            obstacle = text
            return
        case .ready:
            failures = 0
            failingFor = .zero
            wasReady = true
            lastFailure = nil
        case .notReady(let text):
            noteGap(until: uptime)
            failures += 1
            lastFailure = text
        }
        obstacle = nil
        observedAt = time
        lastResult = uptime
    }

    /// Time between two failures counts when it is short. Otherwise there was no probing: it counts for nothing, and a
    /// failure before it that is not confirmed is forgotten.
    private mutating func noteGap(until uptime: Duration) {
        guard failures > 0, let lastResult else { return }
        let gap = uptime - lastResult
        if gap < Self.unwatchedMin {
            failingFor += max(gap, .zero)
        } else if !isKnownNotReady {
            failures = 0
        }
    }
}
