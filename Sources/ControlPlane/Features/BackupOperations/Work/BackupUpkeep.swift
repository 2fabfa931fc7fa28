import BackupModel
import Logging
public import Orchestrator
import ProjectModel

/// Enqueues the backups that are due, and removes from the store what is kept no longer.
///
/// Retention is for projects with a schedule: what was made by hand, of a project without one, stays until the project
/// has been deleted for ``keptAfterDeletion``.
public struct BackupUpkeep: Sendable {
    private let ground: BackupGround

    /// Time between two looks at schedules.
    static let interval: Duration = .seconds(300)
    /// Backups of a deleted project stay that long.
    public static let keptAfterDeletion: Duration = .seconds(7 * 86_400)
    /// A copy that was not finished, or that no row names, stays that long.
    static let leftoverAge: Duration = .seconds(86_400)

    public init(_ ground: BackupGround) { self.ground = ground }

    /// The job's definition.
    public var definition: JobDefinition {
        let recurring = JobDefinition.Recurring(JobInterval(Self.interval, phase: .seconds(30)))
        return JobDefinition(.backupUpkeep, recurring: recurring, parallelMax: 1) { try await run($0) }
    }

    private func run(_ context: JobContext) async throws -> String {
        let now = ground.time.now()
        let schedules = try await ground.backups.schedules()
        var (enqueued, removed) = (0, 0)
        let refs = try await ground.backups.refsInStore().union(schedules.keys)
        for ref in refs.sorted() {
            try context.check()
            guard let record = try await ground.projects.project(ref) else { continue }
            // One project's trouble, a store that fails for one, is no reason to forget the others.
            do {
                if record.status == .deleted {
                    removed += try await removeAll(of: record, now: now, context)
                } else if let schedule = schedules[ref] {
                    if try await enqueue(of: record, by: schedule, now: now) { enqueued += 1 }
                    removed += try await expire(of: ref, now: now, context)
                    if schedule.copiesLog { try await LogWindow(ground: ground).look(at: ref) }
                }
                removed += try await removeLeftovers(of: ref, now: now, context)
            } catch let error as NotActiveManager {
                throw error
            } catch {
                ground.logger.warning(
                    "the backups of a project are not looked after",
                    metadata: ["project": "\(ref)", "error": "\(error)"])
            }
        }
        return "\(enqueued) enqueued, \(removed) removed"
    }

    /// A project that does not run is backed up at its next time; what is in it did not change meanwhile.
    private func enqueue(of record: ProjectRecord, by schedule: ScheduledBackup, now: Timestamp) async throws -> Bool {
        guard record.status == .active || record.status == .degraded else { return false }
        let known = try await ground.backups.backups(of: record.ref, limit: BackupLimits.listed)
        guard !known.contains(where: { $0.state == .pending }),
            schedule.rule.isDue(
                at: now, last: known.first?.insertedAt, since: schedule.updatedAt, name: record.ref.text)
        else { return false }
        let ref = record.ref
        try await ground.units.perform { [ground] in
            _ = try await ground.requests.enqueueBackup(of: ref, because: .schedule, by: nil)
        }
        return true
    }

    /// Two steps, a day apart: what is marked by mistake can still be kept.
    private func expire(of ref: ProjectRef, now: Timestamp, _ context: JobContext) async throws -> Int {
        guard context.job.hasRunLately(now: now) else { return 0 }
        let rows = try await ground.backups.backupsInStore(of: ref)
        let access = try await ground.access(of: ref)
        let contents = try await ground.archive.contents(of: access)
        let bases = contents.bases
        let seen = bases.compactMap { base -> RetainedBackup? in
            guard let row = rows.first(where: { $0.archived == base.id }) else { return nil }
            return RetainedBackup(backup: base, check: row.state.check, markedAt: row.markedAt)
        }
        let decision = BackupRetention.decide(
            seen, branches: contents.branches, policy: RetentionPolicy(), at: now)
        for row in rows {
            guard let id = row.archived else { continue }
            var next = row
            if decision.mark.contains(id) { next.markedAt = now }
            if decision.unmark.contains(id) { next.markedAt = nil }
            if next != row { try await ground.backups.update(next) }
        }
        var removed = 0
        for row in rows where row.archived.map({ decision.delete.contains($0) }) ?? false {
            try await remove(row, from: access, in: context)
            removed += 1
        }
        // Nothing expires while the newest backup is not known to be any good, and so does no log.
        guard decision.stopped == nil else { return removed }
        return removed + (try await removeLog(before: LogRetention.bounds(in: contents, at: now), in: access, context))
    }

    private func removeLog(
        before bounds: [TimelineID: WALPosition], in access: ArchiveAccess, _ context: JobContext
    ) async throws -> Int {
        var removed = 0
        for (timeline, position) in bounds.sorted(by: { $0.key < $1.key }) {
            try context.check()
            removed += try await ground.archive.removeWAL(before: position, on: timeline, in: access)
        }
        return removed
    }

    /// Removes copies that count for nothing: unfinished ones, and those of runs that ended before they were written
    /// down. A copy whose row is not known stays: the manager may have been restored from an older file.
    private func removeLeftovers(of ref: ProjectRef, now: Timestamp, _ context: JobContext) async throws -> Int {
        guard context.job.hasRunLately(now: now) else { return 0 }
        let access = try await ground.access(of: ref)
        let limit = now + (.zero - Self.leftoverAge)
        var removed = try await ground.archive.removeUnfinished(before: limit, in: access)
        let stored = Set(try await ground.backups.backupsInStore(of: ref).compactMap(\.archived))
        for base in try await ground.archive.contents(of: access).bases
        where base.finished < limit && !stored.contains(base.id) {
            guard let id = ProjectBackup.number(in: base.id),
                try await ground.backups.backup(id, of: ref)?.hasLeft(base) == true
            else { continue }
            try context.check()
            try await ground.archive.remove(base.id, in: access)
            removed += 1
        }
        return removed
    }

    private func removeAll(of record: ProjectRecord, now: Timestamp, _ context: JobContext) async throws -> Int {
        guard context.job.hasRunLately(now: now),
            now.since(record.statusChangedAt) > Self.keptAfterDeletion
        else { return 0 }
        let rows = try await ground.backups.backupsInStore(of: record.ref)
        let access = try await ground.access(of: record.ref)
        let timelines = Set(try await ground.archive.contents(of: access).chunks.map(\.timeline))
        let all = Dictionary(uniqueKeysWithValues: timelines.map { ($0, WALPosition(.max)) })
        _ = try await removeLog(before: all, in: access, context)
        for row in rows { try await remove(row, from: access, in: context) }
        return rows.count
    }

    /// The objects first: a removal that fails half-way is repeated, and removing what is gone is no error.
    private func remove(_ row: ProjectBackup, from access: ArchiveAccess, in context: JobContext) async throws {
        guard let id = row.archived else { return }
        try context.check()
        try await ground.archive.remove(id, in: access)
        var gone = row
        gone.state = .removed
        try await ground.backups.update(gone)
    }
}

extension ProjectBackup {
    /// Whether a copy was made for this row, by a run that ended before it wrote it down. Numbers of rows are used again
    /// when a manager is restored: a copy from before the row is another's.
    func hasLeft(_ base: BaseBackup) -> Bool {
        state != .pending && archived != base.id && base.id.value.hasPrefix("b\(id)-") && insertedAt < base.finished
    }
}

extension BackupState {
    /// The same in the words of retention.
    fileprivate var check: RetainedBackup.Check {
        switch self {
        case .verified: .verified
        case .unsound: .failed
        case .pending, .stored, .failed, .removed: .unverified
        }
    }
}
