import ProjectModel

/// Why a backup, a restore or a check failed. No message holds a secret.
public enum BackupError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The database could not be reached, or refused. Trying again may help.
    case source(String)
    /// The store could not be reached, refused, or is full. Trying again may help.
    case store(String)
    /// What the store returned is not what was stored: cut, changed, swapped or under another key.
    case damaged(object: String, reason: String)
    /// The archive belongs to another cluster.
    case otherCluster(expected: UInt64, found: UInt64)
    /// The archive has no such backup.
    case noBackup(BackupID)
    /// No base backup is complete at the target.
    case noBase
    /// The target is outside what can be restored.
    case outside(RestorableSpan?)
    /// The archive lacks a part of the log that the target needs.
    case gap(WALGap)
    /// Stopped on request. Nothing is lost: the server keeps what was not confirmed.
    case cancelled
    /// An argument is invalid.
    case invalid(String)

    /// The message: one sentence.
    public var description: String {
        switch self {
        case .source(let text): "the database cannot be read for a backup: \(text)"
        case .store(let text): "the backup store failed: \(text)"
        case .damaged(let object, let reason): "the backup object \(object) is damaged: \(reason)"
        case .otherCluster(let expected, let found):
            "the archive belongs to the cluster \(expected), and the database is the cluster \(found)"
        case .noBackup(let id): "there is no backup \(id) in the archive"
        case .noBase: "no complete base backup precedes the target: choose a later one"
        case .outside(let span?):
            "the target is outside what can be restored: choose a time from \(MomentText.utc(span.earliest)) to "
                + MomentText.utc(span.latest)
        case .outside(nil): "nothing can be restored yet: no backup is complete"
        case .gap(let gap): "the archive lacks the log from \(gap), which the target needs"
        case .cancelled: "the backup was stopped on request"
        case .invalid(let text): text
        }
    }
}
