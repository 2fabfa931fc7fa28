import BackupModel
import ProjectModel
import Testing

@Suite("Schedule of backups")
struct ScheduleTests {
    @Test func onlyATimeOfDayIsRead() throws {
        #expect(try #require(BackupSchedule(text: "23:59:59")).text == "23:59:59")
        #expect(try #require(BackupSchedule(text: "00:00:00")).secondOfDay == 0)
        for text in ["", "1:00:00", "24:00:00", "00:60:00", "00:00:60", "00:00", "00:00:00:00", "+1:00:00", "a0:00:00"]
        {
            #expect(BackupSchedule(text: text) == nil, "\(text)")
        }
        #expect(BackupSchedule(secondOfDay: 86_400) == nil)
        #expect(BackupSchedule(secondOfDay: 0, spreadSeconds: 43_201) == nil)
    }

    @Test func theNextRunIsTodayOrTomorrow() throws {
        let schedule = try #require(BackupSchedule(text: "02:00:00"))
        let day = Int64(86_400)
        for (now, next) in [(0, 7_200), (7_199, 7_200), (7_200, day + 7_200), (day - 1, day + 7_200)]
            as [(Int64, Int64)]
        {
            #expect(schedule.nextRun(after: Sample.seconds(now), name: "x") == Sample.seconds(next), "\(now)")
        }
    }

    @Test func everyProjectHasItsPlaceInTheSpread() throws {
        for secondOfDay in [0, 7_200, 86_399] {
            let schedule = try #require(BackupSchedule(secondOfDay: secondOfDay, spreadSeconds: 3_600))
            var places: Set<Int64> = []
            for index in 0..<50 {
                let name = "project\(index)"
                for now in stride(from: Int64(-100_000), through: 200_000, by: 997) {
                    let run = schedule.lastRun(atOrBefore: Sample.seconds(now), name: name)
                    let next = schedule.nextRun(after: Sample.seconds(now), name: name)
                    #expect(run <= Sample.seconds(now) && Sample.seconds(now) < next)
                    #expect(next.since(run) == .seconds(86_400))
                    places.insert(((run.milliseconds / 1_000 - Int64(secondOfDay)) % 86_400 + 86_400) % 86_400)
                }
            }
            #expect(places.count > 25)
            #expect(places.allSatisfy { (0...3_600).contains($0) })
        }
    }

    @Test func aMissedRunIsDueOnce() throws {
        let schedule = try #require(BackupSchedule(text: "02:00:00"))
        let (day, since) = (Int64(86_400), Sample.seconds(0))
        func isDue(_ now: Int64, last: Int64?, since: Timestamp) -> Bool {
            schedule.isDue(at: Sample.seconds(now), last: last.map(Sample.seconds), since: since, name: "x")
        }
        #expect(isDue(1, last: nil, since: since))
        #expect(!isDue(7_199, last: 0, since: since))
        #expect(isDue(7_200, last: 0, since: since))
        #expect(isDue(5 * day, last: 7_201, since: since))
        #expect(!isDue(7_300, last: 7_201, since: since))
        // The schedule was changed after the time had passed: it begins tomorrow.
        #expect(!isDue(7_300, last: -80_000, since: Sample.seconds(7_250)))
        #expect(isDue(day + 7_200, last: -80_000, since: Sample.seconds(7_250)))
    }

    @Test func anIdleDatabaseNeedsNoNewBase() throws {
        let base = try Sample.base("a", 110, to: 130, at: 10)
        func isNeeded(_ position: UInt64, timeline: UInt32 = 1) -> Bool {
            BaseBackupNeed.isNeeded(after: base, timeline: TimelineID(timeline), position: WALPosition(position))
        }
        #expect(BaseBackupNeed.isNeeded(after: nil, timeline: TimelineID(1), position: WALPosition(0)))
        #expect(!isNeeded(130))
        #expect(!isNeeded(200 + BaseBackupNeed.idleBytesMax))
        #expect(isNeeded(201 + BaseBackupNeed.idleBytesMax))
        #expect(isNeeded(130, timeline: 2))
        #expect(isNeeded(129))
    }
}
