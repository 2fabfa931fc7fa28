import BackupModel
import ProjectModel

/// How the trial of a backup ended. Pure.
enum TrialEnd: Sendable, Equatable {
    /// It was restored, and is complete.
    case complete
    /// The backup itself is the reason: what was read is not what was stored, or no server recovers from it.
    case unsound(String)
    /// The host is the reason, which says nothing about the backup.
    case notTried(String)

    init(_ error: any Error) {
        switch error {
        case let error as UnsoundBackup: self = .unsound("\(error)")
        case BackupError.damaged: self = .unsound("\(error)")
        default: self = .notTried("\(error)")
        }
    }

    /// The row after the trial.
    func concluding(_ backup: ProjectBackup, at time: Timestamp) -> ProjectBackup {
        var backup = backup
        switch self {
        case .complete: (backup.state, backup.failure, backup.verifiedAt) = (.verified, nil, time)
        case .unsound(let reason): (backup.state, backup.failure) = (.unsound, reason)
        case .notTried(let reason): backup.failure = reason
        }
        return backup
    }

    /// What the project's history says.
    func words(of id: Int64) -> String {
        switch self {
        case .complete: "backup \(id) was restored for a trial, and is complete"
        case .unsound(let reason): "backup \(id) cannot be relied on: its trial failed: \(reason)"
        case .notTried(let reason):
            "backup \(id) could not be tried, which says nothing about it: \(reason). Ask for another trial"
        }
    }
}
