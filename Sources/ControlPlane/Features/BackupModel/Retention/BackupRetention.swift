public import ProjectModel

/// How many backups are kept. Whatever reaches its limit first decides.
public struct RetentionPolicy: Sendable, Hashable {
    /// The newest backup of each of so many days that have one.
    public var daily: Int
    /// The newest backup of each of so many weeks (from Monday) that have one.
    public var weekly: Int
    /// Backups that are kept at most.
    public var countMax: Int?
    /// Days after which a backup goes.
    public var daysMax: Int?
    /// Bytes that all kept backups take at most.
    public var bytesMax: Int64?

    public init(daily: Int = 7, weekly: Int = 4, countMax: Int? = nil, daysMax: Int? = nil, bytesMax: Int64? = nil) {
        self.daily = daily
        self.weekly = weekly
        self.countMax = countMax
        self.daysMax = daysMax
        self.bytesMax = bytesMax
    }
}

/// A backup as retention sees it.
public struct RetainedBackup: Sendable, Hashable {
    public enum Check: Sendable, Hashable {
        case unverified
        case verified
        case failed
    }

    public var backup: BaseBackup
    public var check: Check
    /// Since when it waits to be deleted; nil while it is kept.
    public var markedAt: Timestamp?

    public init(backup: BaseBackup, check: Check, markedAt: Timestamp? = nil) {
        self.backup = backup
        self.check = check
        self.markedAt = markedAt
    }
}

/// What to do about the backups of one cluster.
public struct RetentionDecision: Sendable, Equatable {
    /// To be marked: they go ``BackupRetention/delay`` later, if nothing changes.
    public var mark: [BackupID] = []
    /// Marked ones that are kept again.
    public var unmark: [BackupID] = []
    /// To be deleted now.
    public var delete: [BackupID] = []
    /// What can go of the log once ``delete`` is done: everything before a position, by time line.
    public var walBefore: [TimelineID: WALPosition] = [:]
    /// Why nothing expires; nil when the rules were applied.
    public var stopped: String?
}

/// Expiry in two steps, as a pure rule. It never removes
/// - the newest verified backup;
/// - anything while the newest backup is unverified, or its check failed;
/// - an unverified backup;
/// - the log that a backup needs which still exists, marked or not.
public enum BackupRetention {
    /// Time from the mark to the deletion.
    public static let delay = Duration.seconds(24 * 3_600)

    /// What to do now.
    public static func decide(
        _ backups: [RetainedBackup], branches: [TimelineBranch], policy: RetentionPolicy, at now: Timestamp
    ) -> RetentionDecision {
        var decision = RetentionDecision()
        let newestFirst = backups.sorted { ($0.backup.finished, $0.backup.id) > ($1.backup.finished, $1.backup.id) }
        decision.stopped = reasonToStop(newestFirst)
        guard decision.stopped == nil else { return decision }
        let kept = keep(newestFirst, by: policy, at: now)
        for backup in newestFirst {
            let id = backup.backup.id
            switch (kept.contains(id), backup.markedAt) {
            case (true, .some): decision.unmark.append(id)
            case (true, nil): break
            case (false, nil): decision.mark.append(id)
            case (false, let marked?): if now.since(marked) >= delay { decision.delete.append(id) }
            }
        }
        let remaining = newestFirst.map(\.backup).filter { !decision.delete.contains($0.id) }
        decision.walBefore = walBounds(neededBy: remaining, branches: branches)
        return decision
    }

    private static func reasonToStop(_ newestFirst: [RetainedBackup]) -> String? {
        guard let newest = newestFirst.first else { return "there is no backup" }
        switch newest.check {
        case .verified: return nil
        case .unverified: return "the newest backup \(newest.backup.id) is not verified yet"
        case .failed: return "the check of the newest backup \(newest.backup.id) failed"
        }
    }

    private static func keep(
        _ newestFirst: [RetainedBackup], by policy: RetentionPolicy, at now: Timestamp
    ) -> Set<BackupID> {
        let protected = protectedBackups(newestFirst)
        let good = newestFirst.filter { $0.check != .failed }.map(\.backup)
        let wanted = newest(good, ofEach: { $0.number }, count: policy.daily)
            .union(newest(good, ofEach: { $0.week }, count: policy.weekly))
        var (count, bytes, kept) = (0, Int64(0), protected)
        var isFull = false
        for backup in good where wanted.contains(backup.id) || protected.contains(backup.id) {
            let isTooOld = policy.daysMax.map { now.since(backup.finished) > .seconds(Int64($0) * 86_400) } ?? false
            isFull =
                isFull || isTooOld || policy.countMax.map { count >= $0 } ?? false
                || policy.bytesMax.map { bytes + backup.storedBytes > $0 } ?? false
            if !isFull { kept.insert(backup.id) }
            if kept.contains(backup.id) {
                count += 1
                bytes += backup.storedBytes
            }
        }
        return kept
    }

    /// The newest verified one, and those of which it is not known whether they can be restored.
    private static func protectedBackups(_ newestFirst: [RetainedBackup]) -> Set<BackupID> {
        let unverified = newestFirst.filter { $0.check == .unverified }.map(\.backup.id)
        let verified = newestFirst.first { $0.check == .verified }.map(\.backup.id)
        return Set(unverified + [verified].compactMap { $0 })
    }

    private static func newest(
        _ newestFirst: [BaseBackup], ofEach period: (CivilDay) -> Int64, count: Int
    ) -> Set<BackupID> {
        var seen: Set<Int64> = []
        var ids: Set<BackupID> = []
        for backup in newestFirst {
            let own = period(CivilDay(backup.finished))
            guard !seen.contains(own), seen.count < count else { continue }
            seen.insert(own)
            ids.insert(backup.id)
        }
        return ids
    }
}

extension BackupRetention {
    /// From where on the log of each time line is needed by any of the backups. A time line that is missing here is
    /// left alone; nothing is said without a backup.
    public static func walBounds(
        neededBy backups: [BaseBackup], branches: [TimelineBranch]
    ) -> [TimelineID: WALPosition] {
        guard !backups.isEmpty else { return [:] }
        var bounds: [TimelineID: WALPosition] = [:]
        for timeline in Set(backups.map(\.timeline) + branches.flatMap { [$0.timeline, $0.parent] }) {
            let lineage = Lineage(of: timeline, in: branches)
            let needs = backups.compactMap { base -> WALPosition? in
                guard lineage.legs(from: base) != nil else { return nil }
                guard base.timeline == timeline else { return WALPosition(0) }
                return WALPosition(base.start.value - base.start.value % max(1, base.segmentBytes))
            }
            // A younger time line that the archive has only a part of can still get its base: it is left alone.
            guard let least = needs.min() ?? unneeded(timeline, backups) else { continue }
            if least.value > 0 { bounds[timeline] = least }
        }
        return bounds
    }

    /// All of it, when every backup is on a later time line.
    private static func unneeded(_ timeline: TimelineID, _ backups: [BaseBackup]) -> WALPosition? {
        backups.allSatisfy { timeline < $0.timeline } ? WALPosition(.max) : nil
    }
}
