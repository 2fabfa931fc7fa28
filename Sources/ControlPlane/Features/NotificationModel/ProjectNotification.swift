public import ProjectModel

/// Something that people should know about a project without having asked.
public struct ProjectNotification: Sendable, Equatable {
    /// Identifier, a UUID in lower case.
    public var id: String
    /// Organization in whose list it stands, by slug.
    public var organizationSlug: String
    /// The project that it is about.
    public var ref: ProjectRef
    /// What kind of thing happened, and how.
    public var draft: NotificationDraft
    /// When it happened.
    public var insertedAt: Timestamp

    public init(
        id: String, organizationSlug: String, ref: ProjectRef, draft: NotificationDraft, insertedAt: Timestamp
    ) {
        self.id = id
        self.organizationSlug = organizationSlug
        self.ref = ref
        self.draft = draft
        self.insertedAt = insertedAt
    }
}

/// A notification before it is stored: what it says.
public struct NotificationDraft: Sendable, Equatable {
    /// What kind of thing happened.
    public var kind: NotificationKind
    /// The title: one line.
    public var title: String
    /// More of it, in Markdown; never a secret.
    public var message: String

    public init(kind: NotificationKind, title: String, message: String) {
        self.kind = kind
        self.title = title
        self.message = message
    }
}

/// What notifications are about. The raw value is the `name` on the wire and in the database.
public enum NotificationKind: String, Sendable, CaseIterable {
    /// The first start failed for good.
    case startFailed = "project.start_failed"
    /// A service that must run does not.
    case unhealthy = "project.unhealthy"
    /// Pausing or deleting does not get on.
    case stuck = "project.stuck"
    /// The problem is over.
    case recovered = "project.recovered"

    /// How urgent it is.
    public var priority: NotificationPriority {
        switch self {
        case .startFailed: .critical
        case .unhealthy, .stuck: .warning
        case .recovered: .info
        }
    }

    /// Whether it says that something is wrong.
    public var isProblem: Bool { self != .recovered }
}

/// How urgent a notification is, in Studio's words.
public enum NotificationPriority: String, Sendable, CaseIterable {
    case critical = "Critical"
    case warning = "Warning"
    case info = "Info"

    /// The kinds that have this priority.
    public var kinds: [NotificationKind] { NotificationKind.allCases.filter { $0.priority == self } }
}

/// What one account has done with a notification.
public enum NotificationStatus: String, Sendable, CaseIterable {
    /// Nothing yet.
    case new
    case seen
    /// Put it away.
    case archived
}

/// A notification with its state for one account.
public struct NotificationEntry: Sendable, Equatable {
    public var notification: ProjectNotification
    /// What the account has done with it.
    public var status: NotificationStatus

    public init(notification: ProjectNotification, status: NotificationStatus) {
        self.notification = notification
        self.status = status
    }
}
