public import ProjectModel
public import Reconciler

/// One request to a project, from the request to its end.
public struct ProjectOperation: Sendable, Equatable {
    /// UUID in lower case.
    public var id: String
    public var ref: ProjectRef
    /// What was asked for.
    public var kind: ProjectOperationKind
    /// How far it has come.
    public var state: ProjectOperationState
    /// The requester's e-mail address.
    public var requestedBy: String
    /// When it was asked for: written down before anything was done.
    public var requestedAt: Timestamp
    /// How it goes, as the active manager noted it last.
    public var progress: OperationProgress
    /// When it ended.
    public var finishedAt: Timestamp?
    /// Why it ended as it did.
    public var result: String?

    public init(
        id: String, ref: ProjectRef, kind: ProjectOperationKind, state: ProjectOperationState, requestedBy: String,
        requestedAt: Timestamp, progress: OperationProgress, finishedAt: Timestamp? = nil, result: String? = nil
    ) {
        self.id = id
        self.ref = ref
        self.kind = kind
        self.state = state
        self.requestedBy = requestedBy
        self.requestedAt = requestedAt
        self.progress = progress
        self.finishedAt = finishedAt
        self.result = result
    }

    /// Whether it is in progress past its deadline.
    public func isOverdue(at time: Timestamp) -> Bool { state.isOpen && time >= progress.deadline }
}

/// How an operation goes.
public struct OperationProgress: Sendable, Equatable {
    /// Plans carried out for it so far.
    public var attempts: Int
    /// The deadline: a failure by then ends it; after that it is overdue.
    public var deadline: Timestamp
    /// What it waits for: one sentence.
    public var waitingFor: String?
    /// The service that it waits for.
    public var service: ServiceName?
    /// The call to the engine that was made last.
    public var lastCall: String?
    /// What went wrong last, without secrets; nil once something went right.
    public var lastError: String?
    /// When it is tried again after ``lastError``.
    public var nextRetryAt: Timestamp?

    public init(
        attempts: Int = 0, deadline: Timestamp, waitingFor: String? = nil, service: ServiceName? = nil,
        lastCall: String? = nil, lastError: String? = nil, nextRetryAt: Timestamp? = nil
    ) {
        self.attempts = attempts
        self.deadline = deadline
        self.waitingFor = waitingFor
        self.service = service
        self.lastCall = lastCall
        self.lastError = lastError
        self.nextRetryAt = nextRetryAt
    }
}

/// An operation that begins with a status change.
public struct NewOperation: Sendable, Equatable {
    /// UUID in lower case.
    public var id: String
    /// What is asked for.
    public var kind: ProjectOperationKind
    /// The requester.
    public var requestedBy: String

    /// An operation under a new id.
    public init(_ kind: ProjectOperationKind, requestedBy: String) {
        id = RandomIdentifier.uuid()
        self.kind = kind
        self.requestedBy = requestedBy
    }

    /// The operation at its beginning.
    public func begun(of ref: ProjectRef, at time: Timestamp) -> ProjectOperation {
        ProjectOperation(
            id: id, ref: ref, kind: kind, state: .pending, requestedBy: requestedBy, requestedAt: time,
            progress: OperationProgress(deadline: time + kind.deadline))
    }
}

extension StatusTransition {
    /// False when it cancels another operation than the one in progress.
    public func isOf(_ open: ProjectOperation?) -> Bool { cancels == nil || cancels == open?.id }

    /// What the transition does to the operation in progress: it ends, for a reason, or not. Stores do this in the
    /// transaction of the transition.
    public func end(of kind: ProjectOperationKind) -> (state: ProjectOperationState, result: String)? {
        if cancels != nil { return (.cancelled, cause) }
        if kind == .upgrade, from == .reverting, to == .active { return (.failed, cause) }
        if kind == .restore, from == .restoring, failure != nil { return (.failed, cause) }
        if restoresSettings, kind == .settingsChange { return (.failed, cause) }
        if let opens { return (.superseded, "\(opens.kind.rawValue) was asked for") }
        return ProjectOperationRules.end(of: kind, at: to).map { ($0, failure?.message ?? cause) }
    }
}
