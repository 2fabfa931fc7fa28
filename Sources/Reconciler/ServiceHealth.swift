public import ProjectModel

/// One run of a container: a restart makes it another one, so no result of an earlier life counts for a later one.
public struct Incarnation: Sendable, Hashable {
    /// Engine's id of the container.
    public let containerID: String
    /// When this run began.
    public let startedAt: Timestamp?

    /// A run.
    public init(containerID: String, startedAt: Timestamp?) {
        self.containerID = containerID
        self.startedAt = startedAt
    }
}

/// The tally of probe results of one service, with hysteresis: one success makes it ready, several failures in a row
/// make it not ready, and when that lasts it is sick, that is, worth a restart.
public struct ServiceHealth: Sendable, Equatable {
    /// Failures in a row after which a ready service counts as not ready.
    public static let failuresUntilNotReady = 2
    /// How long a service that was ready may fail before it is restarted. Long enough for a reload, a failover or a
    /// burst of load: a restart that was not needed does more harm than a minute of waiting.
    public static let failingUntilSick: Duration = .seconds(60)

    /// What the tally says.
    public enum Verdict: Sendable, Equatable {
        /// Started, never ready in this run.
        case starting
        /// Answers.
        case ready
        /// Was ready in this run and does not answer now.
        case failing
        /// Has been failing for so long that a restart is due.
        case sick
    }

    /// The run that the tally is about.
    public private(set) var incarnation: Incarnation
    /// Failures since the last success.
    public private(set) var failures = 0
    /// Whether the run has ever been ready.
    public private(set) var wasReady = false
    /// When the first of these failures came in.
    public private(set) var failingSince: Timestamp?
    /// What the last failure said.
    public private(set) var lastFailure: String?
    /// When the last result came in.
    public private(set) var observedAt: Timestamp?

    /// A tally that has seen nothing.
    public init(of incarnation: Incarnation) { self.incarnation = incarnation }

    /// What the tally says now.
    public var verdict: Verdict {
        guard wasReady else { return .starting }
        guard failures >= Self.failuresUntilNotReady else { return .ready }
        return failingFor >= Self.failingUntilSick ? .sick : .failing
    }

    /// Time between the first failure since the last success and the last one; zero without any.
    public var failingFor: Duration {
        guard let failingSince, let observedAt else { return .zero }
        return observedAt.since(failingSince)
    }

    /// The clock was set, so nobody knows how long the service has been failing: that begins at `time`.
    public mutating func beginWaitAnew(at time: Timestamp) {
        if failingSince != nil { failingSince = time }
        if observedAt != nil { observedAt = time }
    }

    /// Takes one result in; one about another run is dropped.
    public mutating func record(_ result: ProbeResult, of run: Incarnation, at time: Timestamp) {
        guard run == incarnation else { return }
        observedAt = time
        switch result {
        case .ready:
            failures = 0
            failingSince = nil
            wasReady = true
            lastFailure = nil
        case .notReady(let text):
            failures += 1
            failingSince = failingSince ?? time
            lastFailure = text
        }
    }
}
