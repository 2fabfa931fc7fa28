public import BackupModel
public import ProjectModel

/// A backup of a project's database, as the manager's own database knows it. What it holds is in the archive.
public struct ProjectBackup: Sendable, Equatable {
    /// Number that the API calls `id`.
    public var id: Int64
    public var ref: ProjectRef
    /// Why it was made.
    public var reason: BackupReason
    public var state: BackupState
    /// Its name in the archive; nil before the first attempt.
    public var archived: BackupID?
    /// Image of the database that it was made of: what can read it.
    public var image: String?
    /// Bytes in the store, once it is there.
    public var storedBytes: Int64?
    /// The requester's e-mail address; nil for the manager itself.
    public var requestedBy: String?
    /// When it was asked for.
    public var insertedAt: Timestamp
    /// The moment that it holds, by the clock of the database.
    public var takenAt: Timestamp?
    /// When it was restored for a trial, and was found to be right.
    public var verifiedAt: Timestamp?
    /// Why it failed, or why its trial did.
    public var failure: String?
    /// Since when it waits to be removed from the store.
    public var markedAt: Timestamp?

    public init(
        id: Int64, ref: ProjectRef, reason: BackupReason, state: BackupState = .pending, archived: BackupID? = nil,
        image: String? = nil, storedBytes: Int64? = nil, requestedBy: String? = nil, insertedAt: Timestamp,
        takenAt: Timestamp? = nil, verifiedAt: Timestamp? = nil, failure: String? = nil
    ) {
        self.id = id
        self.ref = ref
        self.reason = reason
        self.state = state
        self.archived = archived
        self.image = image
        self.storedBytes = storedBytes
        self.requestedBy = requestedBy
        self.insertedAt = insertedAt
        self.takenAt = takenAt
        self.verifiedAt = verifiedAt
        self.failure = failure
    }
}

extension ProjectBackup {
    /// A name in the archive for a run that copies it. Numbers of rows and of runs are used again when the manager is
    /// restored from an older file: what makes the name no other's is drawn.
    func archiveName(run: Int64, draw: String) -> BackupID? {
        BackupID("b\(id)-\(run)-\(draw.filter { $0 != "-" }.prefix(12))")
    }

    /// The number of the row that a name in the archive was made for; nil for other names.
    static func number(in name: BackupID) -> Int64? {
        let text = name.value.split(separator: "-", maxSplits: 1).first ?? ""
        return text.hasPrefix("b") ? Int64(text.dropFirst()) : nil
    }
}

/// Why a backup is made. The raw value is stored and shown.
public enum BackupReason: String, Sendable, CaseIterable {
    /// On request.
    case request
    /// By the project's schedule.
    case schedule
    /// After a restore: what the database became is a history of its own.
    case restore
    /// Because no backup leads to where the continuous copy of the log is: at its beginning, and after a gap.
    case pointInTime = "point_in_time"
}

/// How far a backup is. The raw value is stored and shown.
public enum BackupState: String, Sendable, CaseIterable {
    /// Asked for, or being made.
    case pending
    /// In the store, and never restored.
    case stored
    /// In the store, and restored for a trial.
    case verified
    /// In the store, and its trial failed.
    case unsound
    /// Not made.
    case failed
    /// Removed from the store.
    case removed

    /// Whether it can be restored, as far as is known. An unsound one can be tried.
    public var isInStore: Bool {
        switch self {
        case .stored, .verified, .unsound: true
        case .pending, .failed, .removed: false
        }
    }
}
