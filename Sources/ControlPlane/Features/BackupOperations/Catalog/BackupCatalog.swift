public import BackupModel
public import Orchestrator
public import ProjectModel
import Reconciler

/// Requests about backups. They change rows and enqueue jobs; each of them belongs into one unit of work.
public struct BackupCatalog: Sendable {
    let catalog: ProjectCatalog
    let custody: any CustodyStore
    let store: any BackupStore
    let jobs: JobCatalog
    let time: any TimeSource
    /// What the installation's store is; nil where no backups are made.
    public let storeKind: BackupStoreKind?
    /// Whether the installation has a store.
    public var isOn: Bool { storeKind != nil }

    public init(
        catalog: ProjectCatalog, custody: any CustodyStore, store: any BackupStore, jobs: JobCatalog,
        storeKind: BackupStoreKind?,
        time: any TimeSource = SystemTime()
    ) {
        self.catalog = catalog
        self.custody = custody
        self.store = store
        self.jobs = jobs
        self.storeKind = storeKind
        self.time = time
    }

    /// The latest backups of a project and all that are in the store, newest first.
    public func backups(of ref: ProjectRef) async throws(BackupRefusal) -> [ProjectBackup] {
        try await stored { () async throws(StoreError) in
            let latest = try await store.backups(of: ref, limit: BackupLimits.listed)
            guard let last = latest.last, latest.count == BackupLimits.listed else { return latest }
            return latest + (try await store.backupsInStore(of: ref)).filter { $0.id < last.id }
        }
    }

    /// Asks for a backup of a project's database.
    public func create(
        of ref: ProjectRef, because reason: BackupReason = .request, by requester: String? = nil
    ) async throws(BackupRefusal) -> ProjectBackup {
        let record = try await backedUp(ref).record
        guard record.status == .active || record.status == .degraded else { throw .notRunning(record.status) }
        let known = try await backups(of: ref)
        let pending = known.count { $0.state == .pending && $0.reason == .request }
        guard pending < BackupLimits.pendingMax else { throw .tooMany(ref) }
        guard known.count(where: \.state.isInStore) < BackupLimits.storedMax else { throw .tooManyStored(ref) }
        return try await enqueueBackup(of: ref, because: reason, by: requester)
    }

    /// Writes down a backup, and the job that makes it.
    func enqueueBackup(
        of ref: ProjectRef, because reason: BackupReason, by requester: String?
    ) async throws(BackupRefusal) -> ProjectBackup {
        let now = time.now()
        let backup = try await stored { () async throws(StoreError) in
            try await store.insert(reason, of: ref, by: requester, at: now)
        }
        try await enqueue(.backup, "\(backup.id)", of: ref, urgently: reason == .request)
        return backup
    }

    /// Asks for a trial of a backup: it is restored where nobody uses it.
    public func verify(_ id: Int64, of ref: ProjectRef) async throws(BackupRefusal) -> ProjectBackup {
        let backup = try await inStore(id, of: ref)
        // One an hour: who asks twice gets the trial that is asked for.
        let hour = time.now().milliseconds / 3_600_000
        try await enqueue(.backupVerification, "\(id)-h\(hour)", of: ref, payload: "\(id)")
        return backup
    }

    /// When a project is backed up every day.
    public func schedule(of ref: ProjectRef) async throws(BackupRefusal) -> ScheduledBackup {
        let schedule = try await stored { () async throws(StoreError) in try await store.schedule(of: ref) }
        guard let schedule else { throw .noSchedule(ref) }
        return schedule
    }

    /// Has a project backed up every day at a time in UTC, `HH:MM:SS`.
    ///
    /// - Parameters:
    ///   - text: The time; nil leaves it as it is.
    ///   - copiesLog: Whether its log is copied, too; nil leaves that as it is.
    public func setSchedule(
        _ text: String?, copiesLog: Bool? = nil, of ref: ProjectRef
    ) async throws(BackupRefusal) -> ScheduledBackup {
        _ = try await backedUp(ref)
        let present = try await stored { () async throws(StoreError) in try await store.schedule(of: ref) }
        var schedule: ScheduledBackup
        if let text {
            guard let rule = BackupSchedule(text: text) else { throw .badTime(String(text.prefix(20))) }
            schedule = ScheduledBackup(rule: rule, updatedAt: time.now(), copiesLog: present?.copiesLog ?? false)
        } else {
            guard let present else { throw .noSchedule(ref) }
            schedule = present
        }
        if let copiesLog { schedule.copiesLog = copiesLog }
        let chosen = schedule
        try await stored { () async throws(StoreError) in try await store.save(chosen, of: ref) }
        return chosen
    }

    /// The copy of a project's log; nil while none is wanted.
    public func logCopy(of ref: ProjectRef) async throws(BackupRefusal) -> LogCopy? {
        let schedule = try await stored { () async throws(StoreError) in try await store.schedule(of: ref) }
        guard isOn, schedule?.copiesLog == true else { return nil }
        let copy = try await stored { () async throws(StoreError) in try await store.logCopy(of: ref) }
        return copy ?? LogCopy(ref: ref, updatedAt: time.now())
    }

    /// Asks for a project's database to become what was committed by a moment.
    public func restore(
        to moment: Timestamp, of ref: ProjectRef, by requester: String = ""
    ) async throws(BackupRefusal) -> ProjectRestore {
        _ = try await backedUp(ref)
        guard let copy = try await logCopy(of: ref) else { throw .noLogCopy(ref) }
        guard copy.canRestore(to: moment) else { throw .outside(copy.windows) }
        return try await begin(.time(moment), into: ref, by: requester)
    }

    /// Asks for a project's database to become what a backup holds.
    public func restore(
        _ id: Int64, of ref: ProjectRef, by requester: String = ""
    ) async throws(BackupRefusal) -> ProjectRestore {
        let backup = try await inStore(id, of: ref)
        guard let archived = backup.archived else { throw .noBackup(id) }
        try check(backup, fits: try await backedUp(ref))
        return try await begin(.backup(archived), into: ref, by: requester)
    }

    /// Asks for the database that the project had before its last restore.
    public func undo(of ref: ProjectRef, by requester: String = "") async throws(BackupRefusal) -> ProjectRestore {
        let database = try await backedUp(ref)
        let volumes = try await stored { () async throws(StoreError) in try await custody.volumes(of: ref) }
        let generations = VolumeGenerations(volumes, of: ref, database.access.volume)
        guard let previous = generations.previous else { throw .nothingToUndo(ref) }
        return try await begin(.volume(previous.name), into: ref, by: requester)
    }

    private func begin(
        _ source: RestoreSource, into ref: ProjectRef, by requester: String
    ) async throws(BackupRefusal) -> ProjectRestore {
        // A second request finds the first one in progress.
        do { _ = try await catalog.request(.restoreRequested, of: ref, by: requester) } catch { throw .catalog(error) }
        let now = time.now()
        let restore = try await stored { () async throws(StoreError) in
            try await store.insert(source, into: ref, by: requester.isEmpty ? nil : requester, at: now)
        }
        try await enqueue(.restore, "\(restore.id)", of: ref, urgently: true)
        return restore
    }

    private func check(_ backup: ProjectBackup, fits database: DatabaseInUse) throws(BackupRefusal) {
        let written = backup.image.flatMap { postgresMajor(ofImage: $0) }
        let running = postgresMajor(ofImage: database.service.spec.image)
        guard let written, let running, written != running else { return }
        throw .notRestorable(
            "backup \(backup.id) was made of PostgreSQL \(written), and the project runs PostgreSQL \(running), which"
                + " cannot read it")
    }

    private func inStore(_ id: Int64, of ref: ProjectRef) async throws(BackupRefusal) -> ProjectBackup {
        guard isOn else { throw .off }
        let backup = try await stored { () async throws(StoreError) in try await store.backup(id, of: ref) }
        guard let backup else { throw .noBackup(id) }
        guard backup.state.isInStore else {
            throw .notRestorable("backup \(id) cannot be restored: it is \(backup.state.rawValue)")
        }
        return backup
    }

    private func backedUp(_ ref: ProjectRef) async throws(BackupRefusal) -> DatabaseInUse {
        guard isOn else { throw .off }
        do { return try await catalog.databaseInUse(of: ref) } catch { throw .catalog(error) }
    }

    func enqueue(
        _ kind: JobKind, _ key: String, of ref: ProjectRef, payload: String = "", urgently: Bool = false
    ) async throws(BackupRefusal) {
        let job = NewJob(
            kind, key: key, ref: ref, lock: JobLock(ref, class: "backup"), priority: urgently ? .high : .normal,
            payload: payload.isEmpty ? key : payload, due: time.now())
        do { _ = try await jobs.enqueue(job) } catch { throw .failed("\(error)") }
    }

    func stored<Value>(_ body: () async throws(StoreError) -> Value) async throws(BackupRefusal) -> Value {
        do { return try await body() } catch { throw .store(error) }
    }
}
