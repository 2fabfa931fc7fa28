import BackupModel
import ProjectModel
import Testing

/// An archive in a few words: positions in segments of 100 bytes, times in seconds.
enum Sample {
    static func base(
        _ name: String, _ start: UInt64, to end: UInt64, at time: Int64, on timeline: UInt32 = 1,
        includesWAL: Bool = false
    ) throws -> BaseBackup {
        BaseBackup(
            id: try #require(BackupID(name)), timeline: TimelineID(timeline), start: WALPosition(start),
            end: WALPosition(end), begun: seconds(time - 1), finished: seconds(time), storedBytes: 10,
            systemIdentifier: 1, serverVersion: "15", segmentBytes: 100, includesWAL: includesWAL)
    }

    static func chunk(_ from: UInt64, _ to: UInt64, until time: Int64?, on timeline: UInt32 = 1) -> WALChunk {
        WALChunk(
            timeline: TimelineID(timeline), from: WALPosition(from), to: WALPosition(to),
            completeUntil: time.map(seconds), storedBytes: 1)
    }

    static func seconds(_ count: Int64) -> Timestamp { Timestamp(milliseconds: count * 1_000) }

    static func branch(_ timeline: UInt32, from parent: UInt32, at position: UInt64, seen: Int64) -> TimelineBranch {
        TimelineBranch(
            timeline: TimelineID(timeline), parent: TimelineID(parent), from: WALPosition(position),
            seen: seconds(seen))
    }

    static func gap(_ from: UInt64, _ to: UInt64, on timeline: UInt32 = 1) -> BackupError {
        .gap(WALGap(timeline: TimelineID(timeline), from: WALPosition(from), to: WALPosition(to)))
    }
}

@Suite("Plans of restores")
struct RestorePlannerTests {
    private func contents(
        _ bases: [BaseBackup], _ chunks: [WALChunk], branches: [TimelineBranch] = []
    ) -> ArchiveContents {
        ArchiveContents(bases: bases, chunks: chunks, branches: branches)
    }

    private func steady() throws -> ArchiveContents {
        contents(
            [try Sample.base("a", 110, to: 130, at: 10), try Sample.base("b", 310, to: 330, at: 30)],
            (1...5).map { Sample.chunk(UInt64($0) * 100, UInt64($0 + 1) * 100, until: Int64($0) * 10 + 9) })
    }

    @Test func theYoungestBaseBeforeTheTimeIsTaken() throws {
        let contents = try steady()
        for (time, base, last) in [(10, "a", 100), (29, "a", 300), (30, "b", 300), (59, "b", 500)]
            as [(Int64, String, UInt64)]
        {
            let plan = try RestorePlanner.plan(for: .time(Sample.seconds(time)), in: contents)
            #expect(plan.base.id.value == base, "\(time)")
            #expect(plan.log.first?.from == WALPosition(base == "a" ? 100 : 300))
            #expect(plan.log.last?.from == WALPosition(last), "\(time)")
        }
    }

    @Test(arguments: [9, 60] as [Int64])
    func aTimeOutsideIsRefusedWithBothEnds(_ time: Int64) throws {
        let span = RestorableSpan(
            timeline: TimelineID(1), earliest: Sample.seconds(10), latest: Sample.seconds(59))
        #expect(throws: BackupError.outside(span)) {
            try RestorePlanner.plan(for: .time(Sample.seconds(time)), in: try steady())
        }
    }

    @Test func aReceiverThatSawNothingNewMovesTheLatestTime() throws {
        let contents = try steady()
        let known = WALProgress(
            timeline: TimelineID(1), position: WALPosition(600), completeUntil: Sample.seconds(500))
        let plan = try RestorePlanner.plan(for: .time(Sample.seconds(500)), in: contents, known: known)
        #expect(plan.walEnd == WALPosition(600))
        // What it says of log that the store lost counts for nothing.
        let ahead = WALProgress(
            timeline: TimelineID(1), position: WALPosition(601), completeUntil: Sample.seconds(500))
        #expect(throws: BackupError.self) {
            try RestorePlanner.plan(for: .time(Sample.seconds(500)), in: contents, known: ahead)
        }
        #expect(throws: Sample.gap(600, 601)) { try RestorePlanner.plan(for: .latest, in: contents, known: ahead) }
    }

    @Test func everyMissingChunkIsAGapForWhatNeedsItAndForNothingElse() throws {
        for missing in 0..<5 {
            var contents = try steady()
            let lost = contents.chunks.remove(at: missing)
            for time in Int64(10)...59 {
                let base = time >= 30 ? 3 : 1
                let needed = (UInt64(base) * 100)..<(UInt64(time / 10) * 100 + 1)
                let plan = Result { try RestorePlanner.plan(for: .time(Sample.seconds(time)), in: contents) }
                // The older base can stand in when only the younger one's own log is lost, and never the other way.
                let isNeeded = needed.contains(lost.from.value)
                #expect((try? plan.get()) == nil || !isNeeded, "without \(lost.from) at \(time)")
                if !isNeeded { #expect((try? plan.get()) != nil, "without \(lost.from) at \(time)") }
            }
            let gaps = RestorePlanner.gaps(in: contents)
            #expect(gaps.count == ((1...3).contains(missing) ? 1 : 0))
        }
    }

    @Test func theLatestIsNotOfferedAcrossAGap() throws {
        var contents = try steady()
        contents.chunks.remove(at: 3)
        #expect(throws: Sample.gap(400, 500)) { try RestorePlanner.plan(for: .latest, in: contents) }
        let spans = RestorePlanner.spans(in: contents)
        #expect(spans.map(\.latest) == [Sample.seconds(39)])
        contents.bases.append(try Sample.base("c", 510, to: 520, at: 52))
        #expect(try RestorePlanner.plan(for: .latest, in: contents).base.id.value == "c")
        #expect(RestorePlanner.spans(in: contents).map(\.earliest) == [Sample.seconds(10), Sample.seconds(52)])
        // A moment in the gap belongs to no span.
        #expect(throws: Sample.gap(400, 500)) {
            try RestorePlanner.plan(for: .time(Sample.seconds(45)), in: contents)
        }
    }

    @Test func chunksThatOverlapAreReplayedOnce() throws {
        let overlapping = contents(
            [try Sample.base("a", 110, to: 130, at: 10)],
            [
                Sample.chunk(100, 150, until: 15), Sample.chunk(100, 220, until: 22), Sample.chunk(180, 200, until: 20),
                Sample.chunk(150, 300, until: 29),
            ])
        let plan = try RestorePlanner.plan(for: .latest, in: overlapping)
        #expect(plan.log.map(\.from) == [WALPosition(100), WALPosition(220)])
        #expect(plan.log.map(\.to) == [WALPosition(220), WALPosition(300)])
    }

    @Test func aBaseWhoseSegmentIsNotThereFromItsBeginningIsNone() throws {
        let late = contents([try Sample.base("a", 110, to: 130, at: 10)], [Sample.chunk(105, 200, until: 20)])
        #expect(throws: BackupError.self) { try RestorePlanner.plan(for: .latest, in: late) }
        #expect(RestorePlanner.spans(in: late).isEmpty)
    }

    @Test func theEndOfABaseNeedsItsLogOnlyUnlessItHasItsOwn() throws {
        var contents = try steady()
        let own = try #require(BackupID("own"))
        contents.bases.append(try Sample.base("own", 910, to: 920, at: 90, includesWAL: true))
        #expect(try RestorePlanner.plan(for: .backup(own), in: contents).log.isEmpty)
        let first = try #require(BackupID("a"))
        #expect(try RestorePlanner.plan(for: .backup(first), in: contents).log.map(\.to) == [WALPosition(200)])
        contents.chunks.removeFirst()
        #expect(throws: Sample.gap(100, 130)) { try RestorePlanner.plan(for: .backup(first), in: contents) }
        let none = try #require(BackupID("none"))
        #expect(throws: BackupError.noBackup(none)) { try RestorePlanner.plan(for: .backup(none), in: contents) }
    }

    @Test func aRestorePointNeedsABaseBeforeItAndTheLogUpToIt() throws {
        let contents = try steady()
        func plan(_ position: UInt64) throws -> RestorePlan {
            let point = RestorePoint(name: "p", timeline: TimelineID(1), position: WALPosition(position))
            return try RestorePlanner.plan(for: .restorePoint(point), in: contents)
        }
        #expect(throws: BackupError.noBase) { try plan(129) }
        #expect(try plan(130).base.id.value == "a")
        #expect(try plan(330).base.id.value == "b")
        #expect(try plan(600).log.last?.to == WALPosition(600))
        #expect(throws: Sample.gap(600, 601)) { try plan(601) }
    }

    /// Time line 2 left 1 at 250; then 1 was used again from 250 on, and 3 left it at 420.
    private func branched() throws -> ArchiveContents {
        contents(
            [try Sample.base("a", 110, to: 130, at: 10), try Sample.base("two", 310, to: 320, at: 33, on: 2)],
            [
                Sample.chunk(100, 250, until: 19), Sample.chunk(250, 300, until: 25, on: 2),
                Sample.chunk(300, 400, until: 39, on: 2), Sample.chunk(250, 450, until: 49),
                Sample.chunk(420, 500, until: 59, on: 3),
            ],
            branches: [
                Sample.branch(2, from: 1, at: 250, seen: 20), Sample.branch(3, from: 1, at: 420, seen: 50),
            ])
    }

    @Test func aTimeIsOnTheNewestBranchThatExistedThen() throws {
        let contents = try branched()
        let expected: [(Int64, UInt32, String)] = [
            (15, 1, "a"), (19, 1, "a"), (20, 2, "a"), (32, 2, "a"), (33, 2, "two"), (39, 2, "two"), (40, 1, "a"),
            (49, 1, "a"), (50, 3, "a"), (59, 3, "a"),
        ]
        for (time, timeline, base) in expected {
            let plan = try RestorePlanner.plan(for: .time(Sample.seconds(time)), in: contents)
            #expect(plan.timeline == TimelineID(timeline), "\(time)")
            #expect(plan.base.id.value == base, "\(time)")
        }
    }

    @Test func theWayToABranchLeavesItsParentWhereItBegan() throws {
        let plan = try RestorePlanner.plan(for: .latest, in: try branched())
        #expect(plan.timeline == TimelineID(3))
        #expect(plan.log.map(\.chunk.timeline.value) == [1, 1, 3])
        #expect(plan.log.map(\.to) == [WALPosition(250), WALPosition(420), WALPosition(500)])
        #expect(plan.branches.count == 2)
        #expect(plan.recoverySettings.contains { $0.name == "recovery_target_timeline" && $0.value == "3" })
    }

    @Test func aParentThatWasNotArchivedUpToTheBranchIsAGap() throws {
        var contents = try branched()
        contents.chunks[3].to = WALPosition(410)
        #expect(throws: Sample.gap(410, 420)) { try RestorePlanner.plan(for: .latest, in: contents) }
    }

    @Test func settingsNameOneTarget() throws {
        let time = Timestamp(milliseconds: 1_793_009_730_042)
        var plan = RestorePlan(
            target: .time(time), base: try Sample.base("a", 1, to: 2, at: 3), timeline: TimelineID(1), log: [],
            branches: [])
        let text = plan.recoverySettings.first { $0.name == "recovery_target_time" }?.value
        #expect(text == "2026-10-26 10:15:30.042+00")
        #expect(plan.settingsWithoutTarget?.contains { $0.name == "recovery_target_time" } == false)
        plan.target = .latest
        #expect(plan.settingsWithoutTarget == nil)
    }

    @Test func nothingIsOfferedWithoutABase() {
        let empty = contents([], [Sample.chunk(100, 200, until: 20)])
        #expect(throws: BackupError.outside(nil)) { try RestorePlanner.plan(for: .latest, in: empty) }
        #expect(RestorePlanner.spans(in: empty).isEmpty)
    }
}
