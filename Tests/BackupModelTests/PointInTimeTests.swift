import BackupModel
import OrchestratorTesting
import ProjectModel
import Testing

@Suite("Moments")
struct PointInTimeTests {
    private func contents(
        _ bases: [BaseBackup], _ chunks: [WALChunk], branches: [TimelineBranch] = []
    ) -> ArchiveContents {
        ArchiveContents(bases: bases, chunks: chunks, branches: branches)
    }

    private func progress(_ position: UInt64, on timeline: UInt32 = 1) -> WALProgress {
        WALProgress(timeline: TimelineID(timeline), position: WALPosition(position), completeUntil: nil)
    }

    @Test("a receiver is covered once a base leads to it without a gap")
    func cover() throws {
        let base = try Sample.base("a", 210, to: 230, at: 20)
        func isCovered(_ position: UInt64, by bases: [BaseBackup], _ chunks: [WALChunk]) -> Bool {
            RestorePlanner.isCovered(progress(position), by: contents(bases, chunks))
        }
        #expect(!isCovered(200, by: [], []))
        // The slot was made in the segment in which the base starts: all of its log is still to come.
        #expect(isCovered(200, by: [base], []))
        #expect(isCovered(220, by: [base], [Sample.chunk(200, 220, until: nil)]))
        // It was made later: what the base needs first was never received.
        #expect(!isCovered(300, by: [base], []))
        #expect(!isCovered(400, by: [base], [Sample.chunk(300, 400, until: nil)]))
        #expect(!isCovered(500, by: [base], [Sample.chunk(200, 300, until: nil), Sample.chunk(400, 500, until: nil)]))
        let next = try Sample.base("b", 410, to: 420, at: 40)
        #expect(
            isCovered(500, by: [base, next], [Sample.chunk(200, 300, until: nil), Sample.chunk(400, 500, until: nil)]))
        // A base whose log the receiver has not reached yet.
        #expect(isCovered(350, by: [try Sample.base("c", 410, to: 430, at: 40)], [Sample.chunk(300, 350, until: nil)]))
    }

    @Test("no span grows over a gap, also while the first backup after it is not whole")
    func growth() throws {
        let old = try Sample.base("old", 110, to: 130, at: 10)
        let new = try Sample.base("new", 410, to: 430, at: 40)
        let before = Sample.chunk(100, 250, until: 25)
        func grows(_ position: UInt64, until time: Int64?, by bases: [BaseBackup], _ chunks: [WALChunk]) -> Bool {
            let progress = WALProgress(
                timeline: TimelineID(1), position: WALPosition(position),
                completeUntil: time.map { Sample.seconds($0) })
            let archive = contents(bases, chunks)
            let grows = RestorePlanner.growsLastSpan(progress, in: archive)
            // It is one of the last, and what it grows to has a plan.
            if grows, let last = RestorePlanner.spans(in: archive, known: progress).last, let time {
                for moment in last.earliest.milliseconds / 1_000...max(time, last.earliest.milliseconds / 1_000) {
                    let plan = try? RestorePlanner.plan(
                        for: .time(Sample.seconds(moment)), in: archive, known: progress)
                    #expect(plan != nil, "\(moment)")
                }
            }
            return grows
        }
        #expect(grows(250, until: 27, by: [old], [before]))
        #expect(!grows(250, until: nil, by: [], [before]))
        // The slot was lost: the receiver begins at 400, where the new backup's log begins, and has not reached its end.
        #expect(!grows(400, until: nil, by: [old, new], [before]))
        let start = Sample.chunk(400, 420, until: 41)
        #expect(!grows(420, until: 41, by: [old, new], [before, start]))
        // It has, and no moment is certified yet.
        let silent = Sample.chunk(400, 450, until: nil)
        #expect(!grows(450, until: nil, by: [old, new], [before, silent]))
        #expect(!grows(450, until: 39, by: [old, new], [before, silent]))
        #expect(grows(450, until: 41, by: [old, new], [before, silent]))
        // A clock that was set back does not make the older span the last one.
        let odd = try Sample.base("odd", 410, to: 430, at: 5)
        #expect(grows(450, until: 8, by: [old, odd], [before, silent]))
        let progress = WALProgress(
            timeline: TimelineID(1), position: WALPosition(450), completeUntil: Sample.seconds(8))
        #expect(
            RestorePlanner.spans(in: contents([old, odd], [before, silent]), known: progress).last?.earliest
                == Sample.seconds(5))
    }

    @Test("a time line of a restore is covered by the base of the one before, if its log reaches the branch")
    func branches() throws {
        let base = try Sample.base("a", 110, to: 130, at: 10)
        let branch = Sample.branch(2, from: 1, at: 250, seen: 30)
        func isCovered(_ chunks: [WALChunk]) -> Bool {
            RestorePlanner.isCovered(progress(300, on: 2), by: contents([base], chunks, branches: [branch]))
        }
        let own = Sample.chunk(250, 300, until: 40, on: 2)
        #expect(isCovered([Sample.chunk(100, 260, until: 20), own]))
        #expect(!isCovered([Sample.chunk(100, 240, until: 20), own]))
        #expect(!isCovered([Sample.chunk(100, 260, until: 20), Sample.chunk(270, 300, until: 40, on: 2)]))
    }

    @Test("a base from before its time line was known is not followed by that time line's log")
    func sameNumber() throws {
        // Two restores took the same number: the log is the second one's, and the first base is of the first.
        let branch = Sample.branch(2, from: 1, at: 200, seen: 30)
        let first = try Sample.base("first", 310, to: 330, at: 29, on: 2, includesWAL: true)
        let second = try Sample.base("second", 410, to: 430, at: 41, on: 2)
        let chunks = [Sample.chunk(200, 500, until: 50, on: 2)]
        let all = contents([first, second], chunks, branches: [branch])
        #expect(RestorePlanner.spans(in: all).map(\.earliest) == [Sample.seconds(41)])
        #expect(throws: BackupError.self) { try RestorePlanner.plan(for: .time(Sample.seconds(35)), in: all) }
        // Alone it can be restored as before.
        let plan = try RestorePlanner.plan(for: .backup(first.id), in: all)
        #expect(plan.base.id == first.id && plan.log.isEmpty)
    }

    @Test("whatever was archived, a moment has a plan exactly when one of the spans holds it", arguments: 0..<60)
    func plansAndSpansAgree(_ seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        var (bases, chunks): ([BaseBackup], [WALChunk]) = ([], [])
        var position: UInt64 = 100
        for time in 1...30 as ClosedRange<Int64> {
            let next = position + UInt64.random(in: 1...80, using: &generator)
            // Each stretch may be lost, its end may not be certified, and a base may have been taken in it.
            if Int.random(in: 0..<8, using: &generator) > 0 {
                chunks.append(Sample.chunk(position, next, until: Bool.random(using: &generator) ? time * 10 : nil))
            }
            if Int.random(in: 0..<6, using: &generator) == 0 {
                bases.append(
                    try Sample.base("b\(time)", position, to: next, at: time * 10 + 1, includesWAL: true))
            }
            position = next
        }
        let archive = contents(bases, chunks)
        let spans = RestorePlanner.spans(in: archive)
        for time in stride(from: 0 as Int64, through: 320, by: 3) {
            let moment = Sample.seconds(time)
            let isOffered = spans.contains { $0.earliest <= moment && moment <= $0.latest }
            let plan = try? RestorePlanner.plan(for: .time(moment), in: archive)
            if isOffered { #expect(plan != nil, "\(time)") }
            guard let plan else { continue }
            #expect(spans.contains { $0.earliest <= moment && moment <= $0.latest }, "\(time)")
            // The log of a plan is whole, from the segment of its base on.
            var end = plan.base.start.value / 100 * 100
            for piece in plan.log {
                #expect(piece.from.value == end)
                end = piece.to.value
            }
            #expect(plan.base.finished <= moment && end >= plan.base.end.value)
        }
    }
}

@Suite("How long a log is kept")
struct LogRetentionTests {
    private static let day: Int64 = 86_400
    private let now = Sample.seconds(40 * day)

    /// A base of each day, and one chunk of each; the base of day N starts at N × 100.
    private func daily(_ days: ClosedRange<Int64>, includesWAL: Bool = true) throws -> ArchiveContents {
        ArchiveContents(
            bases: try days.map {
                try Sample.base(
                    "d\($0)", UInt64($0) * 100 + 10, to: UInt64($0) * 100 + 20, at: $0 * Self.day + 60,
                    includesWAL: includesWAL)
            }, chunks: days.map { Sample.chunk(UInt64($0) * 100, UInt64($0 + 1) * 100, until: $0 * Self.day) },
            branches: [])
    }

    @Test("the log goes that leads to no moment of the last days")
    func days() throws {
        let bounds = LogRetention.bounds(in: try daily(10...39), at: now)
        // Seven days back is the beginning of day 33: the base of day 32 is the newest before it.
        #expect(bounds == [TimelineID(1): WALPosition(3_200)])
        var kept = try daily(10...39)
        kept.chunks.removeAll { $0.to <= WALPosition(3_200) }
        let first = Sample.seconds(33 * Self.day)
        #expect(try RestorePlanner.plan(for: .time(first), in: kept).base.id.value == "d32")
    }

    @Test("a backup that does not hold its own log keeps it, however old")
    func needed() throws {
        #expect(
            LogRetention.bounds(in: try daily(10...39, includesWAL: false), at: now)
                == [TimelineID(1): WALPosition(1_000)])
    }

    @Test("nothing goes where it is not known what is needed")
    func unknown() throws {
        var contents = try daily(10...39)
        contents.damaged = ["backup.json"]
        #expect(LogRetention.bounds(in: contents, at: now).isEmpty)
        #expect(LogRetention.bounds(in: ArchiveContents(bases: [], chunks: [], branches: []), at: now).isEmpty)
        // A project that stood still: its last base is older than the days, and leads to all of them.
        #expect(LogRetention.bounds(in: try daily(10...20), at: now) == [TimelineID(1): WALPosition(2_000)])
    }

    @Test("a time line that a restore left goes with the days, and not before")
    func branches() throws {
        var contents = try daily(30...39)
        contents.branches = [Sample.branch(2, from: 1, at: 3_950, seen: 39 * Self.day + 100)]
        contents.bases.append(
            try Sample.base("new", 3_960, to: 3_970, at: 39 * Self.day + 200, on: 2, includesWAL: true))
        #expect(LogRetention.bounds(in: contents, at: now)[TimelineID(1)] == WALPosition(3_200))
        let later = Sample.seconds(60 * Self.day)
        #expect(LogRetention.bounds(in: contents, at: later)[TimelineID(1)] == WALPosition(.max))
    }
}
