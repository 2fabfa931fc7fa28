public import BackupModel
public import BackupOperations
public import Orchestrator
public import ProjectModel
import Synchronization

/// Rows about backups in memory; ``BackupStoreContract`` holds them to what PostgreSQL does.
public final class InMemoryBackupStore: BackupStore, Revertible {
    private struct State {
        var archives: [ProjectRef: String] = [:]
        var backups: [ProjectBackup] = []
        var restores: [ProjectRestore] = []
        var schedules: [ProjectRef: ScheduledBackup] = [:]
        var logCopies: [ProjectRef: LogCopy] = [:]
    }

    private let state = Mutex(State())

    public init() {}

    /// Returns a closure that restores the present state.
    public func checkpoint() -> @Sendable () -> Void {
        let copy = state.withLock { $0 }
        return { [self] in state.withLock { $0 = copy } }
    }

    private func transaction<Value: Sendable>(_ body: (inout State) -> Value) async -> Value {
        await Task.yield()
        return state.withLock { body(&$0) }
    }

    /// The name, which is the draft where there was none.
    public func archive(of ref: ProjectRef, drafting name: String) async throws(StoreError) -> String {
        await transaction { state in
            let chosen = state.archives[ref] ?? name
            state.archives[ref] = chosen
            return chosen
        }
    }

    /// The name, if there is one.
    public func archive(of ref: ProjectRef) async throws(StoreError) -> String? {
        await transaction { $0.archives[ref] }
    }

    /// Adds a backup.
    public func insert(
        _ reason: BackupReason, of ref: ProjectRef, by requester: String?, at time: Timestamp
    ) async throws(StoreError) -> ProjectBackup {
        await transaction { state in
            let backup = ProjectBackup(
                id: Int64(state.backups.count + 1), ref: ref, reason: reason, requestedBy: requester, insertedAt: time)
            state.backups.append(backup)
            return backup
        }
    }

    /// Replaces a backup.
    public func update(_ backup: ProjectBackup) async throws(StoreError) {
        await transaction { state in
            guard let index = state.backups.firstIndex(where: { $0.id == backup.id }) else { return }
            let old = state.backups[index]
            var next = backup
            (next.ref, next.reason, next.requestedBy, next.insertedAt) = (
                old.ref, old.reason, old.requestedBy, old.insertedAt
            )
            state.backups[index] = next
        }
    }

    /// One backup of a project.
    public func backup(_ id: Int64, of ref: ProjectRef) async throws(StoreError) -> ProjectBackup? {
        await transaction { $0.backups.first { $0.id == id && $0.ref == ref } }
    }

    /// The latest, newest first.
    public func backups(of ref: ProjectRef, limit: Int) async throws(StoreError) -> [ProjectBackup] {
        await transaction { Array($0.backups.filter { $0.ref == ref }.reversed().prefix(limit)) }
    }

    /// Those in the store, newest first.
    public func backupsInStore(of ref: ProjectRef) async throws(StoreError) -> [ProjectBackup] {
        await transaction { state in
            Array(
                state.backups.filter { $0.ref == ref && $0.state.isInStore }.reversed().prefix(BackupLimits.inStore))
        }
    }

    /// Projects of which backups are in the store.
    public func refsInStore() async throws(StoreError) -> Set<ProjectRef> {
        await transaction { Set($0.backups.filter(\.state.isInStore).map(\.ref)) }
    }

    /// All schedules.
    public func schedules() async throws(StoreError) -> [ProjectRef: ScheduledBackup] {
        await transaction { $0.schedules }
    }

    /// A project's schedule.
    public func schedule(of ref: ProjectRef) async throws(StoreError) -> ScheduledBackup? {
        await transaction { $0.schedules[ref] }
    }

    /// Gives a project a schedule.
    public func save(_ schedule: ScheduledBackup, of ref: ProjectRef) async throws(StoreError) {
        await transaction { $0.schedules[ref] = schedule }
    }

    /// The copy of a project's log.
    public func logCopy(of ref: ProjectRef) async throws(StoreError) -> LogCopy? {
        await transaction { $0.logCopies[ref] }
    }

    /// Replaces the copy of a log, but for what a look finds.
    public func save(_ copy: LogCopy) async throws(StoreError) {
        await transaction { state in
            let old = state.logCopies[copy.ref]
            var next = copy
            next.spans = old?.spans ?? []
            next.isCovered = old.map { $0.isCovered && $0.epoch == copy.epoch } ?? false
            state.logCopies[copy.ref] = next
        }
    }

    /// Writes what a look found.
    public func save(
        _ spans: [RestorableSpan], isCovered: Bool, of copy: LogCopy
    ) async throws(StoreError) -> Bool {
        await transaction { state in
            guard state.logCopies[copy.ref]?.epoch == copy.epoch else { return false }
            state.logCopies[copy.ref]?.spans = spans
            state.logCopies[copy.ref]?.isCovered = isCovered
            return true
        }
    }

    /// Writes why a log cannot be copied.
    public func noteFailure(
        _ failure: String, ofLogOf ref: ProjectRef, at time: Timestamp
    ) async throws(StoreError) {
        await transaction { state in
            var copy = state.logCopies[ref] ?? LogCopy(ref: ref, updatedAt: time)
            (copy.state, copy.failure, copy.updatedAt) = (.failing, failure, time)
            state.logCopies[ref] = copy
        }
    }

    /// Removes the copy of a log.
    public func forgetLogCopy(of ref: ProjectRef) async throws(StoreError) {
        await transaction { $0.logCopies[ref] = nil }
    }

    /// Which are wanted. Of the projects' statuses it knows nothing.
    public func logCopies() async throws(StoreError) -> [ProjectRef: LogWish] {
        await transaction { state in
            let wanted = state.schedules.filter(\.value.copiesLog).map {
                ($0.key, LogWish(isWanted: true, status: nil))
            }
            let present = state.logCopies.keys.map { ($0, LogWish(isWanted: false, status: nil)) }
            return Dictionary(present + wanted) { _, wanted in wanted }
        }
    }

    /// Adds a restore.
    public func insert(
        _ source: RestoreSource, into ref: ProjectRef, by requester: String?, at time: Timestamp
    ) async throws(StoreError) -> ProjectRestore {
        await transaction { state in
            let restore = ProjectRestore(
                id: Int64(state.restores.count + 1), ref: ref, source: source, requestedBy: requester, insertedAt: time)
            state.restores.append(restore)
            return restore
        }
    }

    /// Replaces a restore.
    public func update(_ restore: ProjectRestore) async throws(StoreError) {
        await transaction { state in
            guard let index = state.restores.firstIndex(where: { $0.id == restore.id }) else { return }
            state.restores[index] = restore
        }
    }

    /// One restore.
    public func restore(_ id: Int64) async throws(StoreError) -> ProjectRestore? {
        await transaction { $0.restores.first { $0.id == id } }
    }

    /// The latest, newest first.
    public func restores(of ref: ProjectRef, limit: Int) async throws(StoreError) -> [ProjectRestore] {
        await transaction { Array($0.restores.filter { $0.ref == ref }.reversed().prefix(limit)) }
    }
}
