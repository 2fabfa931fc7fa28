/// What a deletion destroyed and kept.
public struct DeletionReceipt: Codable, Sendable, Equatable {
    /// The project.
    public var ref: String
    public var name: String
    /// Its status, in the API's words.
    public var status: String
    /// Whether its volumes go too.
    public var destroysVolumes: Bool
    /// When the deletion was asked for, in RFC 3339.
    public var requestedAt: String
    /// When nothing was left to remove, in RFC 3339.
    public var endedAt: String?
    /// Destroyed objects.
    public var destroyed: [Item]
    /// Kept objects.
    public var kept: [Item]
    /// Remaining objects, with the reason.
    public var remaining: [Item]

    /// One object of the engine.
    public struct Item: Codable, Sendable, Equatable {
        /// `container`, `network` or `volume`.
        public var kind: String
        /// The engine's id; of a volume its name.
        public var id: String
        public var name: String
        /// Since when it is so, in RFC 3339.
        public var at: String
        /// Why it is kept or remains.
        public var reason: String?
    }

    enum CodingKeys: String, CodingKey {
        case ref, name, status, destroyed, kept, remaining
        case destroysVolumes = "destroys_volumes"
        case requestedAt = "requested_at"
        case endedAt = "ended_at"
    }
}

/// A volume that is kept of a deleted project.
public struct KeptVolume: Codable, Sendable, Equatable {
    /// Its name on the engine.
    public var name: String
    /// The project that used it last.
    public var projectRef: String
    /// That project's name.
    public var projectName: String
    /// Since when it is kept, in RFC 3339.
    public var keptAt: String?
    /// Major version of the PostgreSQL that wrote it.
    public var postgresMajor: Int?
    /// Whether it is about to be destroyed.
    public var isBeingDestroyed: Bool

    enum CodingKeys: String, CodingKey {
        case name
        case projectRef = "project_ref"
        case projectName = "project_name"
        case keptAt = "kept_at"
        case postgresMajor = "postgres_major"
        case isBeingDestroyed = "is_being_destroyed"
    }
}
