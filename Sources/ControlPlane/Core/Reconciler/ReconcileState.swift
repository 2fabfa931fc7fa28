public import ProjectModel

/// The state of one project between two passes, as far as decisions depend on it. All of it may be lost at any time: it
/// only spaces out retries.
public struct ReconcileState: Sendable, Equatable {
    /// Since when times can be compared: since the manager was born, since it took over, since its process was there
    /// again, or since the clock was set. Deadlines count from then at the earliest: a manager that was not there has
    /// not been waiting, and what was measured across a clock that was set is worth nothing.
    public struct Epoch: Sendable, Equatable {
        /// Its beginning.
        public let since: Timestamp
        /// Whether the clock was set since the manager began.
        public let isOfClock: Bool

        public init(since: Timestamp, isOfClock: Bool) {
            self.since = since
            self.isOfClock = isOfClock
        }
    }

    /// Calls to the engine that were made for an operation.
    package struct Calls: Sendable, Equatable {
        /// Plans carried out.
        package var plans = 0
        /// The call that ended last.
        package var last: String?
        /// The engine's last refusal; nil once a plan went through.
        package var lastError: String?
        /// When it is tried again.
        package var nextRetryAt: Timestamp?

        package init() {}
    }

    /// Services that were restarted for the request of a time.
    private struct Restarts: Sendable, Equatable {
        var request: Timestamp
        var services: Set<ServiceName>
    }

    /// An end of the status machine that passes have found, and in how many in a row.
    private struct Ending: Sendable, Equatable {
        var event: ProjectLifecycle.Event
        var passes: Int
    }

    package private(set) var epoch: Epoch
    package var backoffs: [ServiceName: RestartBackoff] = [:]
    package var callFailures: [ServiceName: CallFailures] = [:]
    /// Networks that the engine would not remove during a teardown.
    package var networkRefusals = NetworkRefusals()
    /// When the start was asked for that ``backoffs`` and ``callFailures`` are about.
    private var startRequestedAt: Timestamp?
    /// Passes in a row that ended with an error or a refused call.
    package var troubles = 0
    /// Until when progress was impossible: a pull was running, or the engine was away. Deadlines count from then.
    package var waitedUntil: Timestamp?
    /// Leases replaced since the last success.
    package var replacements = 0
    /// Calls made for the operation in progress.
    package var calls = Calls()
    private var restarts: Restarts?
    private var ending: Ending?

    /// The state of a project that no pass has been over yet.
    public init(epoch: Epoch) { self.epoch = epoch }

    /// Takes in the present epoch. In a new one every wait begins again.
    package mutating func enter(_ present: Epoch) {
        guard epoch != present else { return }
        epoch = present
        waitedUntil = nil
        ending = nil
        for service in backoffs.keys { backoffs[service]?.beginWaitAnew(at: present.since) }
    }

    /// Since when this manager has been watching, with nothing in its way.
    package var watchedSince: Timestamp { max(waitedUntil ?? epoch.since, epoch.since) }

    /// Since when the project has been in its status, as far as deadlines go. A change that lies in the future is older
    /// than the present epoch.
    package func statusSince(_ changedAt: Timestamp, now: Timestamp) -> Timestamp {
        max(changedAt > now ? epoch.since : changedAt, watchedSince)
    }

    /// Wait after ``troubles`` passes in a row went wrong: doubling from 200 ms to 15 s.
    package var patience: Duration { min(.milliseconds(200) * (1 << min(max(troubles - 1, 0), 10)), .seconds(15)) }

    // MARK: Restarts

    /// Services that were restarted for a request already; for a ``RestartOrder``.
    func restartsDone(for request: Timestamp) -> Set<ServiceName> {
        restarts.flatMap { $0.request == request ? $0.services : nil } ?? []
    }

    /// Takes in which services were restarted for a request.
    package mutating func noteRestarts(of services: Set<ServiceName>, for request: Timestamp) {
        restarts = Restarts(request: request, services: restartsDone(for: request).union(services))
    }

    // MARK: What passes find

    /// Takes in what a pass has read, before it decides. Results of earlier starts do not count for one that was
    /// requested later.
    public mutating func note(_ observation: Observation) {
        switch observation {
        case .project(let project): note(project.record)
        case .engineUnavailable(_, _, _, let now): waitedUntil = now
        case .unrecorded, .unrenderable, .unreadable: break
        }
    }

    private mutating func note(_ record: RecordedProject) {
        if record.status.goal != .absent { networkRefusals = NetworkRefusals() }
        switch record.status {
        case .provisioning, .resuming, .restarting, .upgrading, .reverting:
            guard startRequestedAt != record.statusChangedAt else { return }
            startRequestedAt = record.statusChangedAt
            (backoffs, callFailures, replacements) = ([:], [:], 0)
        default: break
        }
    }

    /// Consecutive passes that reached this terminal state, the present one included; 0 for other decisions.
    package func confirmations(of event: ProjectLifecycle.Event?) -> Int {
        guard let event, event == .nothingLeft || event == .allStopped else { return 0 }
        return (ending?.event == event ? ending?.passes ?? 0 : 0) + 1
    }

    /// Takes in what a pass has decided.
    public mutating func note(_ decision: Decision) {
        guard let assessment = decision.assessment, !decision.isStandby else { return }
        let passes = confirmations(of: assessment.event)
        ending = assessment.event.flatMap { passes > 0 ? Ending(event: $0, passes: passes) : nil }
    }
}
