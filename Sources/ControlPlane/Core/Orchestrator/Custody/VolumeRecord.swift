public import ProjectModel
import Reconciler

/// A volume's record: its owner, and the mark that distinguishes it from another one of the same name.
public struct VolumeRecord: Sendable, Equatable {
    /// Name on the engine.
    public var name: String
    /// Project whose label it has; labels of a volume never change.
    public var owner: ProjectRef
    /// Project that uses it, or used it last: its secrets open what is inside.
    public var ref: ProjectRef
    /// Key in the Compose file.
    public var composeName: String
    /// Mark that it was created with; nil for a volume from before there were marks, which is known by its name alone.
    public var identity: String?
    /// When it was created, by the engine. Informational: a restored disk changes it.
    public var createdAt: Timestamp?
    /// Whether a database has been initialised in the project that uses it: from then on it is never recreated.
    public var holdsData: Bool
    /// Major version of the PostgreSQL that wrote it; nil when no database does.
    public var postgresMajor: Int?
    /// Since when it is kept without a project; nil while one uses it.
    public var keptAt: Timestamp?
    /// When its destruction was requested.
    public var destructionRequestedAt: Timestamp?
    /// Which generation of the project's volume it is: 0 for the one that the template names, higher ones were made by
    /// restores.
    public var generation = 0
    /// Since when another generation is used instead; nil for the one that is in use.
    public var setAsideAt: Timestamp?

    public init(
        name: String, owner: ProjectRef, ref: ProjectRef, composeName: String, identity: String? = nil,
        createdAt: Timestamp? = nil, holdsData: Bool = false, postgresMajor: Int? = nil, keptAt: Timestamp? = nil,
        destructionRequestedAt: Timestamp? = nil
    ) {
        self.name = name
        self.owner = owner
        self.ref = ref
        self.composeName = composeName
        self.identity = identity
        self.createdAt = createdAt
        self.holdsData = holdsData
        self.postgresMajor = postgresMajor
        self.keptAt = keptAt
        self.destructionRequestedAt = destructionRequestedAt
    }

    /// A volume of a project as the engine lists it.
    init(_ volume: ObservedVolume, of ref: ProjectRef) {
        self.init(
            name: volume.name, owner: ref, ref: ref, composeName: volume.composeName ?? volume.name,
            identity: volume.identity, createdAt: volume.createdAt)
    }

    /// Whether a project's containers mount it under this name, which is not that of the template.
    var isMountedByName: Bool { setAsideAt == nil && (isAttached || generation > 0) }

    /// Whether it belongs to another project's label than that which uses it.
    public var isAttached: Bool { owner != ref }
}
