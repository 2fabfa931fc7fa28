public import Orchestrator
public import ProjectModel

/// Storage of notifications. A notification belongs to an organization and a project; whether it was read, to an
/// account.
public protocol NotificationStore: Sendable {
    /// Notifications that an account sees, newest first.
    func notifications(
        _ query: NotificationQuery, for viewer: NotificationViewer
    ) async throws(StoreError) -> [NotificationEntry]
    /// How many of them are new to the viewer, and how urgent those are.
    func summary(for viewer: NotificationViewer) async throws(StoreError) -> NotificationSummary
    /// Notes what the viewer did with some, by identifier; gives those that they see, newest first. Others are left
    /// alone without a word.
    func mark(
        _ marks: [String: NotificationStatus], for viewer: NotificationViewer
    ) async throws(StoreError) -> [NotificationEntry]
    /// Archives everything that the viewer sees.
    func archiveAll(for viewer: NotificationViewer) async throws(StoreError)
    /// Does what ``NotificationStep`` decides about an event, in a transaction of its own. What happens to projects
    /// needs no call: the stores of projects do the same in the transaction of each event.
    func note(_ event: ProjectEvent, of project: ProjectRecord) async throws(StoreError)
}

public struct NotificationViewer: Sendable, Equatable {
    /// The account whose read marks count.
    public var account: String
    /// The projects that they see.
    public var visibility: ProjectQuery.Visibility

    public init(account: String, visibility: ProjectQuery.Visibility) {
        self.account = account
        self.visibility = visibility
    }
}

/// A filter of notifications; an absent part matches everything.
public struct NotificationQuery: Sendable, Equatable {
    /// Most rows that one answer holds.
    public static let limitMax = 100

    /// Most rows, 1 to ``limitMax``.
    public var limit: Int
    /// Rows left out at the beginning.
    public var offset: Int
    /// What the viewer has done with them.
    public var statuses: Set<NotificationStatus>?
    /// How urgent they are.
    public var priorities: Set<NotificationPriority>?
    /// Organizations that they stand in, by slug.
    public var organizations: Set<String>?
    /// Projects that they are about.
    public var refs: Set<ProjectRef>?

    /// A query; the latest hundred by default.
    public init(
        limit: Int = limitMax, offset: Int = 0, statuses: Set<NotificationStatus>? = nil,
        priorities: Set<NotificationPriority>? = nil, organizations: Set<String>? = nil, refs: Set<ProjectRef>? = nil
    ) {
        self.limit = limit
        self.offset = offset
        self.statuses = statuses
        self.priorities = priorities
        self.organizations = organizations
        self.refs = refs
    }
}

/// What the bell of the dashboard shows.
public struct NotificationSummary: Sendable, Equatable {
    /// Notifications that the viewer has not seen.
    public var unread: Int
    /// Whether one of them is critical.
    public var hasCritical: Bool
    /// Whether one of them is a warning.
    public var hasWarning: Bool

    public init(unread: Int, hasCritical: Bool, hasWarning: Bool) {
        self.unread = unread
        self.hasCritical = hasCritical
        self.hasWarning = hasWarning
    }
}
