public import Orchestrator
import ProjectModel

/// What every ``JobStore`` promises. Tests run it on ``InMemoryJobStore`` and on PostgreSQL.
public struct JobStoreContract {
    let store: any JobStore
    let leases: any ManagerLeaseStore
    let projects: any ProjectStore
    let start = Timestamp(milliseconds: 1_800_000_000_000)
    let kind = JobKind("contract.a")
    let other = JobKind("contract.b")

    /// A contract for empty stores.
    public init(store: any JobStore, leases: any ManagerLeaseStore, projects: any ProjectStore) {
        self.store = store
        self.leases = leases
        self.projects = projects
    }

    /// Checks every promise; throws the first that is broken.
    public func run() async throws {
        guard let kind, let other else { throw ContractViolation("the contract's own kinds are right") }
        let first = try await term("first")
        try await checkNames(kind, other)
        try await checkRun(kind, first)
        try await checkOrder(kind, other, runner: first)
        try await checkLocks(kind, other, runner: first)
        try await checkRecurring(kind, first)
        try await checkCancel(kind, first)
        try await checkTooFar(kind, first)
        try await checkRemoval()
        try await checkTakeover(kind, first)
    }

    /// A term that does not end within the test; any before it is over.
    private func term(_ name: String) async throws -> JobRunnerIdentity {
        if let tenure = try await leases.current() { try await leases.release(tenure.token) }
        let manager = ManagerIdentity(id: name, address: "", projectsFolder: "/")
        guard case .granted(let token) = try await leases.acquire(by: manager, for: .seconds(3_600)) else {
            throw ContractViolation("a free lease is granted")
        }
        return JobRunnerIdentity(manager: name, token: token)
    }

    private func claim(
        _ runner: JobRunnerIdentity, _ slots: [JobKind: Int], limit: Int = 100, after seconds: Int64 = 0
    ) async throws -> JobClaimed {
        try await store.claim(
            JobClaim(runner: runner, slots: slots, limit: limit, at: start + .seconds(seconds)))
    }

    private func succeed(_ job: Job, _ runner: JobRunnerIdentity, keeping: Duration = .zero) async throws {
        let settlement = JobSettlement(
            after: .succeeded(result: ""), of: job, retry: JobRetry(),
            retention: JobRetention(succeeded: keeping, failed: keeping), now: start)
        try promise("a run is settled", try await store.settle(job.latestRun, settlement, by: runner))
    }

    private func succeed(_ jobs: [Job], _ runner: JobRunnerIdentity) async throws {
        for job in jobs { try await succeed(job, runner) }
    }

    private func checkNames(_ kind: JobKind, _ other: JobKind) async throws {
        let project = try await projects.insert(try StoreContractRun(store: projects).project(1))
        var new = NewJob(
            kind, key: "its \"key\"; --", ref: project.ref, lock: JobLock("a lock"), contract: .atMostOnce,
            priority: .high, payload: "{\"ü\":\n1}", due: start + .seconds(900))
        let job = try await store.enqueue(new, at: start)
        try promise("a job is stored as it was wanted", job == Job(id: job.id, new, at: start))
        try promise("and read back", try await store.job(job.id) == job)
        try promise("also by its name", try await store.job(kind, key: new.key) == job)
        new.payload = "other"
        try promise("enqueued again it is the same", try await store.enqueue(new, at: start + .seconds(1)) == job)
        new.kind = other
        let second = try await store.enqueue(new, at: start)
        try promise("of another kind it is another", second.id > job.id)
        try promise("the latest is listed first", try await store.jobs(JobQuery()) == [second, job])
        try promise("or one page after the other", try await store.jobs(JobQuery(before: second.id)) == [job])
        try promise("by kind", try await store.jobs(JobQuery(kind: other)) == [second])
        try promise("by state", try await store.jobs(JobQuery(state: .running)) == [])
        try promise("by project", try await store.jobs(JobQuery(ref: project.ref, limit: 1)) == [second])
        try promise("there is no other", try await store.job(999_999) == nil)
        for one in [job, second] { _ = try await store.cancel(one.id, at: start, keptUntil: start) }
        try promise(
            "what is over is removed", try await store.removeFinished(before: start + .seconds(1), limit: 9) == 2)
    }

    private func checkRun(_ kind: JobKind, _ runner: JobRunnerIdentity) async throws {
        let job = try await store.enqueue(NewJob(kind, key: "run", due: start + .seconds(5)), at: start)
        let early = try await claim(runner, [kind: 1], after: 4)
        try promise("nothing starts before it is due", early.jobs == [])
        try promise("and its due time is returned", early.nextDue == job.due)
        try promise("kinds without a handler wait", try await claim(runner, [:], after: 5) == JobClaimed())
        try promise("and those without room", try await claim(runner, [kind: 0], after: 5).jobs == [])
        try promise(
            "a limit of nothing starts nothing", try await claim(runner, [kind: 1], limit: 0, after: 5).jobs == [])
        let claimed = try await claim(runner, [kind: 1], after: 5)
        var running = job
        (running.state, running.run) = (.running, 1)
        let at = start + .seconds(5)
        running.holder = JobHolder(runner: runner, since: at, heartbeat: at)
        try promise("what is due starts", claimed.jobs == [running] && claimed.nextDue == nil)
        try promise("as it is stored", try await store.job(job.id) == running)
        try promise("once", try await claim(runner, [kind: 1], after: 5).jobs == [])
        let progress = JobProgress(done: 3, total: 7, message: "ü")
        let later = start + .seconds(9)
        let isNoted = try await store.note(progress, of: running.latestRun, at: later, by: runner)
        running.progress = progress
        running.holder?.heartbeat = later
        try promise("a progress is noted", isNoted)
        try promise("and read back", try await store.job(job.id) == running)
        let failure = JobSettlement(
            after: .failed("it's \"broken\"", isFinal: false), of: running, retry: JobRetry(),
            retention: JobRetention(),
            now: later)
        try promise("a failure is written", try await store.settle(running.latestRun, failure, by: runner))
        try promise("once", try await !store.settle(running.latestRun, failure, by: runner))
        let failed = try await stored(job)
        try promise(
            "with what follows from it",
            failed.state == .queued && failed.attempts == 1 && failed.outcome == .failed && failed.holder == nil
                && failed.error == "it's \"broken\"" && failed.due == failure.due && failed.endedAt == later
                && failed.dueWithin == failure.dueWithin)
        try promise(
            "no progress is noted of what does not run",
            try await !store.note(progress, of: running.latestRun, at: later, by: runner))
        let again = try await claim(runner, [kind: 1], after: 60).jobs
        try promise("it runs again under the next number", again.map(\.run) == [2] && again[0].progress == nil)
        try promise("the run before settles nothing", try await !store.settle(running.latestRun, failure, by: runner))
        let success = JobSettlement(
            after: .succeeded(result: "done"), of: again[0], retry: JobRetry(), retention: JobRetention(), now: later)
        try promise("a success is written", try await store.settle(again[0].latestRun, success, by: runner))
        let over = try await stored(job)
        try promise(
            "and the job is over",
            over.state == .succeeded && over.result == "done" && over.error == nil && over.attempts == 0
                && over.keptUntil == success.keptUntil)
        try promise(
            "enqueued again it stays so",
            try await store.enqueue(NewJob(kind, key: "run", due: start), at: start) == over)
    }

    private func stored(_ job: Job) async throws -> Job {
        guard let job = try await store.job(job.id) else { throw ContractViolation("a stored job is found") }
        return job
    }

    private func checkOrder(_ kind: JobKind, _ other: JobKind, runner: JobRunnerIdentity) async throws {
        for (number, priority) in [JobPriority.normal, .low, .high, .normal].enumerated() {
            let due = start + .seconds(-Int64(number))
            _ = try await store.enqueue(NewJob(kind, key: "order \(number)", priority: priority, due: due), at: start)
        }
        _ = try await store.enqueue(NewJob(other, key: "order", priority: .low, due: start), at: start)
        let first = try await claim(runner, [kind: 2, other: 1])
        try promise(
            "jobs start by priority, then by age, each kind in its slots",
            first.jobs.map(\.key) == ["order 2", "order 3", "order"])
        try await succeed(first.jobs, runner)
        let rest = try await claim(runner, [kind: 9, other: 9], limit: 1)
        try promise("as many as are asked for", rest.jobs.map(\.key) == ["order 0"])
        try await succeed(rest.jobs, runner)
        let last = try await claim(runner, [kind: 9])
        try promise("and then the others", last.jobs.map(\.key) == ["order 1"])
        try await succeed(last.jobs, runner)
    }

    private func checkLocks(_ kind: JobKind, _ other: JobKind, runner: JobRunnerIdentity) async throws {
        for (number, kind, lock) in [(0, kind, "x"), (1, other, "x"), (2, kind, "y"), (3, kind, "x")] {
            let due = start + .milliseconds(number)
            _ = try await store.enqueue(NewJob(kind, key: "lock \(number)", lock: JobLock(lock), due: due), at: start)
        }
        let slots = [kind: 9, other: 9]
        let first = try await claim(runner, slots, after: 1).jobs
        try promise("of those with the same lock one starts", first.map(\.key) == ["lock 0", "lock 2"])
        try promise("none beside it", try await claim(runner, slots, after: 1).jobs == [])
        try await succeed(first, runner)
        let second = try await claim(runner, slots, after: 1).jobs
        try promise("and after it the next", second.map(\.key) == ["lock 1"])
        try await succeed(second, runner)
        let third = try await claim(runner, slots, after: 1).jobs
        try promise("whatever the kind", third.map(\.key) == ["lock 3"])
        try await succeed(third, runner)
    }

    private func checkRecurring(_ kind: JobKind, _ runner: JobRunnerIdentity) async throws {
        let schedule = JobSchedule.every(JobInterval(.seconds(60), phase: .milliseconds(7)))
        let job = try await store.enqueue(
            NewJob(kind, key: "again", schedule: schedule, due: start + .seconds(30)), at: start)
        try promise("a schedule is stored", job.schedule == schedule && job.dueWithin == .seconds(120))
        try promise(
            "and stays after a cancellation", try await store.cancel(job.id, at: start, keptUntil: start) == job)
        try promise("it runs soon on request", try await store.hasten(kind, key: "again", at: start))
        let running = try await claim(runner, [kind: 1]).jobs
        try promise("at once", running.map(\.id) == [job.id])
        try promise("and then once more", try await store.hasten(kind, key: "again", at: start))
        let end = JobSettlement(
            after: .succeeded(result: ""), of: running[0], retry: JobRetry(), retention: JobRetention(), now: start)
        _ = try await store.settle(running[0].latestRun, end, by: runner)
        let twice = try await claim(runner, [kind: 1]).jobs
        try promise("when it is wanted while it runs", twice.map(\.id) == [job.id])
        _ = try await store.settle(twice[0].latestRun, end, by: runner)
        let waiting = try await stored(job)
        try promise("else it waits for its time", waiting.state == .queued && waiting.due == end.due)
        try promise("what is not there is not hastened", try await !store.hasten(kind, key: "nothing", at: start))
        var plan = JobPlan(of: waiting)
        (plan.schedule, plan.due, plan.dueWithin) = (.once, start + .seconds(1), nil)
        (plan.contract, plan.priority) = (.atMostOnce, .high)
        try promise("it gets another plan", try await store.replan(waiting, plan, by: runner))
        let planned = try await stored(job)
        try promise("as a whole", JobPlan(of: planned) == plan)
        try promise("but not when it has changed", try await !store.replan(waiting, plan, by: runner))
        let last = try await claim(runner, [kind: 1], after: 1).jobs
        try promise("nor while it runs", try await !store.replan(planned, plan, by: runner))
        try await succeed(last, runner)
    }

    private func checkCancel(_ kind: JobKind, _ runner: JobRunnerIdentity) async throws {
        let job = try await store.enqueue(NewJob(kind, key: "cancel", due: start), at: start)
        let kept = start + .seconds(50)
        let cancelled = try await store.cancel(job.id, at: start, keptUntil: kept)
        try promise(
            "what waits is cancelled",
            cancelled?.state == .cancelled && cancelled?.outcome == .cancelled && cancelled?.keptUntil == kept)
        try promise("for good", try await claim(runner, [kind: 1]).jobs == [])
        try promise("an unknown job is not", try await store.cancel(999_999, at: start, keptUntil: kept) == nil)
        _ = try await store.enqueue(NewJob(kind, key: "cancel 2", due: start), at: start)
        guard let running = try await claim(runner, [kind: 1]).jobs.first else {
            throw ContractViolation("a job that is due starts")
        }
        let asked = try await store.cancel(running.id, at: start, keptUntil: kept)
        try promise("what runs is asked to end", asked?.state == .running && asked?.isCancelRequested == true)
        let unwanted = try await claim(runner, [kind: 0], limit: 0).unwanted
        try promise("and its runner learns of it", unwanted == [running.latestRun])
        try await succeed(running, runner)
        try promise("which decides", try await stored(running).state == .succeeded)
        try promise(
            "what is over is not cancelled",
            try await store.cancel(running.id, at: start, keptUntil: kept)?.state == .succeeded)
    }

    private func checkTooFar(_ kind: JobKind, _ runner: JobRunnerIdentity) async throws {
        let schedule = JobSchedule.every(JobInterval(.seconds(10)))
        let far = try await store.enqueue(
            NewJob(kind, key: "far", schedule: schedule, due: start + .seconds(21)), at: start)
        let chosen = try await store.enqueue(NewJob(kind, key: "chosen", due: start + .seconds(99_999)), at: start)
        try promise("a time that lies too far away is found", try await store.tooFar(at: start, limit: 9) == [far])
        try promise("no other", try await store.tooFar(at: start + .seconds(1), limit: 9) == [])
        guard let plan = JobPlan(bringingBack: far, retry: JobRetry(), now: start) else {
            throw ContractViolation("such a job gets another plan")
        }
        try promise("and brought back", try await store.replan(far, plan, by: runner))
        try promise("for good", try await store.tooFar(at: start, limit: 9) == [])
        _ = try await store.cancel(chosen.id, at: start, keptUntil: start)
        let running = try await claim(runner, [kind: 9], after: 60).jobs
        var once = JobPlan(of: far)
        once.schedule = .once
        try await succeed(running, runner)
        let waiting = try await stored(far)
        _ = try await store.replan(waiting, once, by: runner)
        _ = try await store.cancel(far.id, at: start, keptUntil: start)
    }

    private func checkRemoval() async throws {
        let all = try await store.jobs(JobQuery(limit: 1_000))
        try promise("everything is over by now", all.allSatisfy(\.state.isOver))
        try promise(
            "what is kept is kept", try await store.removeFinished(before: start + .seconds(-1), limit: 99) == 0)
        let end = start + .seconds(10_000_000)
        try promise("it is removed in parts", try await store.removeFinished(before: end, limit: 2) == 2)
        let rest = try await store.removeFinished(before: end, limit: 1_000)
        try promise("until nothing is left", rest == all.count - 2)
        try promise("of it", try await store.jobs(JobQuery()) == [])
    }

    private func checkTakeover(_ kind: JobKind, _ first: JobRunnerIdentity) async throws {
        for number in 1...3 {
            _ = try await store.enqueue(NewJob(kind, key: "left \(number)", due: start), at: start)
        }
        let mine = try await claim(first, [kind: 2]).jobs
        let known = Set(mine.dropFirst().map(\.latestRun))
        try promise(
            "what a term has lost sight of is found",
            try await store.abandoned(by: first, besides: known, limit: 9) == Array(mine.prefix(1)))
        try promise(
            "what it has in hand is not",
            try await store.abandoned(by: first, besides: Set(mine.map(\.latestRun)), limit: 9) == [])
        let second = try await term("second")
        try await checkFence(first, mine[0])
        try promise(
            "the next term finds all that the one before has left",
            try await store.abandoned(by: second, besides: known, limit: 9) == mine)
        try promise("as many as it asks for", try await store.abandoned(by: second, besides: [], limit: 1).count == 1)
        for job in mine { try await succeed(job, second) }
        try promise("and settles them", try await store.abandoned(by: second, besides: [], limit: 9) == [])
        try await succeed(try await claim(second, [kind: 9]).jobs, second)
    }

    private func checkFence(_ old: JobRunnerIdentity, _ job: Job) async throws {
        let before = try await store.jobs(JobQuery())
        let settlement = JobSettlement(
            after: .succeeded(result: ""), of: job, retry: JobRetry(), retention: JobRetention(), now: start)
        let plan = JobPlan(of: job)
        let calls: [(String, () async throws -> Void)] = [
            ("starts nothing", { _ = try await claim(old, [job.kind: 9]) }),
            ("settles nothing", { _ = try await store.settle(job.latestRun, settlement, by: old) }),
            ("takes nothing over", { _ = try await store.abandoned(by: old, besides: [], limit: 9) }),
            (
                "notes nothing",
                {
                    _ = try await store.note(JobProgress(done: 1), of: job.latestRun, at: start, by: old)
                }
            ),
            ("plans nothing", { _ = try await store.replan(job, plan, by: old) }),
        ]
        for (text, call) in calls {
            do { try await call() } catch let error as StoreError {
                try promise("a term that is over \(text)", error == .fenced)
                continue
            }
            throw ContractViolation("a term that is over \(text)")
        }
        try promise("nor is anything of it left", try await store.jobs(JobQuery()) == before)
    }
}
