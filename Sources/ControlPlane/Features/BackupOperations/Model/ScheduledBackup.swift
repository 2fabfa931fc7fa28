public import BackupModel
public import ProjectModel

/// A project's schedule, and since when it is as it is.
public struct ScheduledBackup: Sendable, Equatable {
    public var rule: BackupSchedule
    /// A time of day that was past by then begins on the next day.
    public var updatedAt: Timestamp
    /// Whether the log is copied, too, so that every moment between backups can be restored.
    public var copiesLog: Bool

    public init(rule: BackupSchedule, updatedAt: Timestamp, copiesLog: Bool = false) {
        self.rule = rule
        self.copiesLog = copiesLog
        self.updatedAt = updatedAt
    }
}
