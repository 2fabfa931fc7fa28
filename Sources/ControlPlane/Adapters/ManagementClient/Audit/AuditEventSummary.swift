/// An entry of an audit trail, as people read it.
public struct AuditEventSummary: Codable, Sendable, Equatable {
    /// What was done.
    public struct Action: Codable, Sendable, Equatable {
        public var name: String
        /// Status of the answer.
        public var status: Int
    }

    /// Who did it.
    public struct Actor: Codable, Sendable, Equatable {
        public var email: String
        public var ip: String
    }

    /// What it was done to.
    public struct Target: Codable, Sendable, Equatable {
        public var description: String
    }

    /// Position in the trail, from 1.
    public var number: Int64
    /// In RFC 3339.
    public var occurredAt: String
    public var action: Action
    public var actor: Actor
    public var target: Target
    public var projectRef: String?

    enum CodingKeys: String, CodingKey {
        case number, action, actor, target
        case occurredAt = "occurred_at"
        case projectRef = "project_ref"
    }
}
