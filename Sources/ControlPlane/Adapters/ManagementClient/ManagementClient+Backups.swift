public import ProjectModel

// Backups of projects' databases.
extension ManagementClient {
    /// The backups of a project, newest first.
    public func backups(of ref: ProjectRef) async throws(ClientError) -> [Backup] {
        let list: BackupList = try await answer(.get("platform", "database", ref.text, "backups"))
        return list.backups
    }

    /// Asks for a backup; the answer comes before it is made.
    public func createBackup(of ref: ProjectRef) async throws(ClientError) -> Backup {
        try await answer(.post("platform", "database", ref.text, "backups"))
    }

    /// Asks for a trial of a backup; the answer comes before it is made.
    public func verifyBackup(_ id: Int64, of ref: ProjectRef) async throws(ClientError) -> Backup {
        try await answer(.post("platform", "database", ref.text, "backups", "\(id)", "verify"))
    }

    /// The copy of a project's log; nil where none is wanted.
    public func logCopy(of ref: ProjectRef) async throws(ClientError) -> LogCopyReport? {
        let list: BackupList = try await answer(.get("platform", "database", ref.text, "backups"))
        return list.log
    }

    /// Asks for a project's database to become what was committed by a moment.
    ///
    /// - Parameter seconds: since 1970.
    public func restore(to seconds: Int64, of ref: ProjectRef) async throws(ClientError) {
        try await send(
            .post(
                "v1", "projects", ref.text, "database", "backups", "restore-pitr",
                json: ["recovery_time_target_unix": seconds]))
    }

    /// Asks for a project's database to become what a backup holds.
    public func restoreBackup(_ id: Int64, of ref: ProjectRef) async throws(ClientError) {
        try await send(.post("platform", "database", ref.text, "backups", "restore", json: ["id": id]))
    }

    /// Asks for the database that the project had before its last restore.
    public func undoRestore(of ref: ProjectRef) async throws(ClientError) {
        try await send(.post("platform", "database", ref.text, "backups", "undo-restore"))
    }

    /// When a project is backed up every day.
    public func backupSchedule(of ref: ProjectRef) async throws(ClientError) -> BackupTimes {
        try await answer(.get("v1", "projects", ref.text, "database", "backups", "schedule"))
    }

    /// Has a project backed up every day, and its log copied in between. What is nil stays as it is.
    ///
    /// - Parameter time: in UTC, `HH:MM:SS`.
    public func setBackupSchedule(
        _ time: String?, pointInTime: Bool?, of ref: ProjectRef
    ) async throws(ClientError) -> BackupTimes {
        try await answer(
            .patch(
                "v1", "projects", ref.text, "database", "backups", "schedule",
                json: BackupTimesChange(scheduleFor: time, pointInTime: pointInTime)))
    }
}
