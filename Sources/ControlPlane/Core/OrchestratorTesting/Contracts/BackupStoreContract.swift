import BackupModel
public import BackupOperations
import Orchestrator
public import ProjectModel

/// What every ``BackupStore`` promises. Tests run it on ``InMemoryBackupStore`` and on PostgreSQL.
public enum BackupStoreContract {
    /// Checks every promise on an empty store; throws the first that is broken.
    ///
    /// - Parameter refs: two projects that the store's database knows.
    public static func run(on store: any BackupStore, refs: [ProjectRef]) async throws {
        guard refs.count == 2 else { throw ContractViolation("the contract needs two projects") }
        let run = BackupContractRun(store: store, one: refs[0], two: refs[1])
        try await run.checkArchives()
        try await run.checkBackups()
        try await run.checkRestores()
        try await run.checkSchedules()
        try await run.checkLogCopies()
    }
}

private struct BackupContractRun {
    let store: any BackupStore
    let one: ProjectRef
    let two: ProjectRef
    let start = Timestamp(milliseconds: 1_800_000_000_000)

    func checkArchives() async throws {
        try promise("a project has no archive at first", try await store.archive(of: one) == nil)
        try promise("a draft becomes its name", try await store.archive(of: one, drafting: "first") == "first")
        try promise("a later draft does not", try await store.archive(of: one, drafting: "second") == "first")
        try promise("it is read", try await store.archive(of: one) == "first")
        try promise("each project has its own", try await store.archive(of: two, drafting: "other") == "other")
    }

    func checkBackups() async throws {
        try promise("no backups at first", try await store.backups(of: one, limit: 9).isEmpty)
        let first = try await store.insert(.request, of: one, by: "a@example.com", at: start)
        try promise(
            "a backup begins pending",
            first
                == ProjectBackup(
                    id: first.id, ref: one, reason: .request, requestedBy: "a@example.com", insertedAt: start))
        let second = try await store.insert(.restore, of: one, by: nil, at: start + .seconds(1))
        let other = try await store.insert(.schedule, of: two, by: nil, at: start)
        try promise("numbers grow", second.id > first.id && other.id > second.id)
        try promise("the newest is first", try await store.backups(of: one, limit: 9) == [second, first])
        try promise("a list has a limit", try await store.backups(of: one, limit: 1) == [second])
        try promise("a backup belongs to its project", try await store.backup(first.id, of: two) == nil)
        for state in BackupState.allCases where state != .pending {
            var changed = first
            (changed.state, changed.archived, changed.image) = (state, BackupID("b1-1"), "db:15.1")
            (changed.storedBytes, changed.takenAt) = (1 << 40, start + .seconds(2))
            changed.markedAt = start + .seconds(4)
            (changed.verifiedAt, changed.failure) = (start + .seconds(3), "it's \"odd\"")
            try await store.update(changed)
            try promise("every field is kept", try await store.backup(first.id, of: one) == changed)
            let refs = try await store.refsInStore()
            try promise("a project counts while it has a backup in the store", refs == (state.isInStore ? [one] : []))
            // The later one is not in the store.
            let stored = try await store.backupsInStore(of: one)
            try promise("what is in the store is found behind later ones", stored == (state.isInStore ? [changed] : []))
            try promise("and is no other project's", try await store.backupsInStore(of: two).isEmpty)
        }
        var gone = first
        gone.id = other.id + 1_000
        try await store.update(gone)
        try promise("what is not there is not made", try await store.backups(of: one, limit: 9).count == 2)
    }

    func checkSchedules() async throws {
        try promise("no project has a schedule at first", try await store.schedules().isEmpty)
        guard let early = BackupSchedule(secondOfDay: 1), let late = BackupSchedule(secondOfDay: 86_399) else {
            throw ContractViolation("these are times of day")
        }
        try await store.save(ScheduledBackup(rule: early, updatedAt: start), of: one)
        let second = ScheduledBackup(rule: late, updatedAt: start + .seconds(5), copiesLog: true)
        try await store.save(second, of: one)
        try promise("a schedule replaces the one before", try await store.schedule(of: one) == second)
        try promise("another project has none", try await store.schedule(of: two) == nil)
        try promise("all of them are read", try await store.schedules() == [one: second])
    }

    private func wanted() async throws -> [ProjectRef: Bool] { try await store.logCopies().mapValues(\.isWanted) }

    func checkLogCopies() async throws {
        try promise("a log is wanted once the schedule says so", try await wanted() == [one: true])
        try promise("it has no row before the first connection", try await store.logCopy(of: one) == nil)
        var copy = LogCopy(ref: one, updatedAt: start)
        try await store.save(copy)
        try promise("a row begins with nothing", try await store.logCopy(of: one) == copy)
        (copy.state, copy.failure, copy.epoch) = (.delayed, "it's \"odd\"", 3)
        copy.progress = WALProgress(
            timeline: TimelineID(.max), position: WALPosition(.max), completeUntil: start + .milliseconds(1))
        copy.gap = WALGap(timeline: TimelineID(2), from: WALPosition(1), to: WALPosition(1 << 40))
        (copy.gapSeenAt, copy.updatedAt) = (start + .seconds(1), start + .seconds(2))
        try await store.save(copy)
        try promise("every field is kept", try await store.logCopy(of: one) == copy)
        let spans = [1, 2].map { number in
            RestorableSpan(timeline: TimelineID(number), earliest: start, latest: start + .milliseconds(Int64(number)))
        }
        try promise("what a look found is kept", try await store.save(spans, isCovered: true, of: copy))
        (copy.spans, copy.isCovered) = (spans, true)
        try promise("and read", try await store.logCopy(of: one) == copy)
        var stale = copy
        stale.epoch = 2
        try promise("a look from before a gap is not", try await !store.save([], isCovered: true, of: stale))
        var same = copy
        (same.spans, same.isCovered, same.state) = ([], false, .receiving)
        try await store.save(same)
        copy.state = .receiving
        try promise("progress leaves what a look found", try await store.logCopy(of: one) == copy)
        copy.epoch = 4
        try await store.save(copy)
        copy.isCovered = false
        try promise("a gap takes the cover away", try await store.logCopy(of: one) == copy)
        try await store.noteFailure("it's full", ofLogOf: one, at: start + .seconds(9))
        (copy.state, copy.failure, copy.updatedAt) = (.failing, "it's full", start + .seconds(9))
        try promise("a failure changes nothing else", try await store.logCopy(of: one) == copy)
        try await store.noteFailure("why", ofLogOf: two, at: start)
        let first = LogCopy(ref: two, state: .failing, failure: "why", updatedAt: start)
        try promise("a failure may be the first of a row", try await store.logCopy(of: two) == first)
        try await store.save(LogCopy(ref: two, updatedAt: start))
        try promise("a copy that is not wanted is named", try await wanted() == [one: true, two: false])
        try await store.forgetLogCopy(of: two)
        try promise("until it is forgotten", try await wanted() == [one: true])
    }

    func checkRestores() async throws {
        guard let name = BackupID("b1-1") else { throw ContractViolation("the name is one") }
        let first = try await store.insert(.backup(name), into: one, by: "a@example.com", at: start)
        try promise(
            "a restore begins with nothing",
            first
                == ProjectRestore(
                    id: first.id, ref: one, source: .backup(name), requestedBy: "a@example.com", insertedAt: start))
        let second = try await store.insert(.volume("a_b"), into: one, by: nil, at: start + .seconds(1))
        try promise("the newest is first", try await store.restores(of: one, limit: 9) == [second, first])
        let moment = try await store.insert(.time(start), into: two, by: nil, at: start)
        try promise("a moment is kept", try await store.restore(moment.id)?.source == .time(start))
        try promise("a list has a limit", try await store.restores(of: one, limit: 1) == [second])
        try promise("another project has its own", try await store.restores(of: two, limit: 9) == [moment])
        for state in RestoreState.allCases {
            var changed = second
            (changed.state, changed.volume) = (state, "a_b_g1")
            (changed.endedAt, changed.failure) = (start + .seconds(9), "why")
            try await store.update(changed)
            try promise("every field is kept", try await store.restore(second.id) == changed)
        }
        try promise("what is not there is nil", try await store.restore(moment.id + 1_000) == nil)
    }
}
