import Orchestrator
import ProjectModel
import Testing

@Suite("Schedules of jobs")
struct JobScheduleTests {
    private static func at(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: seconds * 1_000) }

    @Test(
        "the next time is later than now, on the phase, and no other time lies between", arguments: [1, 7, 60, 86_400])
    func first(seconds: Int64) {
        for phase in [0, 1, seconds - 1, seconds, seconds * 3 + 1, -1] {
            let interval = JobInterval(.seconds(seconds), phase: .seconds(phase))
            let period = seconds * 1_000
            for now in [-period * 2 - 1, -1, 0, 1, 499, period - 1, period, period * 100 + 77, 1_800_000_000_123] {
                let next = interval.first(after: Timestamp(milliseconds: now)).milliseconds
                #expect(next > now && next - now <= period)
                #expect((next - phase * 1_000) % period == 0)
            }
        }
    }

    @Test("an interval is never shorter than the shortest, whatever it is made of")
    func bounds() {
        #expect(JobInterval(.zero).length == JobInterval.lengthMin)
        #expect(JobInterval(.seconds(-5), phase: .seconds(-1)).length == JobInterval.lengthMin)
        #expect(JobInterval(.seconds(10), phase: .seconds(-3)) == JobInterval(.seconds(10), phase: .seconds(7)))
        let far = Timestamp(milliseconds: .max)
        #expect(JobInterval(.seconds(10)).first(after: far) == far)
    }

    @Test("times that were missed are made up for by one run: the next one is later than now, however many they were")
    func missed() {
        let interval = JobInterval(.seconds(60))
        for late in [0, 1, 59, 60, 61, 3_600, 100_000] as [Int64] {
            let next = interval.next(after: Self.at(600), now: Self.at(600 + late))
            #expect(next > Self.at(600 + late) && next <= Self.at(660 + late))
            #expect(next.milliseconds % 60_000 == 0)
        }
    }

    @Test("a clock that is set back runs no time twice, and nothing waits for longer than twice the interval")
    func setBack() {
        let interval = JobInterval(.seconds(60))
        let due = Self.at(6_000)
        for back in 0...1_000 as ClosedRange<Int64> {
            let now = Self.at(6_000 - back)
            let next = interval.next(after: due, now: now)
            #expect(next.since(now) <= .seconds(120))
            // It has run just now: not sooner than after the interval, counted from here.
            #expect(next.since(now) > .zero && (next > due || next.since(now) > .seconds(60)))
        }
    }

    @Test("a time is too far away when more than twice the interval is left, and comes back between one and two")
    func tooFar() throws {
        let interval = JobInterval(.seconds(60))
        let kind = try #require(JobKind("a"))
        for left in [-1_000, 0, 1, 120, 121, 7_200] as [Int64] {
            let new = NewJob(kind, key: "k", schedule: .every(interval), due: Self.at(6_000))
            let job = Job(id: 1, new, at: Self.at(0))
            let now = Self.at(6_000 - left)
            let plan = JobPlan(bringingBack: job, retry: JobRetry(), now: now)
            #expect((plan != nil) == (left > 120))
            if let plan {
                #expect(plan.due.since(now) > .seconds(60) && plan.due.since(now) <= .seconds(120))
                var moved = job
                (moved.due, moved.dueWithin) = (plan.due, plan.dueWithin)
                #expect(JobPlan(bringingBack: moved, retry: JobRetry(), now: now) == nil)
            }
        }
        let once = Job(id: 1, NewJob(kind, key: "k", due: Self.at(999_999_999)), at: Self.at(0))
        #expect(!JobPlan.isTooFar(once, now: Self.at(0)), "a user chose that time")
    }

    @Test("waits double up to the longest")
    func waits() {
        let retry = JobRetry(first: .seconds(2), longest: .seconds(9))
        #expect([-1, 0, 1, 2, 3, 4, 1_000_000].map(retry.wait) == [2, 2, 2, 4, 8, 9, 9].map { Duration.seconds($0) })
        #expect(JobRetry(first: .seconds(20), longest: .seconds(9)).wait(after: 1) == .seconds(9))
    }

    @Test("only names of small letters, digits, dots and hyphens are kinds")
    func kinds() throws {
        for good in ["a", "a.b-c9", String(repeating: "a", count: 60)] { #expect(JobKind(good)?.text == good) }
        for bad in ["", "9a", ".a", "A", "a b", "a_b", "ä", String(repeating: "a", count: 61)] {
            #expect(JobKind(bad) == nil, "\(bad)")
        }
        #expect(JobLock("") == nil && JobLock(String(repeating: "x", count: 121)) == nil)
        let ref = try #require(ProjectRef("abcdefghijklmnopqrst"))
        #expect(JobLock(ref, class: "backup")?.text == "abcdefghijklmnopqrst/backup")
    }
}
