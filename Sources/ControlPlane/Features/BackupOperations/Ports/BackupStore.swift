public import BackupModel
public import Orchestrator
public import ProjectModel

/// Rows about backups. Every method is one transaction, or part of the present unit of work.
public protocol BackupStore: Sendable {
    /// The name of a project's archive. The first caller's draft becomes it.
    func archive(of ref: ProjectRef, drafting name: String) async throws(StoreError) -> String
    /// The archive of a project, if it has one.
    func archive(of ref: ProjectRef) async throws(StoreError) -> String?

    func insert(
        _ reason: BackupReason, of ref: ProjectRef, by requester: String?, at time: Timestamp
    ) async throws(StoreError) -> ProjectBackup
    /// Replaces a row; no effect when it is gone.
    func update(_ backup: ProjectBackup) async throws(StoreError)
    func backup(_ id: Int64, of ref: ProjectRef) async throws(StoreError) -> ProjectBackup?
    /// The latest backups of a project, newest first.
    func backups(of ref: ProjectRef, limit: Int) async throws(StoreError) -> [ProjectBackup]

    /// The backups of a project that are in the store, newest first, however many others were made after them; at most
    /// ``BackupLimits/inStore``.
    func backupsInStore(of ref: ProjectRef) async throws(StoreError) -> [ProjectBackup]

    /// Projects of which backups are in the store.
    func refsInStore() async throws(StoreError) -> Set<ProjectRef>

    /// The schedules of all projects that have one.
    func schedules() async throws(StoreError) -> [ProjectRef: ScheduledBackup]
    func schedule(of ref: ProjectRef) async throws(StoreError) -> ScheduledBackup?
    /// Gives a project a schedule, or another one.
    func save(_ schedule: ScheduledBackup, of ref: ProjectRef) async throws(StoreError)

    /// The copy of a project's log; nil while there is none.
    func logCopy(of ref: ProjectRef) async throws(StoreError) -> LogCopy?
    /// Inserts or replaces all of a row but what ``save(_:isCovered:of:)`` writes. Another epoch than the row's makes the
    /// row uncovered.
    func save(_ copy: LogCopy) async throws(StoreError)
    /// Writes what was found in the archive. False, and nothing is written, when the row's epoch is another one by now.
    func save(_ spans: [RestorableSpan], isCovered: Bool, of copy: LogCopy) async throws(StoreError) -> Bool
    /// Writes why a log cannot be copied, into the row or a new one, and nothing else: a receiver may be at work.
    func noteFailure(_ failure: String, ofLogOf ref: ProjectRef, at time: Timestamp) async throws(StoreError)
    /// Removes a row; no effect when there is none.
    func forgetLogCopy(of ref: ProjectRef) async throws(StoreError)
    /// The projects whose log is copied or was.
    func logCopies() async throws(StoreError) -> [ProjectRef: LogWish]

    /// Inserts a restore.
    func insert(
        _ source: RestoreSource, into ref: ProjectRef, by requester: String?, at time: Timestamp
    ) async throws(StoreError) -> ProjectRestore
    /// Replaces a row; no effect when it is gone.
    func update(_ restore: ProjectRestore) async throws(StoreError)
    func restore(_ id: Int64) async throws(StoreError) -> ProjectRestore?
    /// The latest restores of a project, newest first.
    func restores(of ref: ProjectRef, limit: Int) async throws(StoreError) -> [ProjectRestore]
}

/// The newest backups of a project that has some in the store.
public struct NewestBackups: Sendable, Equatable {
    public let ref: ProjectRef
    /// When the newest one was taken that was restored for a trial.
    public let verifiedTakenAt: Timestamp?
    /// Bytes that the newest one takes in the store, where that is known.
    public let storedBytes: Int64?

    public init(ref: ProjectRef, verifiedTakenAt: Timestamp?, storedBytes: Int64?) {
        (self.ref, self.verifiedTakenAt, self.storedBytes) = (ref, verifiedTakenAt, storedBytes)
    }
}

/// Bounds of what is read of the rows.
public enum BackupLimits {
    /// Projects of one list.
    public static let projects = 10_000
    /// Backups in one list.
    public static let listed = 500
    /// Backups of one project in the store that are looked at.
    public static let inStore = 10_000
    /// Restores that are looked at.
    public static let restores = 50
    /// Backups of one project that may wait or be made at once.
    public static let pendingMax = 3
    /// Backups of one project in the store, above which none is made on request.
    public static let storedMax = 20
}
