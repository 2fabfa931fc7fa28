public import BackupModel
public import ProjectModel

/// A restore of a project's database into a new generation of its volume, or the way back to a previous one. The row is
/// what the work rests on: a manager that continues it reads what is done.
public struct ProjectRestore: Sendable, Equatable {
    public var id: Int64
    public var ref: ProjectRef
    public var source: RestoreSource
    public var state: RestoreState
    /// Name of the volume on the engine that is to be used; nil until it is chosen.
    public var volume: String?
    /// The requester's e-mail address.
    public var requestedBy: String?
    public var insertedAt: Timestamp
    public var endedAt: Timestamp?
    /// Why it failed.
    public var failure: String?

    public init(
        id: Int64, ref: ProjectRef, source: RestoreSource, state: RestoreState = .preparing, volume: String? = nil,
        requestedBy: String? = nil, insertedAt: Timestamp, endedAt: Timestamp? = nil, failure: String? = nil
    ) {
        self.id = id
        self.ref = ref
        self.source = source
        self.state = state
        self.volume = volume
        self.requestedBy = requestedBy
        self.insertedAt = insertedAt
        self.endedAt = endedAt
        self.failure = failure
    }
}

/// What a project's database becomes.
public enum RestoreSource: Sendable, Equatable {
    /// What a backup holds, by its name in the archive.
    case backup(BackupID)
    /// What a volume holds that a restore has set aside.
    case volume(String)
    /// What was committed by a moment, by the clock of the database.
    case time(Timestamp)

    /// The same as a target in the archive; nil for a volume.
    public var target: RestoreTarget? {
        switch self {
        case .backup(let id): .backup(id)
        case .time(let time): .time(time)
        case .volume: nil
        }
    }

    /// The source, as a phrase.
    public var words: String {
        switch self {
        case .backup(let id): "the backup \(id)"
        case .volume(let name): "the volume \(name)"
        case .time(let time): "the moment \(MomentText.utc(time))"
        }
    }
}

/// How far a restore is. The raw value is stored.
public enum RestoreState: String, Sendable, CaseIterable {
    /// The volume is being made.
    case preparing
    /// The volume has been restored, and a server has run on it.
    case proven
    /// The project uses it.
    case switched
    /// The project uses the volume that it had.
    case failed
    /// The same, because the restore was cancelled or the project deleted.
    case cancelled

    public var isOver: Bool { self == .switched || self == .failed || self == .cancelled }
}
