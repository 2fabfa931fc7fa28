public import ProjectModel

/// A message as a sink gets it: one alert, or several about the same project.
public struct AlertMessage: Sendable, Equatable {
    /// The same at every attempt.
    public var id: String
    /// Address of the manager that sends it.
    public var installation: String
    public var organizationSlug: String
    /// In the order in which they happened; at least one.
    public var alerts: [Alert]
    /// When this attempt began.
    public var sentAt: Timestamp

    public init(
        id: String, installation: String, organizationSlug: String, alerts: [Alert], sentAt: Timestamp
    ) {
        self.id = id
        self.installation = installation
        self.organizationSlug = organizationSlug
        self.alerts = alerts
        self.sentAt = sentAt
    }

    /// The first title, and how many more there are.
    public var title: String {
        let first = alerts.first?.title ?? ""
        return alerts.count > 1 ? "\(first) (and \(alerts.count - 1) more)" : first
    }

    /// The page of what it is about.
    public var link: String {
        let path = alerts.first?.subject.ref.map { "projects/\($0)" } ?? "organizations/\(organizationSlug)"
        return "\(installation)/dashboard/\(path)"
    }

    /// The most urgent priority of its problems; that of information when all are over.
    public var priority: NotificationPriority {
        alerts.filter { $0.phase != .resolved }.map(\.rule.priority).max { $0.urgency < $1.urgency } ?? .info
    }
}

/// Sends one message to one target, once.
public protocol AlertSender: Sendable {
    /// Bounds its own time; cancelled, it ends at once where its technology can.
    func send(_ message: AlertMessage, to target: ChannelTarget) async -> SendOutcome
}
