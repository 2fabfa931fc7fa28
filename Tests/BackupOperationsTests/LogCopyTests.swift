import BackupModel
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import BackupOperations

@Suite("The copy of a log")
struct LogCopyTests {
    private func seconds(_ count: Int64) -> Timestamp { Timestamp(milliseconds: count * 1_000) }

    private func span(_ earliest: Int64, _ latest: Int64, on timeline: UInt32 = 1) -> RestorableSpan {
        RestorableSpan(timeline: TimelineID(timeline), earliest: seconds(earliest), latest: seconds(latest))
    }

    private func progress(until time: Int64?, on timeline: UInt32 = 1) -> WALProgress {
        WALProgress(
            timeline: TimelineID(timeline), position: WALPosition(100), completeUntil: time.map(seconds))
    }

    private func copy(_ spans: [RestorableSpan], until time: Int64? = 50, isCovered: Bool = true) -> LogCopy {
        LogCopy(
            ref: .sample(1), progress: progress(until: time), updatedAt: seconds(60), spans: spans,
            isCovered: isCovered)
    }

    @Test("the newest window grows with the receiver while a backup leads to it")
    func windows() {
        #expect(copy([]).window == nil)
        #expect(copy([span(10, 20)]).window == span(10, 50))
        #expect(copy([span(10, 20)], until: nil).window == span(10, 20))
        #expect(copy([span(10, 20)], isCovered: false).window == span(10, 20))
        // The one before a gap does not.
        #expect(copy([span(10, 20), span(30, 40)]).windows == [span(10, 20), span(30, 50)])
        // Nor one of another time line.
        #expect(copy([span(10, 20, on: 2)]).windows == [span(10, 20, on: 2)])
        #expect(copy([span(10, 20), span(15, 90, on: 2)]).windows == [span(10, 50), span(15, 90, on: 2)])
    }

    @Test("only what lies in a window can be restored, its ends included")
    func moments() {
        let log = copy([span(10, 20), span(30, 40)])
        let can = (0...60).filter { log.canRestore(to: seconds($0)) }
        #expect(can == Array(10...20) + Array(30...50))
        let refusal = "\(BackupRefusal.outside(log.windows))"
        #expect(refusal.contains("1970-01-01T00:00:10.000Z to 1970-01-01T00:00:20.000Z"))
        #expect(refusal.contains("1970-01-01T00:00:30.000Z to 1970-01-01T00:00:50.000Z"))
        #expect("\(BackupRefusal.outside([]))".contains("no moment can be restored yet"))
    }

    @Test("each event of a receiver is written down")
    func events() {
        var log = copy([span(10, 20)])
        log = log.taking(.delayed(.store("full")), at: seconds(61))
        #expect(log.state == .delayed && log.failure?.contains("full") == true && log.isCovered)
        log = log.taking(.progress(progress(until: 55)), at: seconds(62))
        #expect(log.state == .receiving && log.failure == nil && log.window == span(10, 55))
        let gap = WALGap(timeline: TimelineID(1), from: WALPosition(1), to: WALPosition(2))
        log = log.taking(.gap(gap), at: seconds(63))
        #expect(log.gap == gap && log.gapSeenAt == seconds(63) && log.epoch == 1 && !log.isCovered)
        // What was promised up to the gap ends there.
        log = log.taking(.progress(progress(until: 99)), at: seconds(64))
        #expect(log.window == span(10, 20) && log.gap == gap)
        let branch = TimelineBranch(
            timeline: TimelineID(2), parent: TimelineID(1), from: WALPosition(3), seen: seconds(64))
        // A time line that the archive knew already.
        log.isCovered = true
        log = log.taking(.progress(progress(until: 99, on: 2)), at: seconds(64))
        #expect(log.epoch == 2 && !log.isCovered)
        log.isCovered = true
        log = log.taking(.branch(branch), at: seconds(65))
        #expect(log.epoch == 3 && !log.isCovered && log.updatedAt == seconds(65))
    }

    @Test("a backup is made for the log's sake where none leads to it, and not one after another")
    func need() {
        func backup(_ reason: BackupReason, _ state: BackupState, at time: Int64) -> ProjectBackup {
            ProjectBackup(id: 1, ref: .sample(1), reason: reason, state: state, insertedAt: seconds(time))
        }
        func isDue(
            _ known: [ProjectBackup], isCovered: Bool = false, status: ProjectStatus? = .active,
            state: LogCopyState = .receiving
        ) -> Bool {
            var log = copy([])
            log.state = state
            return LogBaseNeed.isDue(log, isCovered: isCovered, status: status, known: known, at: seconds(1_000))
        }
        #expect(isDue([]) && !isDue([], isCovered: true))
        // What does not run cannot be backed up, and where nothing is received, a backup leads to nothing.
        let running = ProjectStatus.allCases.filter { isDue([], status: $0) }
        #expect(Set(running) == [.active, .degraded] && !isDue([], status: nil))
        #expect(LogCopyState.allCases.filter { isDue([], state: $0) } == [.receiving])
        #expect(!isDue([backup(.schedule, .pending, at: 1)]))
        #expect(isDue([backup(.schedule, .verified, at: 999)]))
        #expect(!isDue([backup(.pointInTime, .failed, at: 401)]))
        #expect(isDue([backup(.pointInTime, .failed, at: 400)]))
        // The clock was set back: nobody waits for a time that lies in the future.
        #expect(isDue([backup(.pointInTime, .failed, at: 1_001)]))
    }

    @Test("another copy of a database is begun only where there is room for it and some more")
    func room() {
        let margin = EngineRoom.margin
        #expect(EngineRoom.refusal(bytes: 100, free: margin + 100) == nil)
        let refusal = EngineRoom.refusal(bytes: 300 << 20, free: margin + (299 << 20))
        #expect(refusal?.contains("300 MiB") == true && refusal?.contains("1323 MiB free") == true)
        #expect(EngineRoom.refusal(bytes: .max, free: .max) != nil)
    }

    @Test("a name in the archive is no other's, also when numbers are used again")
    func names() throws {
        let backup = ProjectBackup(id: 7, ref: .sample(1), reason: .request, insertedAt: seconds(1))
        let one = try #require(backup.archiveName(run: 2, draw: RandomIdentifier.uuid()))
        let other = try #require(backup.archiveName(run: 2, draw: RandomIdentifier.uuid()))
        #expect(one != other)
        #expect(one.value.hasPrefix("b7-2-"))
        #expect(ProjectBackup.number(in: one) == 7)
        #expect(ProjectBackup.number(in: try #require(BackupID("first"))) == nil)
    }
}
