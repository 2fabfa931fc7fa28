import ProjectModel
import Reconciler

/// What a loop remembers of one project between two looks. All of it may be lost at any time: it makes retries
/// patient and renders cheap, nothing more.
struct ProjectMemory: Sendable {
    /// Since when times can be compared: since the manager was born, since it took over, since its process was there
    /// again, or since the clock was set. Deadlines count from then at the earliest: a manager that was not there has not
    /// been waiting, and what was measured across a clock that was set is worth nothing.
    struct Epoch: Sendable, Equatable {
        let since: Timestamp
        /// Whether the clock was set since the manager began.
        let isOfClock: Bool
    }

    private(set) var epoch: Epoch
    var backoffs: [ServiceName: RestartBackoff] = [:]
    var callFailures: [ServiceName: CallFailures] = [:]
    /// Networks that the engine would not remove while nothing of the project was to be left.
    private(set) var networkRefusals = NetworkRefusals()
    /// When the start was asked for that ``backoffs`` and ``callFailures`` are about.
    private var startRequestedAt: Timestamp?
    /// Looks in a row that ended with an error or a refused call.
    var troubles = 0
    /// Until when nobody could have got any further: a pull was under way, or the engine was away. Deadlines count from
    /// then.
    var waitedUntil: Timestamp?
    /// Leases replaced since the last success.
    var replacements = 0
    /// Services that were restarted for the request of this time.
    private var restarted: (request: Timestamp, services: Set<ServiceName>)?
    /// The ending that the last look found, and how many looks in a row have found it.
    private var ending: (event: ProjectLifecycle.Event, looks: Int)?
    /// Restarts that are not in the project's history yet.
    var pendingEvents: [ProjectEvent] = []
    /// What the last look found.
    var latest: Finding?
    /// What the last look rested on; nil when it could not be carried through.
    var basis: Relist.Basis?
    /// Whether it was said that the project's template version is not known.
    var saidUnknownVersion = false
    /// The operation that goes on, as far as it is known.
    var operation: TrackedOperation?
    /// Calls made for it.
    var calls = Calls()
    private var rendered: (key: RenderKey, stack: DesiredStack, secrets: [String: Secret<String>])?

    init(epoch: Epoch) { self.epoch = epoch }

    /// Takes in the present epoch. In a new one every wait begins anew.
    mutating func enter(_ present: Epoch) {
        guard epoch != present else { return }
        epoch = present
        waitedUntil = nil
        ending = nil
        for service in backoffs.keys { backoffs[service]?.beginWaitAnew(at: present.since) }
    }

    /// Since when this manager has been watching, with nothing in its way.
    var watchedSince: Timestamp { max(waitedUntil ?? epoch.since, epoch.since) }

    /// Since when the project has been in its status, as far as deadlines go. A change that lies in the future is older
    /// than the present epoch.
    func statusSince(_ record: ProjectRecord, now: Timestamp) -> Timestamp {
        let changed = record.statusChangedAt > now ? epoch.since : record.statusChangedAt
        return max(changed, watchedSince)
    }

    /// Services that were restarted for the present request already; for a ``RestartOrder``.
    func restartsDone(for record: ProjectRecord) -> Set<ServiceName> {
        restarted.flatMap { $0.request == record.restartRequestedAt ? $0.services : nil } ?? []
    }

    /// Takes in which services a plan has started or restarted for the record's request.
    mutating func noteRestarts(_ outcomes: [PlanExecutor.Outcome], of record: ProjectRecord) {
        guard let request = record.restartRequestedAt else { return }
        let started = outcomes.compactMap { outcome -> ServiceName? in
            switch (outcome.error, outcome.step.operation) {
            case (nil, .startContainer(_, let service)), (nil, .restartContainer(_, let service, _)): service
            default: nil
            }
        }
        restarted = (request, restartsDone(for: record).union(started))
    }

    /// What a look found, for those who ask.
    struct Finding: Sendable {
        var states: [ServiceName: Assessment.ServiceState]
        /// Where containers are reached, by the host port that they publish.
        var addresses: [UInt16: ServiceAddress]
    }

    /// Calls to the engine that were made for an operation.
    struct Calls: Sendable, Equatable {
        /// Plans carried out.
        var plans = 0
        /// The call that ended last.
        var last: String?
        /// What the engine refused last; nil once a plan went through.
        var lastError: String?
        /// When it is tried again.
        var nextRetryAt: Timestamp?
    }

    /// What the rendered stack depends on.
    struct RenderKey: Sendable, Equatable {
        let name: ProjectName
        let template: TemplateDigest?
        let services: [ServiceName]
        let leases: Leases?
        let configurationRevision: Int64

        init(_ record: ProjectRecord) {
            name = record.name
            template = record.template
            services = record.services
            leases = record.leases
            configurationRevision = record.configurationRevision
        }
    }

    /// Looks in a row that have found this ending, the present one included; 0 for what is no ending.
    mutating func looks(ending event: ProjectLifecycle.Event?) -> Int {
        guard let event, event == .nothingLeft || event == .allStopped else {
            ending = nil
            return 0
        }
        let looks = (ending.map { $0.event == event ? $0.looks : 0 } ?? 0) + 1
        ending = (event, looks)
        return looks
    }

    /// Wait after `troubles` looks in a row went wrong: doubling from 200 ms to 15 s.
    var patience: Duration { min(.milliseconds(200) * (1 << min(max(troubles - 1, 0), 10)), .seconds(15)) }

    func stack(for record: ProjectRecord) -> DesiredStack? {
        rendered.flatMap { $0.key == RenderKey(record) ? $0.stack : nil }
    }

    /// What must not be seen in logs and messages.
    var secrets: [String: Secret<String>] { rendered?.secrets ?? [:] }

    mutating func keep(_ stack: DesiredStack, _ secrets: [String: Secret<String>], for record: ProjectRecord) {
        rendered = (RenderKey(record), stack, secrets)
    }

    /// Takes in the record. What earlier starts came to says nothing about one that was asked for since.
    mutating func note(_ record: ProjectRecord) {
        if record.status.goal != .absent { networkRefusals = NetworkRefusals() }
        switch record.status {
        case .provisioning, .resuming, .restarting, .upgrading, .reverting:
            guard startRequestedAt != record.statusChangedAt else { return }
            startRequestedAt = record.statusChangedAt
            startAfresh()
        default: break
        }
    }

    /// Takes in how the calls of a plan ended.
    mutating func note(_ outcomes: [PlanExecutor.Outcome], of plan: Plan, at time: Timestamp) {
        for outcome in outcomes {
            if let error = outcome.error {
                if error.isTransient {
                    waitedUntil = time
                    continue
                }
                for service in plan.services(concernedBy: outcome.step) {
                    let countMax = outcome.step.operation.refusalsMax
                    let count = error.isPermanent ? countMax : (callFailures[service]?.count ?? 0) + 1
                    callFailures[service] = CallFailures(
                        count: count, countMax: countMax,
                        message: "\(outcome.step.operation): \(error)")
                }
            }
            guard let service = outcome.step.operation.service else { continue }
            if outcome.error == nil { callFailures[service] = nil }
            switch outcome.step.operation {
            case .startContainer, .restartContainer: backoffs[service, default: RestartBackoff()].noteStart(at: time)
            default: break
            }
        }
        noteNetworks(outcomes)
        let failed = outcomes.contains { $0.error != nil }
        troubles = failed ? troubles + 1 : 0
        calls.plans += 1
        calls.last = outcomes.last.map { "\($0.step.operation)" } ?? calls.last
        let refused = outcomes.last { $0.error != nil }
        calls.lastError = refused.flatMap { outcome in outcome.error.map { "\(outcome.step.operation): \($0)" } }
        calls.nextRetryAt = failed ? time + patience : nil
        if !failed { replacements = 0 }
        if outcomes.contains(where: \.step.operation.isPull) { waitedUntil = time }
    }

    private mutating func noteNetworks(_ outcomes: [PlanExecutor.Outcome]) {
        for case (.removeNetwork(let id, _), let error) in outcomes.map({ ($0.step.operation, $0.error) }) {
            switch error {
            case .networkInUse: networkRefusals.noteRefusal(of: id)
            // An engine that did not answer has not let go of it either.
            case .some(let error) where error.isTransient: continue
            default: networkRefusals.forget(id)
            }
        }
    }

    /// Forgets what is about earlier starts, because a new one was asked for.
    private mutating func startAfresh() {
        backoffs = [:]
        callFailures = [:]
        replacements = 0
    }
}

extension Operation {
    var isPull: Bool { if case .pullImage = self { true } else { false } }

    fileprivate var refusalsMax: Int { isPull ? CallFailures.pullsUntilFailed : CallFailures.countUntilFailed }
}

extension Plan {
    /// The service that a step is about; for a network, a volume or an image the services whose steps wait for it,
    /// be it by way of another such step: a network that has to go first.
    fileprivate func services(concernedBy step: Step) -> Set<ServiceName> {
        if let service = step.operation.service { return [service] }
        if case .pullImage(let image) = step.operation, let waiting = pulls[image] { return waiting }
        var services: Set<ServiceName> = []
        var blocked: Set = [step.number]
        // A step comes after those that it waits for.
        for other in steps where !blocked.isDisjoint(with: other.after) {
            if let service = other.operation.service {
                services.insert(service)
            } else {
                blocked.insert(other.number)
            }
        }
        return services
    }
}
