public import ProjectModel

/// A way out of the manager on which an organization wants to hear about its projects.
public struct NotificationChannel: Sendable, Equatable {
    /// Channels of an organization at most.
    public static let countMax = 20
    /// Unicode scalars of a name at most.
    public static let nameLengthMax = 100
    /// Projects that a channel can be narrowed to.
    public static let projectsMax = 100
    /// The longest time for which messages are grouped.
    public static let groupingMax: Duration = .seconds(3_600)

    /// Identifier, a UUID in lower case.
    public var id: String
    /// The organization that it belongs to, by slug.
    public var organizationSlug: String
    public var name: String
    public var kind: ChannelKind
    /// Whether messages go out. What waits stays until they do again.
    public var isEnabled: Bool
    /// Which alerts it takes.
    public var filter: ChannelFilter
    /// When it keeps what can wait.
    public var quietTime: QuietTime?
    /// How long the first message about a project waits for others, which then come with it. Zero: not at all.
    public var grouping: Duration
    /// Where messages go, and with which secrets; sealed for this channel.
    public var sealedTarget: [UInt8]
    /// What may be shown of the target: a host, addresses of mail; never a secret.
    public var targetShown: String
    public var createdAt: Timestamp
    public var updatedAt: Timestamp
    /// Attempts in a row that found the sink not answering, or not able to.
    public var failures = 0
    /// Until when the sink is left alone.
    public var retryAt: Timestamp?

    public init(
        id: String, organizationSlug: String, name: String, kind: ChannelKind, isEnabled: Bool = true,
        filter: ChannelFilter = ChannelFilter(), quietTime: QuietTime? = nil, grouping: Duration = .zero,
        sealedTarget: [UInt8], targetShown: String, createdAt: Timestamp, updatedAt: Timestamp
    ) {
        self.id = id
        self.organizationSlug = organizationSlug
        self.name = name
        self.kind = kind
        self.isEnabled = isEnabled
        self.filter = filter
        self.quietTime = quietTime
        self.grouping = grouping
        self.sealedTarget = sealedTarget
        self.targetShown = targetShown
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}

/// What kind of sink a channel leads to. The raw value is stored, and the word on the wire.
public enum ChannelKind: String, Sendable, CaseIterable {
    case email, slack, discord, webhook
}

/// Which alerts a channel takes; an absent part takes all.
public struct ChannelFilter: Sendable, Equatable {
    /// Projects. A channel that names some takes nothing that is about no project.
    public var refs: Set<ProjectRef>?
    public var rules: Set<AlertRule>?
    /// The least urgent one.
    public var priority: NotificationPriority

    public init(
        refs: Set<ProjectRef>? = nil, rules: Set<AlertRule>? = nil, priority: NotificationPriority = .info
    ) {
        self.refs = refs
        self.rules = rules
        self.priority = priority
    }

    /// Whether it takes an alert. The end of a problem is as urgent as the problem was: who heard of one hears of both.
    public func takes(_ alert: Alert) -> Bool {
        if alert.rule == .test { return false }
        if let rules, !rules.contains(alert.rule) { return false }
        if let refs {
            guard let ref = alert.subject.ref, refs.contains(ref) else { return false }
        }
        return alert.rule.priority.urgency >= priority.urgency
    }
}

extension NotificationPriority {
    /// Grows with urgency.
    public var urgency: Int {
        switch self {
        case .info: 0
        case .warning: 1
        case .critical: 2
        }
    }
}

/// A span of each day, in UTC, in which a channel keeps what is not critical until the end of the span.
public struct QuietTime: Sendable, Equatable {
    /// Minutes of a day.
    public static let minutes = 24 * 60

    /// First minute of the day that belongs to it.
    public let from: Int
    /// First minute that no longer does. Before ``from``: it is over on the next day.
    public let until: Int

    /// Nil for minutes that no day has, and for a span without an end or a length.
    public init?(from: Int, until: Int) {
        guard (0..<Self.minutes).contains(from), (0..<Self.minutes).contains(until), from != until else { return nil }
        self.from = from
        self.until = until
    }

    /// The end of the quiet time that a moment lies in; nil outside of it.
    public func end(at time: Timestamp) -> Timestamp? {
        let day: Int64 = 86_400_000
        let rest = time.milliseconds % day
        let inDay = rest < 0 ? rest + day : rest
        let minute = Int(inDay / 60_000)
        let isQuiet = from < until ? (from..<until).contains(minute) : minute >= from || minute < until
        guard isQuiet else { return nil }
        let left = (until - minute + Self.minutes) % Self.minutes
        return time + .milliseconds(Int64(left) * 60_000 - inDay % 60_000)
    }
}
