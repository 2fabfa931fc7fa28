import Orchestrator
import ProjectModel
import Synchronization

/// The jobs of a database as a manager, or a user, of a storm of jobs sees them, and the place where the auditor looks over
/// its shoulder.
struct CampaignJobStore: JobStore {
    let base: InMemoryJobStore
    let leases: InMemoryManagerLeaseStore
    let weather: Weather
    let auditor: JobAuditor
    let mistake: PlantedMistake?
    /// The process that makes the calls; nil for users.
    var process: MortalProcess?

    /// A call. The process may be stopped around it, die before or after it, and not hear of its end.
    private func call<Value: Sendable>(
        _ body: () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let number = try await process?.begin()
        switch weather.fateOfStoreCall() {
        case .fine:
            let value = try await body()
            try await process?.end(number)
            return value
        case .refusedBefore: throw .unavailable("the connection was reset")
        case .lostAfter:
            _ = try await body()
            throw .unavailable("the connection was reset before the answer")
        }
    }

    /// Where a runner writes.
    private var written: InMemoryJobStore { mistake == .skipJobFence ? base.unfenced() : base }

    private func noteWrite(by runner: JobRunnerIdentity) { auditor.noteWrite(isHolder: leases.holds(runner.token)) }

    func enqueue(_ job: NewJob, at time: Timestamp) async throws(StoreError) -> Job {
        try await call { () async throws(StoreError) in
            var job = job
            if mistake == .ignoreJobLocks { job.lock = nil }
            if mistake == .forgetJobKey, job.schedule == .once { job.key += " \(base.everything.count)" }
            return try await base.enqueue(job, at: time)
        }
    }
    func job(_ id: Int64) async throws(StoreError) -> Job? {
        try await call { () async throws(StoreError) in try await base.job(id) }
    }
    func job(_ kind: JobKind, key: String) async throws(StoreError) -> Job? {
        try await call { () async throws(StoreError) in try await base.job(kind, key: key) }
    }
    func jobs(_ query: JobQuery) async throws(StoreError) -> [Job] {
        try await call { () async throws(StoreError) in try await base.jobs(query) }
    }
    func hasten(_ kind: JobKind, key: String, at time: Timestamp) async throws(StoreError) -> Bool {
        try await call { () async throws(StoreError) in try await base.hasten(kind, key: key, at: time) }
    }
    func cancel(_ id: Int64, at time: Timestamp, keptUntil: Timestamp) async throws(StoreError) -> Job? {
        try await call { () async throws(StoreError) in try await base.cancel(id, at: time, keptUntil: keptUntil) }
    }
    func removeFinished(before time: Timestamp, limit: Int) async throws(StoreError) -> Int {
        try await call { () async throws(StoreError) in try await base.removeFinished(before: time, limit: limit) }
    }

    func claim(_ claim: JobClaim) async throws(StoreError) -> JobClaimed {
        try await call { () async throws(StoreError) in
            var claimed = JobClaimed()
            if mistake == .claimUnderOldTerm {
                var old = claim
                old.runner.token = FencingToken(claim.runner.token.number - 1)
                claimed = try await base.unfenced().claim(old)
            } else {
                claimed = try await written.claim(claim)
            }
            if !claimed.jobs.isEmpty { noteWrite(by: claim.runner) }
            if mistake == .callDoneAtClaim {
                for job in claimed.jobs where job.contract == .atLeastOnce && job.schedule == .once {
                    let done = JobSettlement(
                        after: .succeeded(result: ""), of: job, retry: JobRetry(), retention: JobRetention(),
                        now: claim.at)
                    _ = try await base.unfenced().settle(job.latestRun, done, by: claim.runner)
                }
            }
            return claimed
        }
    }
    func abandoned(
        by runner: JobRunnerIdentity, besides runs: Set<JobRun>, limit: Int
    ) async throws(StoreError) -> [Job] {
        if mistake == .forgetTakeover { return [] }
        return try await call { () async throws(StoreError) in
            try await written.abandoned(by: runner, besides: runs, limit: limit)
        }
    }
    func tooFar(at time: Timestamp, limit: Int) async throws(StoreError) -> [Job] {
        if mistake == .trustJobClock { return [] }
        return try await call { () async throws(StoreError) in try await base.tooFar(at: time, limit: limit) }
    }
    func settle(
        _ run: JobRun, _ settlement: JobSettlement, by runner: JobRunnerIdentity
    ) async throws(StoreError) -> Bool {
        try await call { () async throws(StoreError) in
            let isStored = try await written.settle(run, tampered(settlement, of: run), by: runner)
            if isStored {
                noteWrite(by: runner)
                auditor.noteSettled(run)
            }
            return isStored
        }
    }
    func note(
        _ progress: JobProgress, of run: JobRun, at time: Timestamp, by runner: JobRunnerIdentity
    ) async throws(StoreError) -> Bool {
        try await call { () async throws(StoreError) in
            let isStored = try await written.note(progress, of: run, at: time, by: runner)
            if isStored { noteWrite(by: runner) }
            return isStored
        }
    }
    func replan(_ job: Job, _ plan: JobPlan, by runner: JobRunnerIdentity) async throws(StoreError) -> Bool {
        try await call { () async throws(StoreError) in
            let isStored = try await written.replan(job, plan, by: runner)
            if isStored { noteWrite(by: runner) }
            return isStored
        }
    }

    // MARK: Mistakes

    private func tampered(_ settlement: JobSettlement, of run: JobRun) -> JobSettlement {
        guard let job = base.row(run.job) else { return settlement }
        var settlement = settlement
        switch (mistake, job.schedule) {
        case (.rerunAtMostOnce, .once) where job.contract == .atMostOnce && settlement.outcome == .interrupted:
            (settlement.state, settlement.keptUntil) = (.queued, nil)
        case (.pileUpMissedRuns, .every(let interval)) where settlement.outcome == .succeeded:
            settlement.due = job.due + interval.length
        case (.endSchedule, .every) where settlement.outcome == .succeeded:
            settlement.state = .succeeded
        case (.giveUpEarly, .once) where settlement.outcome == .failed:
            settlement.state = .failed
        default: break
        }
        return settlement
    }
}

/// A process that can be stopped and continued, and that dies at one of its calls.
final class MortalProcess: Sendable {
    let life = ManagerLife()
    let stoppable: StoppableProcess
    /// Milliseconds that a call takes at most: time in which the process may be stopped.
    private static let latencyMax = 40

    private let death: ManagerLife.Death
    private let time: VirtualTime
    private let random: SharedGenerator
    private let calls = Atomic<Int>(0)

    init(in storm: JobStorm, _ death: ManagerLife.Death = .never) {
        time = storm.host.time
        random = storm.random
        stoppable = StoppableProcess(time: time)
        self.death = death
    }

    /// A call begins; gives its number, from 1.
    func begin() async throws(StoreError) -> Int {
        do { try await time.sleep(for: .milliseconds(random.number(below: Self.latencyMax))) } catch {
            throw .unavailable("the call was cancelled")
        }
        await stoppable.pass()
        let number = calls.add(1, ordering: .relaxed).newValue
        if death == .before(call: number) { life.die() }
        try check()
        return number
    }

    /// A call has been carried out.
    func end(_ number: Int?) async throws(StoreError) {
        if let number, death == .after(call: number) { life.die() }
        await stoppable.pass()
        try check()
    }

    private func check() throws(StoreError) {
        if !life.isAlive { throw .unavailable("the manager is dead") }
    }
}
