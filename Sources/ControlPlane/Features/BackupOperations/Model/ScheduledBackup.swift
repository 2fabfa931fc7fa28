public import BackupModel
public import ProjectModel

/// A project's schedule, and since when it is as it is.
public struct ScheduledBackup: Sendable, Equatable {
    public var rule: BackupSchedule
    /// A time of day that was past by then begins on the next day.
    public var updatedAt: Timestamp

    public init(rule: BackupSchedule, updatedAt: Timestamp) {
        self.rule = rule
        self.updatedAt = updatedAt
    }
}
