public import ProjectModel

/// One line of a project's history: a sentence for users, and the same as facts for programs.
public struct ProjectEvent: Sendable, Equatable {
    /// Events that are kept of each project; older ones go.
    public static let keptMax = 1_000

    /// When it happened.
    public var at: Timestamp
    /// Status after it.
    public var status: ProjectStatus
    /// What happened and why.
    public var cause: String
    /// What it is about.
    public var kind: ProjectEventKind
    /// What is known about it.
    public var facts: EventFacts

    /// An event. Facts are brought to their bounds.
    public init(
        at: Timestamp, status: ProjectStatus, cause: String, kind: ProjectEventKind = .unknown,
        facts: EventFacts = EventFacts()
    ) {
        self.at = at
        self.status = status
        self.cause = cause
        self.kind = kind
        self.facts = facts.bounded
    }
}

/// What an event is about. The raw value is the `kind` on the wire and in the database.
public enum ProjectEventKind: String, Sendable, CaseIterable {
    /// Not recorded: the event is from before events had facts.
    case unknown
    /// The project was created.
    case created
    case statusChanged = "status_changed"
    /// Something was recorded about a project that keeps its status; what is in the way, as a rule.
    case stateNoted = "state_noted"
    /// The manager restarted services.
    case servicesRestarted = "services_restarted"
    /// The manager pulled an image.
    case imagePulled = "image_pulled"
    /// The database is being copied.
    case backupBegun = "backup_begun"
    /// A copy is in the store.
    case backupFinished = "backup_finished"
    /// A copy was not made, or cannot be relied on.
    case backupFailed = "backup_failed"
    /// A copy was restored for a trial.
    case backupVerified = "backup_verified"

    /// Whether it comes with a ``StatusTransition``.
    public var isOfTransition: Bool { self == .statusChanged || self == .stateNoted }
}

extension NewProject {
    /// The first event of the project, which is stored with it.
    public func event(opening operation: NewOperation) -> ProjectEvent {
        var facts = EventFacts()
        facts.statusAfter = .provisioning
        facts.operation = operation.id
        facts.actor = operation.requestedBy.isEmpty ? nil : operation.requestedBy
        facts.templateAfter = template
        return ProjectEvent(at: at, status: .provisioning, cause: "on request", kind: .created, facts: facts)
    }
}
