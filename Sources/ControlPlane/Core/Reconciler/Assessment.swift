public import ProjectModel

/// All that the judgement of a project rests on.
public struct AssessmentInput: Sendable, Equatable {
    /// The project's status.
    public var status: ProjectStatus
    /// Since when the deadline of the status counts: the change itself, or the time from which this manager has been
    /// watching without a break.
    public var statusSince: Timestamp
    /// The desired stack; nil when the goal needs no template.
    public var desired: DesiredStack?
    public var observed: ObservedStack
    /// Services that must not run, and why; see ``DataVerdict``.
    public var refusals: [ServiceName: String]
    /// Probe tallies.
    public var health: [ServiceName: ServiceHealth]
    /// Starts made so far.
    public var backoffs: [ServiceName: RestartBackoff]
    /// Calls that failed in a row, and what the engine said.
    public var callFailures: [ServiceName: CallFailures]
    /// Removals of networks that the engine refused in a row.
    public var networkRefusals: NetworkRefusals
    /// Containers started before this time are restarted.
    public var restartRequestedAt: Timestamp?
    /// Services that ``restartRequestedAt`` is about; nil for all.
    public var restartServices: Set<ServiceName>?
    public var now: Timestamp

    public init(
        status: ProjectStatus, statusSince: Timestamp, desired: DesiredStack?, observed: ObservedStack,
        refusals: [ServiceName: String] = [:], health: [ServiceName: ServiceHealth] = [:],
        backoffs: [ServiceName: RestartBackoff] = [:],
        callFailures: [ServiceName: CallFailures] = [:], networkRefusals: NetworkRefusals = NetworkRefusals(),
        restartRequestedAt: Timestamp? = nil, restartServices: Set<ServiceName>? = nil, now: Timestamp
    ) {
        self.status = status
        self.statusSince = statusSince
        self.desired = desired
        self.observed = observed
        self.refusals = refusals
        self.health = health
        self.backoffs = backoffs
        self.callFailures = callFailures
        self.networkRefusals = networkRefusals
        self.restartRequestedAt = restartRequestedAt
        self.restartServices = restartServices
        self.now = now
    }
}

/// Calls for one service that the engine refused in a row.
public struct CallFailures: Sendable, Equatable {
    /// Refusals in a row after which a start counts as failed.
    public static let countUntilFailed = 4

    /// Pulls of an image in a row that may fail: a registry has its moments, and the waits between tries double.
    public static let pullsUntilFailed = 8

    /// How many.
    public var count: Int
    /// How many make a start fail.
    public var countMax: Int
    /// The engine's last error.
    public var message: String

    public init(count: Int, countMax: Int = countUntilFailed, message: String) {
        self.count = count
        self.countMax = countMax
        self.message = message
    }
}

/// The judgement of one project.
public struct Assessment: Sendable, Equatable {
    public enum ServiceState: Sendable, Equatable {
        case ready
        /// Runs, and this manager does not know yet whether it answers; with the reason.
        case unknown(String)
        /// Starting, with the present step.
        case comingUp(String)
        /// Should answer and does not, with what is wrong.
        case failing(String)

        /// Whether it answers.
        public var isReady: Bool { self == .ready }
    }

    /// Why a start has failed.
    public struct StartFailure: Sendable, Equatable {
        /// The service to blame.
        public var service: ServiceName
        /// What happened.
        public var message: String
    }

    /// Longest time from the beginning of a start to its end.
    public static let startDeadline: Duration = .seconds(900)

    /// Longest time from the beginning of an upgrade to its end. Services are replaced one after the other, and each
    /// has its own deadline besides.
    public static let upgradeDeadline: Duration = .seconds(3_600)

    /// States of all services of the stack.
    public var services: [ServiceName: ServiceState] = [:]
    /// Services not to be started yet, and why.
    public var backingOff: [ServiceName: String] = [:]
    /// Running services to be restarted, and why.
    public var unresponsive: [ServiceName: String] = [:]
    /// Whether any container, required or not, is still to be restarted on request.
    public var isRestartOutstanding = false
    /// The event for the status.
    public var event: ProjectLifecycle.Event?
    /// The reason of the assessment, as users read it.
    public var cause = ""
    /// The required service that is not ready, when one is to blame.
    public var blocker: ServiceName?
    /// Set when ``event`` is ``ProjectLifecycle/Event/startFailed``, and when a service must not run.
    public var failure: StartFailure?
    /// When time alone will change the picture.
    public var requeueAt: Timestamp?

    /// Services that answer.
    public var ready: Set<ServiceName> { Set(services.filter(\.value.isReady).keys) }
}

/// Judges a project. Pure.
public func assess(_ input: AssessmentInput) -> Assessment {
    switch input.status.goal {
    case .absent: return assessAbsent(input)
    case .stopped:
        var assessment = Assessment()
        if !input.observed.containers.contains(where: \.state.isUp) {
            assessment.event = .allStopped
            assessment.cause = "no container runs"
        }
        return assessment
    case .running:
        guard let desired = input.desired else { return Assessment() }
        return RunningAssessor(input, desired).assess()
    }
}

/// A project is gone when no object of it is left, or only networks that the engine cannot remove.
private func assessAbsent(_ input: AssessmentInput) -> Assessment {
    let observed = input.observed
    let refusals = input.networkRefusals
    guard observed.containers.isEmpty, observed.volumes.isEmpty,
        observed.networks.allSatisfy({ refusals.isGivenUp($0.id) })
    else { return Assessment() }
    var assessment = Assessment()
    assessment.event = .nothingLeft
    assessment.cause = "no object of the project is left on the engine"
    let names = observed.networks.map(\.name).sorted()
    if !names.isEmpty {
        assessment.cause +=
            " but the network \(names.joined(separator: ", ")), which the engine cannot remove. "
            + names.map(NetworkRefusals.advice(network:)).joined(separator: ". ")
    }
    return assessment
}
