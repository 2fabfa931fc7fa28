import Orchestrator
import ProjectModel
import Testing

@Suite("What follows from the end of a run")
struct JobSettlementTests {
    private static let now = Timestamp(milliseconds: 1_000_000)
    private static let retry = JobRetry(
        first: .seconds(5), longest: .seconds(60), attemptsMax: 3, interruptionsMax: 4)
    private static let retention = JobRetention(succeeded: .seconds(100), failed: .seconds(1_000))
    private static let interval = JobInterval(.seconds(300))

    private static func job(
        _ contract: JobContract, _ schedule: JobSchedule, attempts: Int = 0, interruptions: Int = 0,
        isUnwanted: Bool = false
    ) throws -> Job {
        let kind = try #require(JobKind("a"))
        var job = Job(
            id: 1, NewJob(kind, key: "k", contract: contract, schedule: schedule, due: now + .seconds(-10)), at: now)
        (job.state, job.run, job.attempts, job.interruptions) = (.running, 7, attempts, interruptions)
        job.isCancelRequested = isUnwanted
        return job
    }

    private static func settle(_ job: Job, _ end: JobEnd) -> JobSettlement {
        JobSettlement(after: end, of: job, retry: retry, retention: retention, now: now)
    }

    @Test("every contract, schedule, end, number of failures and interruptions leads to one answer")
    func everyCombination() throws {
        let ends: [JobEnd] = [
            .succeeded(result: "r"), .failed("f", isFinal: false), .failed("f", isFinal: true), .interrupted,
            .cancelled,
        ]
        for contract in JobContract.allCases {
            for schedule in [JobSchedule.once, .every(Self.interval)] {
                for attempts in 0...3 {
                    for interruptions in 0...4 {
                        for isUnwanted in [true, false] {
                            let job = try Self.job(
                                contract, schedule, attempts: attempts, interruptions: interruptions,
                                isUnwanted: isUnwanted)
                            for end in ends { check(Self.settle(job, end), of: job, after: end) }
                        }
                    }
                }
            }
        }
    }

    private func check(_ settlement: JobSettlement, of job: Job, after end: JobEnd) {
        let text: Comment = "\(job.contract) \(job.schedule) \(job.attempts) \(job.interruptions) \(end)"
        let isAgain =
            switch end {
            case .succeeded, .cancelled: false
            case .failed(_, let isFinal): !isFinal && job.contract == .atLeastOnce && job.attempts + 1 < 3
            case .interrupted:
                job.contract == .atLeastOnce && !job.isCancelRequested && job.interruptions + 1 < 4
            }
        #expect(settlement.endedAt == Self.now, text)
        if isAgain {
            #expect(settlement.state == .queued && settlement.keptUntil == nil, text)
            #expect(settlement.attempts + settlement.interruptions == job.attempts + job.interruptions + 1, text)
            #expect(settlement.due >= Self.now && settlement.due <= Self.now + .seconds(60), text)
            #expect(settlement.due.since(Self.now) <= settlement.dueWithin ?? .zero, text)
        } else {
            #expect(settlement.attempts == 0 && settlement.interruptions == 0, text)
            if job.schedule == .once {
                let states: [JobState] = [.succeeded, .failed, .cancelled]
                #expect(states.contains(settlement.state) && settlement.dueWithin == nil, text)
                let kept = settlement.state == .failed ? Duration.seconds(1_000) : .seconds(100)
                #expect(settlement.keptUntil == Self.now + kept, text)
            } else {
                #expect(settlement.state == .queued && settlement.keptUntil == nil, text)
                #expect(settlement.due == Self.interval.first(after: Self.now), text)
                #expect(settlement.dueWithin == .seconds(600), text)
            }
        }
        #expect((settlement.error == nil) == (settlement.outcome == .succeeded), text)
    }

    @Test("a job that runs at most once is never run again after it began")
    func atMostOnce() throws {
        for end in [JobEnd.failed("f", isFinal: false), .interrupted, .cancelled, .succeeded(result: "")] {
            #expect(Self.settle(try Self.job(.atMostOnce, .once), end).state.isOver)
        }
        let lost = Self.settle(try Self.job(.atMostOnce, .once), .interrupted)
        #expect(lost.state == .failed && lost.error?.contains("not run again") == true)
    }

    @Test("a manager that ends delays nothing the first time; after that the waits grow")
    func interruptions() throws {
        let dues = try (0...2).map { count in
            Self.settle(try Self.job(.atLeastOnce, .once, interruptions: count), .interrupted).due
        }
        #expect(dues == [Self.now, Self.now + .seconds(5), Self.now + .seconds(10)])
    }

    @Test("a recurring job is not tried again later than at its next time")
    func nextTime() throws {
        let soon = JobInterval(.seconds(2))
        let failed = Self.settle(
            try Self.job(.atLeastOnce, .every(soon), attempts: 1), .failed("f", isFinal: false))
        #expect(failed.due == soon.first(after: Self.now) && failed.attempts == 2)
    }

    @Test("a leap of the clock, or a time without a manager, is noticed by the last run; a first run knows nothing")
    func lately() throws {
        var job = try Self.job(.atLeastOnce, .every(Self.interval))
        #expect(!job.hasRunLately(now: Self.now))
        for (age, isLately) in [(0, true), (600, true), (601, false), (99_999_999, false), (-300, true), (-301, false)]
        {
            job.endedAt = Self.now + .seconds(-age)
            #expect(job.hasRunLately(now: Self.now) == isLately, "\(age)")
        }
        job.schedule = .once
        #expect(!job.hasRunLately(now: Self.now))
    }

    @Test("texts are cut to what is stored")
    func texts() throws {
        let long = String(repeating: "x", count: 5_000)
        let failed = Self.settle(try Self.job(.atMostOnce, .once), .failed(long, isFinal: false))
        #expect(failed.error?.count == JobLimits.textMax)
        #expect(
            Self.settle(try Self.job(.atMostOnce, .once), .succeeded(result: long)).result?.count == JobLimits.textMax)
    }

    @Test("the manager's own job takes over what this program wants of it, and keeps its time otherwise")
    func plans() throws {
        var stored = try Self.job(.atLeastOnce, .every(Self.interval))
        stored.state = .queued
        stored.due = Self.now + .seconds(40)
        var wanted = NewJob(stored.kind, key: "k", schedule: stored.schedule, due: Self.now + .seconds(70))
        #expect(JobPlan(of: stored, as: wanted, isSoon: false, now: Self.now) == nil)
        #expect(JobPlan(of: stored, as: wanted, isSoon: true, now: Self.now)?.due == Self.now)
        wanted.contract = .atMostOnce
        let contract = JobPlan(of: stored, as: wanted, isSoon: false, now: Self.now)
        #expect(contract?.contract == .atMostOnce && contract?.due == stored.due)
        wanted.schedule = .every(JobInterval(.seconds(30)))
        let plan = JobPlan(of: stored, as: wanted, isSoon: false, now: Self.now)
        #expect(plan?.schedule == wanted.schedule && plan?.due == wanted.due && plan?.dueWithin == .seconds(60))
        stored.state = .running
        #expect(JobPlan(of: stored, as: wanted, isSoon: true, now: Self.now) == nil)
    }
}
