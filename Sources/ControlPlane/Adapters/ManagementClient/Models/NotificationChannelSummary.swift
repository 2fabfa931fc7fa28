/// A channel of notifications, without what opens its target.
public struct NotificationChannelSummary: Codable, Sendable, Equatable {
    public var id: String
    public var name: String
    /// `email`, `slack`, `discord` or `webhook`.
    public var kind: String
    public var enabled: Bool
    /// What may be shown of where messages go.
    public var target: String
    public var projects: [String]?
    public var events: [String]?
    /// The least urgent that it takes.
    public var priority: String
    public var quietFrom: String?
    public var quietUntil: String?
    public var groupingSeconds: Int64
    public var failures: Int
    /// The secret of a webhook, in the answer to the request that made it.
    public var secret: String?

    enum CodingKeys: String, CodingKey {
        case id, name, kind, enabled, target, projects, events, priority, failures, secret
        case quietFrom = "quiet_from"
        case quietUntil = "quiet_until"
        case groupingSeconds = "grouping_seconds"
    }
}

/// What a user asks for about a channel; nil leaves it as it is.
public struct NotificationChannelOrder: Encodable, Sendable, Equatable {
    public var kind: String?
    public var name: String?
    public var enabled: Bool?
    public var projects: [String]?
    public var events: [String]?
    public var priority: String?
    public var quietFrom: String?
    public var quietUntil: String?
    public var groupingSeconds: Int64?
    public var url: String?
    public var rotateSecret: Bool?
    public var host: String?
    public var port: Int?
    public var user: String?
    public var password: String?
    public var sender: String?
    public var recipients: [String]?

    public init() {}

    enum CodingKeys: String, CodingKey {
        case kind, name, enabled, projects, events, priority, url, sender, recipients
        case quietFrom = "quiet_from"
        case quietUntil = "quiet_until"
        case groupingSeconds = "grouping_seconds"
        case rotateSecret = "rotate_secret"
        case host = "smtp_host"
        case port = "smtp_port"
        case user = "smtp_user"
        case password = "smtp_password"
    }
}

/// One message on its way to one channel.
public struct NotificationDeliverySummary: Codable, Sendable, Equatable {
    public var id: Int64
    public var messageID: String
    public var channelID: String
    /// `waiting`, `delivered` or `dead`.
    public var state: String
    public var event: String
    public var phase: String
    public var title: String
    public var attempts: Int
    /// What the sink said last.
    public var answer: String?
    public var createdAt: String

    enum CodingKeys: String, CodingKey {
        case id, state, event, phase, title, attempts, answer
        case messageID = "message_id"
        case channelID = "channel_id"
        case createdAt = "created_at"
    }
}
