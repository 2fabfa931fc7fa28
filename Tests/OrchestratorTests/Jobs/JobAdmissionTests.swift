import Orchestrator
import ProjectModel
import Testing

@Suite("Which jobs start")
struct JobAdmissionTests {
    private static let now = Timestamp(milliseconds: 1_000_000)

    private static func job(
        _ id: Int64, _ kind: JobKind, lock: String? = nil, priority: JobPriority = .normal, age: Int64 = 0
    ) -> Job {
        Job(
            id: id,
            NewJob(
                kind, key: "\(id)", lock: lock.flatMap { JobLock($0) }, priority: priority, due: now + .seconds(-age)),
            at: now)
    }

    @Test("every state, time, room and lock leads to one answer")
    func everyCombination() throws {
        let kind = try #require(JobKind("a"))
        let lock = try #require(JobLock("x"))
        for state in JobState.allCases {
            for late in [-1, 0, 1] as [Int64] {
                for room in [-1, 0, 1, nil] {
                    for own in [nil, "x", "y"] {
                        var job = Self.job(1, kind, lock: own, age: late)
                        job.state = state
                        let mayStart = JobAdmission.mayStart(
                            job, beside: [lock], slots: room.map { [kind: $0] } ?? [:], now: Self.now)
                        #expect(mayStart == (state == .queued && late >= 0 && room == 1 && own != "x"))
                    }
                }
            }
        }
    }

    @Test("they start by priority, then by age, then by number; each kind has its room, each lock one job")
    func choice() throws {
        let (first, second) = (try #require(JobKind("a")), try #require(JobKind("b")))
        let jobs = [
            Self.job(1, first, age: 5), Self.job(2, first, lock: "x", priority: .low, age: 99),
            Self.job(3, second, lock: "x", age: 1),
            Self.job(4, first, priority: .high), Self.job(5, first, age: 5), Self.job(6, second, lock: "y", age: 2),
            Self.job(7, first, lock: "y", priority: .high),
        ]
        func choose(_ slots: [JobKind: Int], limit: Int = 9, running: Set<JobLock> = []) -> [Int64] {
            JobAdmission.choose(from: jobs, running: running, slots: slots, limit: limit, now: Self.now).map(\.id)
        }
        #expect(choose([first: 9, second: 9]) == [4, 7, 1, 5, 3])
        #expect(choose([first: 9, second: 9], limit: 3) == [4, 7, 1])
        #expect(choose([first: 1, second: 1]) == [4, 6])
        #expect(choose([second: 9]) == [6, 3])
        #expect(choose([first: 9], running: [try #require(JobLock("y"))]) == [4, 1, 5, 2])
        #expect(choose([:]) == [] && choose([first: 9], limit: 0) == [])
    }
}
