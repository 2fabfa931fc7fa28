public import BackupModel
public import Orchestrator
public import ProjectModel

/// Why a request about backups is refused.
public enum BackupRefusal: Error, Sendable, Equatable, CustomStringConvertible {
    /// The installation has no store.
    case off
    /// The project has no such backup.
    case noBackup(Int64)
    /// The backup cannot be restored; the text says why.
    case notRestorable(String)
    /// Too many wait already.
    case tooMany(ProjectRef)
    /// Too many are in the store.
    case tooManyStored(ProjectRef)
    /// The project has no schedule.
    case noSchedule(ProjectRef)
    /// The log of the project is not copied.
    case noLogCopy(ProjectRef)
    /// A moment that cannot be restored; what can be.
    case outside([RestorableSpan])
    /// A time of day cannot be read.
    case badTime(String)
    /// No restore has set a volume aside.
    case nothingToUndo(ProjectRef)
    /// The project's status is none in which its database can be copied.
    case notRunning(ProjectStatus)
    case catalog(CatalogError)
    case store(StoreError)
    /// Something failed that should not; no secret.
    case failed(String)

    /// The message: one sentence.
    public var description: String {
        switch self {
        case .off:
            "this installation makes no backups: it was started with SUPAMANAGER_BACKUPS=none"
        case .noBackup(let id): "the project has no backup \(id)"
        case .notRestorable(let text), .failed(let text): text
        case .tooMany(let ref):
            "project \(ref) has \(BackupLimits.pendingMax) requested backups that are not made yet: wait for them"
        case .tooManyStored(let ref):
            "project \(ref) has \(BackupLimits.storedMax) backups in the store, and no more are made on request: set a"
                + " schedule, by which old ones are removed"
        case .noSchedule(let ref): "project \(ref) has no schedule of backups: set one with PATCH"
        case .noLogCopy(let ref):
            "the log of project \(ref) is not copied, so that only whole backups can be restored: set point_in_time in"
                + " its schedule of backups"
        case .outside(let windows): Self.words(windows)
        case .badTime(let text): "\(text) is no time of day: write HH:MM:SS in UTC"
        case .nothingToUndo(let ref):
            "no restore of project \(ref) can be undone: there is no volume from before one"
        case .notRunning(let status):
            "a project is backed up while its database runs, and this one is \(status.studioStatus.rawValue)"
        case .catalog(let error): "\(error)"
        case .store(let error): "\(error)"
        }
    }

    private static func words(_ windows: [RestorableSpan]) -> String {
        guard !windows.isEmpty else {
            return "no moment can be restored yet: a backup and the log after it have to be in the store first"
        }
        let spans = windows.map { "from \(MomentText.utc($0.earliest)) to \(MomentText.utc($0.latest))" }
        return "that moment cannot be restored: choose one " + spans.joined(separator: ", or ")
    }
}
