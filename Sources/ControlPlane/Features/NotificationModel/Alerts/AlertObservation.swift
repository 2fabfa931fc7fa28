public import Orchestrator
public import ProjectModel

/// What the rules look at.
public struct AlertObservation: Sendable, Equatable {
    public var states: [AlertState] = []
    /// Projects that are not well, and those that states are about. One that is missing was deleted.
    public var projects: [WatchedProject] = []
    /// Backups of all projects that have any, or a schedule; nil when they were not looked at.
    public var backups: [ObservedBackups]?
    /// Sign-ins of the last while that were not judged.
    public var signIns: [ObservedSignIn] = []
    /// How the present term began.
    public var takeover: ObservedTakeover?

    public init() {}
}

/// A project and how it is.
public struct WatchedProject: Sendable, Equatable {
    public var subject: AlertSubject
    public var status: ProjectStatus
    /// What is wrong, redacted.
    public var failure: ProjectFailure?

    public init(subject: AlertSubject, status: ProjectStatus, failure: ProjectFailure? = nil) {
        self.subject = subject
        self.status = status
        self.failure = failure
    }
}

/// The backups of a project, as far as rules need them.
public struct ObservedBackups: Sendable, Equatable {
    public var subject: AlertSubject
    /// Why the latest one is of no use; nil when it is, or there is none.
    public var latestFailure: String?
    /// When the newest one in the store was taken.
    public var newestTakenAt: Timestamp?
    /// When the oldest one that waits for its trial was taken.
    public var unverifiedSince: Timestamp?
    /// Since when the project is backed up every day; nil when it is not.
    public var scheduledSince: Timestamp?

    public init(subject: AlertSubject) { self.subject = subject }
}

public struct ObservedSignIn: Sendable, Equatable {
    /// The audit trail that has it, and its number there.
    public var scope: String
    public var number: Int64
    public var email: String
    /// The account's organizations, by slug.
    public var organizations: [String]
    public var address: String
    /// Addresses of the account's earlier sign-ins; none for the first one.
    public var earlier: [String]
    public var at: Timestamp

    public init(
        scope: String, number: Int64, email: String, organizations: [String], address: String, earlier: [String],
        at: Timestamp
    ) {
        self.scope = scope
        self.number = number
        self.email = email
        self.organizations = organizations
        self.address = address
        self.earlier = earlier
        self.at = at
    }
}

/// A lease that was not given back.
public struct ObservedTakeover: Sendable, Equatable {
    /// The term that began with it.
    public var term: Int64
    /// Address of the manager that had the lease before, and of the one that has it.
    public var from: String
    public var to: String

    public init(term: Int64, from: String, to: String) {
        self.term = term
        self.from = from
        self.to = to
    }
}

/// Figures of the host; what could not be measured is nil.
public struct ObservedHost: Sendable, Equatable {
    public var name: String
    public var diskFreeBytes: UInt64?
    public var diskBytes: UInt64?
    public var memoryFreeBytes: UInt64?
    public var memoryBytes: UInt64?

    public init(name: String) { self.name = name }
}
