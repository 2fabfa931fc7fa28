public import ProjectModel

/// How long the continuous copy of a log is kept. Pure.
///
/// Backups are kept longer than the log between them: those hold the log that they need themselves.
public enum LogRetention {
    /// Every moment of so many days can be restored.
    public static let days: Int64 = 7

    /// From where on the log of each time line is needed; a time line that is missing here is left alone.
    ///
    /// Needed is what leads from the newest backup that was complete when the days began, and from all later ones, to
    /// the present; and the log of every backup that does not hold its own.
    ///
    /// - Parameter contents: everything that the archive has. Where a record of a backup is damaged, nothing is said: it
    ///   is not known what that one needs.
    public static func bounds(in contents: ArchiveContents, at now: Timestamp) -> [TimelineID: WALPosition] {
        guard contents.damaged.isEmpty else { return [:] }
        let begin = now + .seconds(-days * 86_400)
        let before = contents.bases.filter { $0.finished <= begin }.max { $0.finished < $1.finished }
        let needed = contents.bases.filter { $0.finished > begin || !$0.includesWAL || $0.id == before?.id }
        return BackupRetention.walBounds(neededBy: needed, branches: contents.branches)
    }
}
