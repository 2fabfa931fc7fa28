import BackupModel
import OrchestratorTesting
import ProjectModel
import Testing

@Suite("Retention of backups")
struct RetentionTests {
    private static let day: Int64 = 86_400
    private let now = Sample.seconds(40 * day + 43_200)

    /// A backup of each of the last days, the newest first in the list.
    private func daily(_ count: Int, check: RetainedBackup.Check = .verified) throws -> [RetainedBackup] {
        try (0..<count).map { index in
            let backup = try Sample.base(
                "d\(index)", UInt64(1_000 - index) * 100 + 10, to: UInt64(1_000 - index) * 100 + 20,
                at: (40 - Int64(index)) * Self.day + 3_600)
            return RetainedBackup(backup: backup, check: check)
        }
    }

    private func decide(
        _ backups: [RetainedBackup], _ policy: RetentionPolicy = RetentionPolicy()
    ) -> RetentionDecision {
        BackupRetention.decide(backups, branches: [], policy: policy, at: now)
    }

    @Test func theNewestOfEachDayAndWeekAreKept() throws {
        let decision = decide(try daily(30), RetentionPolicy(daily: 7, weekly: 4))
        let kept = Set((0..<30).map { "d\($0)" }).subtracting(decision.mark.map(\.value))
        // 1970-02-10 was a Tuesday: the Sundays before it end the weeks.
        #expect(kept == ["d0", "d1", "d2", "d3", "d4", "d5", "d6", "d9", "d16"])
        #expect(decision.delete.isEmpty)
    }

    @Test func aMarkedBackupIsDeletedADayLaterAndItsLogAfterIt() throws {
        var backups = try daily(3)
        let policy = RetentionPolicy(daily: 2, weekly: 0)
        #expect(decide(backups, policy).mark.map(\.value) == ["d2"])
        backups[2].markedAt = Sample.seconds(39 * Self.day + 43_201)
        let early = decide(backups, policy)
        #expect(early.delete.isEmpty && early.mark.isEmpty)
        #expect(early.walBefore == [TimelineID(1): WALPosition(99_800)])
        backups[2].markedAt = Sample.seconds(39 * Self.day + 43_200)
        let due = decide(backups, policy)
        #expect(due.delete.map(\.value) == ["d2"])
        #expect(due.walBefore == [TimelineID(1): WALPosition(99_900)])
    }

    @Test func aLongerPolicyTakesTheMarkBack() throws {
        var backups = try daily(3)
        backups[2].markedAt = Sample.seconds(0)
        #expect(decide(backups).unmark.map(\.value) == ["d2"])
    }

    @Test(arguments: [RetainedBackup.Check.unverified, .failed])
    func nothingExpiresWhileTheNewestIsNotVerified(_ check: RetainedBackup.Check) throws {
        var backups = try daily(30)
        for index in backups.indices { backups[index].markedAt = Sample.seconds(0) }
        backups[0].check = check
        let decision = decide(backups)
        #expect(decision.stopped != nil)
        #expect(decision.mark.isEmpty && decision.delete.isEmpty && decision.walBefore.isEmpty)
    }

    @Test func limitsTakeTheOldestFirst() throws {
        let backups = try daily(7)
        #expect(decide(backups, RetentionPolicy(countMax: 2)).mark.count == 5)
        #expect(decide(backups, RetentionPolicy(bytesMax: 35)).mark.count == 4)
        #expect(decide(backups, RetentionPolicy(daysMax: 3)).mark.map(\.value) == ["d3", "d4", "d5", "d6"])
        // No limit takes the last verified one.
        for policy in [
            RetentionPolicy(daily: 0, weekly: 0), RetentionPolicy(countMax: 0), RetentionPolicy(bytesMax: 0),
        ] {
            #expect(decide(backups, policy).mark.map(\.value) == ["d1", "d2", "d3", "d4", "d5", "d6"])
        }
    }

    /// Whatever the policy and the order of events: what still exists stays restorable, and the newest verified one is
    /// there.
    @Test func noHistoryOfDecisionsTakesWhatIsNeeded() throws {
        for seed in 0..<300 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            let policy = RetentionPolicy(
                daily: .random(in: 0...4, using: &generator), weekly: .random(in: 0...2, using: &generator),
                countMax: Bool.random(using: &generator) ? .random(in: 0...4, using: &generator) : nil,
                bytesMax: Bool.random(using: &generator) ? .random(in: 0...60, using: &generator) : nil)
            var backups: [RetainedBackup] = []
            var contents = ArchiveContents(bases: [], chunks: [], branches: [])
            for step in 0..<40 as Range<Int64> {
                let (time, place) = (step * 40_000 + 10, UInt64(step + 1) * 100)
                contents.chunks.append(Sample.chunk(place, place + 100, until: time + 39_000))
                if Int.random(in: 0..<3, using: &generator) > 0 {
                    let base = try Sample.base("s\(step)", place + 10, to: place + 20, at: time)
                    backups.append(RetainedBackup(backup: base, check: .unverified))
                }
                if let open = backups.indices.filter({ backups[$0].check == .unverified }).randomElement(
                    using: &generator)
                {
                    backups[open].check = Int.random(in: 0..<4, using: &generator) == 0 ? .failed : .verified
                }
                let before = backups
                apply(policy, to: &backups, and: &contents, at: Sample.seconds(time + 39_000))
                let newest = before.last { $0.check == .verified }
                #expect(newest == nil || backups.contains { $0.backup.id == newest?.backup.id }, "seed \(seed)")
                for backup in before where backup.check == .unverified {
                    #expect(backups.contains { $0.backup.id == backup.backup.id }, "seed \(seed)")
                }
                contents.bases = backups.map(\.backup)
                for backup in backups {
                    let plan = Result { try RestorePlanner.plan(for: .backup(backup.backup.id), in: contents) }
                    #expect((try? plan.get()) != nil, "seed \(seed), step \(step), \(backup.backup.id)")
                    let latest = Result { try RestorePlanner.plan(for: .latest, in: contents) }
                    #expect((try? latest.get()) != nil, "seed \(seed), step \(step)")
                }
            }
        }
    }

    private func apply(
        _ policy: RetentionPolicy, to backups: inout [RetainedBackup], and contents: inout ArchiveContents,
        at time: Timestamp
    ) {
        let decision = BackupRetention.decide(backups, branches: [], policy: policy, at: time)
        for index in backups.indices {
            if decision.mark.contains(backups[index].backup.id) { backups[index].markedAt = time }
            if decision.unmark.contains(backups[index].backup.id) { backups[index].markedAt = nil }
        }
        backups.removeAll { decision.delete.contains($0.backup.id) }
        contents.chunks.removeAll { chunk in decision.walBefore[chunk.timeline].map { chunk.to <= $0 } ?? false }
    }

    @Test func aPlantedRuleThatExpiresTooEarlyIsFound() throws {
        // The log from the youngest base on is kept, instead of from the oldest on.
        let backups = try daily(3).map(\.backup)
        var contents = ArchiveContents(
            bases: backups, chunks: (997...1_000).map { Sample.chunk($0 * 100, $0 * 100 + 100, until: 5_000_000) },
            branches: [])
        let wrong = BackupRetention.walBounds(neededBy: [backups[0]], branches: [])
        contents.chunks.removeAll { chunk in wrong[chunk.timeline].map { chunk.to <= $0 } ?? false }
        #expect(throws: BackupError.self) { try RestorePlanner.plan(for: .backup(backups[2].id), in: contents) }
    }

    @Test func theLogOfBranchesFollowsTheBasesThatLeadThere() throws {
        let branches = [Sample.branch(2, from: 1, at: 250, seen: 20), Sample.branch(3, from: 2, at: 600, seen: 60)]
        let old = try Sample.base("old", 110, to: 130, at: 10)
        let new = try Sample.base("new", 310, to: 320, at: 33, on: 2)
        #expect(
            BackupRetention.walBounds(neededBy: [old, new], branches: branches) == [TimelineID(1): WALPosition(100)])
        #expect(
            BackupRetention.walBounds(neededBy: [new], branches: branches) == [
                TimelineID(1): WALPosition(.max), TimelineID(2): WALPosition(300),
            ])
        #expect(BackupRetention.walBounds(neededBy: [], branches: branches).isEmpty)
    }
}
