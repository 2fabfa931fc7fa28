public import ProjectModel

/// What one pass does. Every way in which a pass can go is one case of ``Action``.
public struct Decision: Sendable, Equatable {
    /// What to do.
    public enum Action: Sendable, Equatable {
        /// Nothing is left of the project: its state is dropped.
        case forget
        /// A deleted project of which only kept volumes are left.
        case rest
        /// The engine holds objects of a project without a record. They are not changed; a change of them is logged.
        case leaveAlone(isNews: Bool)
        /// Another manager acts. This one only remembers what it has found.
        case standBy(Requeue)
        /// An end was found that another pass has to confirm: one list may be an old one.
        case confirm(Requeue)
        /// The status changes, and the next pass begins at once.
        case transition(TransitionDecision)
        /// The status stays. Nothing is called when the plan is empty.
        case carryOut(PlanDecision)
        /// The pass has failed; it is repeated after a while that grows from failure to failure.
        case fail(reason: String, report: TroubleReport?)
    }

    /// What to do.
    public var action: Action
    /// The judgement that ``action`` rests on; nil where nothing was judged.
    public var assessment: Assessment?

    public init(_ action: Action, _ assessment: Assessment? = nil) {
        self.action = action
        self.assessment = assessment
    }

    /// Whether all services run as they should: from then on the project's volumes hold data.
    public var marksData: Bool {
        switch action {
        case .transition, .carryOut: assessment?.event == .allReady
        case .forget, .rest, .leaveAlone, .standBy, .confirm, .fail: false
        }
    }

    var isStandby: Bool { if case .standBy = action { true } else { false } }
}

/// The change of the failure in a project's record.
public enum FailureChange: Sendable, Equatable {
    case keep
    case clear
    /// Another one, with the end of a container's log where one is to blame.
    case record(FailureReason, logOf: String? = nil)
}

/// A transition along the status machine.
public struct TransitionDecision: Sendable, Equatable {
    /// Status that the project has.
    public var from: ProjectStatus
    /// Status that it gets.
    public var to: ProjectStatus
    /// What has happened to it.
    public var event: ProjectLifecycle.Event
    /// Why, for the project's history.
    public var cause: String
    /// The change of the recorded failure.
    public var failure: FailureChange
    /// Whether a restart that was asked for is done.
    public var fulfilsRestart = false
    /// Whether the settings that a trial has replaced are put back; a restart of its own begins with that.
    public var restoresSettings = false
    /// Whether ports that the version in force does not need are given up.
    public var releasesUnusedPorts = false

    public init(
        from: ProjectStatus, to: ProjectStatus, event: ProjectLifecycle.Event, cause: String, failure: FailureChange
    ) {
        self.from = from
        self.to = to
        self.event = event
        self.cause = cause
        self.failure = failure
    }
}

/// Calls to the engine, and what is written down before.
public struct PlanDecision: Sendable, Equatable {
    /// The calls.
    public var plan: Plan
    /// A problem that blocks the project in its present status.
    public var report: TroubleReport?
    /// When the next pass is due if the plan is empty; after calls it follows from their outcomes.
    public var requeue: Requeue

    public init(_ plan: Plan, report: TroubleReport? = nil, requeue: Requeue) {
        self.plan = plan
        self.report = report
        self.requeue = requeue
    }
}

/// What is in a project's way, for its record: a status that hangs without a reason is a lie.
public struct TroubleReport: Sendable, Equatable {
    /// Status that the project gets, or keeps.
    public var status: ProjectStatus
    /// Why, for the project's history.
    public var cause: String
    /// The change of the recorded failure.
    public var failure: FailureChange

    public init(status: ProjectStatus, cause: String, failure: FailureChange) {
        self.status = status
        self.cause = cause
        self.failure = failure
    }
}
