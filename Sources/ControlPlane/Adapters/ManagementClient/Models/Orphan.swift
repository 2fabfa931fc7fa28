/// An object of the installation on the engine that belongs to no project.
public struct Orphan: Codable, Sendable, Equatable {
    /// Number that it is asked for by.
    public var id: Int64
    /// `container`, `network` or `volume`.
    public var kind: String
    /// The engine's id; of a volume its name.
    public var engineID: String
    public var name: String
    public var projectLabel: String
    /// When it was first seen, in RFC 3339.
    public var firstSeen: String
    /// End of its grace period, in RFC 3339.
    public var graceUntil: String
    /// `reported` or `removing`.
    public var state: String
    /// Why the engine refused to remove it.
    public var refusal: String?

    enum CodingKeys: String, CodingKey {
        case id, kind, name, state, refusal
        case engineID = "engine_id"
        case projectLabel = "project_label"
        case firstSeen = "first_seen"
        case graceUntil = "grace_until"
    }
}
