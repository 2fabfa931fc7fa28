public import ProjectModel

/// Storage of projects. Every method is one transaction.
public protocol ProjectStore: Sendable {
    /// What was asked of these projects.
    var operations: any ProjectOperationStore { get }
    /// Stores a new project with its leases and sealed secrets; all or nothing. Its organization must exist, and cannot
    /// be deleted before the project is stored. The organization's projects are counted in the same transaction, one
    /// creation after the other: all but deleted ones count.
    func insert(_ project: NewProject) async throws(StoreError) -> ProjectRecord
    /// The record of a project, tombstones included.
    func project(_ ref: ProjectRef) async throws(StoreError) -> ProjectRecord?
    /// Projects that are not deleted.
    func projects(_ query: ProjectQuery) async throws(StoreError) -> ProjectPage
    /// Outlines of all projects that are not deleted: enough to detect changes.
    func outlines() async throws(StoreError) -> [ProjectRef: RecordOutline]
    func secrets(of ref: ProjectRef) async throws(StoreError) -> SealedSecrets
    /// The sealed configuration of a project.
    func configuration(of ref: ProjectRef) async throws(StoreError) -> StoredConfiguration
    /// Changes the configuration and raises its revision; with ``ConfigurationChange/trial`` the status, too. False,
    /// and nothing is changed, when the revision is not the one that the change was made from, the project is deleted
    /// or about to be, or it is not ACTIVE and the change is to be tried.
    func change(_ ref: ProjectRef, _ change: ConfigurationChange) async throws(StoreError) -> Bool
    /// Gives a project another name, which must be free in its organization.
    func rename(_ ref: ProjectRef, to name: ProjectName, at time: Timestamp) async throws(StoreError)
    /// Pins a project that is pinned to none to a template version, which must be stored; false when it is pinned, or
    /// deleted.
    func pin(_ ref: ProjectRef, to template: TemplateDigest, at time: Timestamp) async throws(StoreError) -> Bool
    /// Changes the status if it still is `from`, and records the change; false when it is not. Its event
    /// (``StatusTransition/event(of:during:)``) is written in the same transaction, and so is what the consumers of
    /// events make of it: when one of them fails, nothing is changed.
    func transition(_ ref: ProjectRef, _ transition: StatusTransition) async throws(StoreError) -> Bool
    /// Everything that is leased or in quarantine at `time`.
    func leases(at time: Timestamp) async throws(StoreError) -> TakenLeases
    /// Gives a project another port for one variable; the old one goes into quarantine.
    func replacePort(_ variable: String, of ref: ProjectRef, with port: UInt16, at time: Timestamp)
        async throws(StoreError)
    /// Gives a project another subnet; the old one goes into quarantine.
    func replaceSubnet(of ref: ProjectRef, with subnet: IPv4Network, at time: Timestamp) async throws(StoreError)
    /// Adds events to the history of a project without a transition, in their order, and in one transaction with what
    /// the consumers of events make of them. No effect when there is no record.
    func note(_ events: [ProjectEvent], of ref: ProjectRef) async throws(StoreError)
    /// The latest events of a project, newest first; ``ProjectEvent/keptMax`` are kept.
    func events(of ref: ProjectRef, limit: Int) async throws(StoreError) -> [ProjectEvent]
    /// Whether the database answers; throws what is wrong.
    func ping() async throws(StoreError)
}

/// Why the store failed.
public enum StoreError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The database could not be reached in time.
    case unavailable(String)
    /// Another project of the organization has the name.
    case nameTaken(String)
    /// Another project took a port, the subnet or the ref first: choose again.
    case leaseTaken
    /// There is no such project.
    case notFound(ProjectRef)
    /// The writer's lease is over: another manager acts, or will.
    case fenced
    /// The organization was deleted before the project could be stored.
    case organizationGone(String)
    /// The organization has as many projects as it may have.
    case organizationFull(String, limit: Int)
    /// The disk under the database is full: nothing can be written until there is room.
    case full
    /// The database refused; the text is its message, never a value.
    case refused(String)

    /// The message: one sentence.
    public var description: String {
        switch self {
        case .unavailable(let reason): "the database does not answer: \(reason)"
        case .nameTaken(let name): "a project named \"\(name)\" exists already in this organization"
        case .leaseTaken: "a port or subnet was leased by another project at the same moment"
        case .notFound(let ref): "there is no project \(ref)"
        case .fenced: "\(NotActiveManager())"
        case .organizationGone(let slug):
            "the organization \"\(slug)\" is gone: create the project in another one"
        case .organizationFull(let slug, let limit):
            "the organization \"\(slug)\" has reached its limit of \(limit) projects: delete one, or ask the operator for a "
                + "higher limit"
        case .full: "the disk under the manager's database is full: make room on it"
        case .refused(let message): "the database refused: \(message)"
        }
    }
}

/// A status change to record.
public struct StatusTransition: Sendable, Equatable {
    /// Status that the project must have now.
    public var from: ProjectStatus
    /// Status that it gets.
    public var to: ProjectStatus
    /// The cause, for users and for the event log.
    public var cause: String
    /// What failed, when something did; nil clears what was recorded before.
    public var failure: ProjectFailure?
    /// Containers started before ``at`` are restarted.
    public var requestsRestart: Bool
    /// The services that ``requestsRestart`` is about; nil for all.
    public var restartServices: [ServiceName]?
    /// Whether what ``requestsRestart`` asked for is done: that time is no longer compared, even if clocks change.
    public var fulfilsRestart = false
    /// The template version that the project is pinned to from now on; nil keeps it. A deleted project is pinned to
    /// none.
    public var template: TemplateDigest?
    /// What the project is on its way to from now on, for a transition to UPGRADING.
    public var upgrade: ProjectUpgrade?
    /// Sealed secrets to add.
    public var secrets: [String: [UInt8]] = [:]
    /// Whether the settings that a trial has replaced are put back, as a further change of the configuration. Without
    /// it any transition from RESTARTING forgets them.
    public var restoresSettings = false
    /// What happens to the ports and the subnet in the same transaction.
    public var leases: LeaseChange
    /// The operation that begins with the transition; one in progress is given up for it.
    public var opens: NewOperation?
    /// The operation that is cancelled with it: the transition is not made when another one, or none, is in progress.
    public var cancels: String?
    /// The requester's e-mail address, for a request that opens no operation of its own.
    public var requester: String?
    /// When.
    public var at: Timestamp

    /// What happens to the leases of a project.
    public enum LeaseChange: Sendable, Equatable {
        case keep
        /// Ports and subnet go into quarantine; sealed secrets stay.
        case release
        /// Ports and subnet go into quarantine; everything sealed is destroyed.
        case releaseAndForgetSecrets
        /// New ones for a project that had released them.
        case acquire(Leases)
        /// More ports for a project that has some.
        case extend([String: UInt16])
        /// The ports of other variables than these go into quarantine.
        case keepPorts(Set<String>)
    }

    /// A change of status.
    public init(
        from: ProjectStatus, to: ProjectStatus, cause: String, failure: ProjectFailure? = nil,
        requestsRestart: Bool = false, restartServices: [ServiceName]? = nil, leases: LeaseChange = .keep,
        opens: NewOperation? = nil, cancels: String? = nil, at: Timestamp
    ) {
        self.from = from
        self.to = to
        self.cause = cause
        self.failure = failure
        self.requestsRestart = requestsRestart
        self.restartServices = restartServices
        self.leases = leases
        self.opens = opens
        self.cancels = cancels
        self.at = at
    }
}
