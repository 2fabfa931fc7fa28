public import BackupModel
public import BackupOperations
public import Orchestrator
public import PostgresKit
public import ProjectModel

/// Rows about backups in PostgreSQL.
public struct PostgresBackupStore: BackupStore {
    private let pool: PostgresPool
    private let lease: ManagerLease?

    /// A store on a pool whose database has been migrated.
    ///
    /// - Parameter lease: The lease of all writes, as in ``PostgresProjectStore``; nil for requests of users.
    public init(pool: PostgresPool, under lease: ManagerLease? = nil) {
        self.pool = pool
        self.lease = lease
    }

    /// Inserts the name, unless there is one.
    public func archive(of ref: ProjectRef, drafting name: String) async throws(StoreError) -> String {
        try await write { try await BackupRows.archive(of: ref, drafting: name, in: $0) }
    }

    /// Selects the name.
    public func archive(of ref: ProjectRef) async throws(StoreError) -> String? {
        try await transaction { try await BackupRows.archive(of: ref, in: $0) }
    }

    /// Inserts a backup.
    public func insert(
        _ reason: BackupReason, of ref: ProjectRef, by requester: String?, at time: Timestamp
    ) async throws(StoreError) -> ProjectBackup {
        try await write { try await BackupRows.insert(reason, of: ref, by: requester, at: time, in: $0) }
    }

    /// Updates a backup.
    public func update(_ backup: ProjectBackup) async throws(StoreError) {
        try await write { try await BackupRows.update(backup, in: $0) }
    }

    /// Selects a backup.
    public func backup(_ id: Int64, of ref: ProjectRef) async throws(StoreError) -> ProjectBackup? {
        try await transaction { try await BackupRows.select(id, of: ref, in: $0) }
    }

    /// Selects the latest backups.
    public func backups(of ref: ProjectRef, limit: Int) async throws(StoreError) -> [ProjectBackup] {
        try await transaction { try await BackupRows.latest(of: ref, limit: limit, in: $0) }
    }

    /// Selects the backups in the store.
    public func backupsInStore(of ref: ProjectRef) async throws(StoreError) -> [ProjectBackup] {
        try await transaction { try await BackupRows.inStore(of: ref, in: $0) }
    }

    /// Selects the newest backups of all projects that are not deleted; at most ``BackupLimits/projects``.
    public func newest() async throws(StoreError) -> [NewestBackups] {
        try await transaction { try await BackupRows.newest(in: $0) }
    }

    /// Selects the projects of backups in the store.
    public func refsInStore() async throws(StoreError) -> Set<ProjectRef> {
        try await transaction { try await ScheduleRows.refsInStore(in: $0) }
    }

    /// Selects all schedules.
    public func schedules() async throws(StoreError) -> [ProjectRef: ScheduledBackup] {
        try await transaction { try await ScheduleRows.all(in: $0) }
    }

    /// Selects a schedule.
    public func schedule(of ref: ProjectRef) async throws(StoreError) -> ScheduledBackup? {
        try await transaction { try await ScheduleRows.select(of: ref, in: $0) }
    }

    /// Inserts or replaces a schedule.
    public func save(_ schedule: ScheduledBackup, of ref: ProjectRef) async throws(StoreError) {
        try await write { try await ScheduleRows.save(schedule, of: ref, in: $0) }
    }

    /// Selects the copy of a log.
    public func logCopy(of ref: ProjectRef) async throws(StoreError) -> LogCopy? {
        try await transaction { try await LogCopyRows.select(ref, in: $0) }
    }

    /// Inserts or replaces the copy of a log, without what a look finds.
    public func save(_ copy: LogCopy) async throws(StoreError) {
        try await write { try await LogCopyRows.save(copy, in: $0) }
    }

    /// Updates what a look found.
    public func save(
        _ spans: [RestorableSpan], isCovered: Bool, of copy: LogCopy
    ) async throws(StoreError) -> Bool {
        try await write { try await LogCopyRows.save(spans, isCovered: isCovered, of: copy, in: $0) }
    }

    /// Updates why a log cannot be copied.
    public func noteFailure(
        _ failure: String, ofLogOf ref: ProjectRef, at time: Timestamp
    ) async throws(StoreError) {
        try await write { try await LogCopyRows.noteFailure(failure, of: ref, at: time, in: $0) }
    }

    /// Deletes the copy of a log.
    public func forgetLogCopy(of ref: ProjectRef) async throws(StoreError) {
        try await write { try await LogCopyRows.delete(ref, in: $0) }
    }

    /// Selects the projects whose log is copied, or was.
    public func logCopies() async throws(StoreError) -> [ProjectRef: LogWish] {
        try await transaction { try await LogCopyRows.wanted(in: $0) }
    }

    /// Inserts a restore.
    public func insert(
        _ source: RestoreSource, into ref: ProjectRef, by requester: String?, at time: Timestamp
    ) async throws(StoreError) -> ProjectRestore {
        try await write { try await RestoreRows.insert(source, into: ref, by: requester, at: time, in: $0) }
    }

    /// Updates a restore.
    public func update(_ restore: ProjectRestore) async throws(StoreError) {
        try await write { try await RestoreRows.update(restore, in: $0) }
    }

    /// Selects a restore.
    public func restore(_ id: Int64) async throws(StoreError) -> ProjectRestore? {
        try await transaction { try await RestoreRows.select(id, in: $0) }
    }

    /// Selects the latest restores.
    public func restores(of ref: ProjectRef, limit: Int) async throws(StoreError) -> [ProjectRestore] {
        try await transaction { try await RestoreRows.latest(of: ref, limit: limit, in: $0) }
    }

    private func write<Value: Sendable>(
        _ body: @Sendable @escaping (PostgresTransaction) async throws -> Value
    ) async throws(StoreError) -> Value {
        try await transaction { [lease] transaction in
            if let lease { try await ManagerLeaseRow.hold(lease.token, in: transaction) }
            return try await body(transaction)
        }
    }

    private func transaction<Value: Sendable>(
        _ body: @Sendable @escaping (PostgresTransaction) async throws -> Value
    ) async throws(StoreError) -> Value {
        do { return try await AmbientTransaction.run(on: pool, body) } catch {
            throw PostgresProjectStore.storeError(error)
        }
    }
}
