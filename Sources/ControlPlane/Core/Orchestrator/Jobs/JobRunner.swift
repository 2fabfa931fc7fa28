public import Logging
import ProjectModel
import Synchronization

/// Runs the jobs that are due, as long as this manager is the active one. A run belongs to a term of the lease: when the
/// term is over its handlers are cancelled and waited for, and the next term takes over what they left.
///
/// Nothing is given up because of time: whose term is not the present one is gone, however short or long ago.
public final class JobRunner: Sendable {
    struct Running: Sendable {
        let job: Job
        var isUnwanted = false
    }

    let store: any JobStore
    let definitions: [JobKind: JobDefinition]
    let lease: ManagerLease
    let manager: String
    let signal: JobSignal
    let limits: JobLimits
    let time: any TimeSource
    let logger: Logger
    let running = Mutex<[JobRun: Running]>([:])

    /// A runner of the kinds that `definitions` are about; jobs of other kinds wait for a manager that knows them.
    public init(
        store: any JobStore, definitions: [JobDefinition], lease: ManagerLease, manager: String, signal: JobSignal,
        limits: JobLimits = JobLimits(), time: any TimeSource = SystemTime(), logger: Logger
    ) throws(JobError) {
        var known: [JobKind: JobDefinition] = [:]
        for definition in definitions where known.updateValue(definition, forKey: definition.kind) != nil {
            throw .kindTwice(definition.kind)
        }
        self.store = store
        self.definitions = known
        self.lease = lease
        self.manager = manager
        self.signal = signal
        self.limits = limits
        self.time = time
        self.logger = logger
    }

    /// Works in the present term until it is cancelled; returns when all handlers have ended.
    public func runUntilCancelled() async {
        while !Task.isCancelled {
            if let token = lease.token { return await run(as: JobRunnerIdentity(manager: manager, token: token)) }
            do { try await time.sleep(for: limits.watchInterval) } catch { return }
        }
    }

    private func run(as runner: JobRunnerIdentity) async {
        let signals = signal.begin()
        await withDiscardingTaskGroup { group in
            var term = JobTerm(runner: runner, time: time)
            group.addTask { await self.lookRegularly() }
            for await _ in signals {
                for job in await pass(&term) { group.addTask { await self.run(job, as: runner) } }
                if let wait = term.takeAlarm(now: time.now(), within: limits.pollInterval) {
                    group.addTask {
                        try? await self.time.sleep(for: wait)
                        self.signal.send()
                    }
                }
                do { try await time.sleep(for: limits.claimInterval) } catch { break }
            }
            group.cancelAll()
        }
    }

    private func lookRegularly() async {
        while !Task.isCancelled {
            signal.send()
            do { try await time.sleep(for: limits.pollInterval) } catch { return }
        }
    }

    /// One pass: what was left behind, what is due, what was cancelled. Returns the jobs to run.
    private func pass(_ term: inout JobTerm) async -> [Job] {
        guard lease.token == term.runner.token else { return [] }
        do throws(StoreError) {
            if term.needsUpkeep(time, every: limits.upkeepInterval) { try await upkeep(&term) }
            return try await claim(&term)
        } catch {
            term.failed()
            if !Task.isCancelled { logger.warning("jobs cannot be read", metadata: ["error": "\(error)"]) }
            return []
        }
    }

    private func claim(_ term: inout JobTerm) async throws(StoreError) -> [Job] {
        var used: [JobKind: Int] = [:]
        let count = running.withLock { running in
            for one in running.values { used[one.job.kind, default: 0] += 1 }
            return running.count
        }
        let slots = definitions.mapValues { max($0.parallelMax - used[$0.kind, default: 0], 0) }
        let claim = JobClaim(
            runner: term.runner, slots: slots, limit: max(min(limits.batchMax, limits.parallelMax - count), 0),
            at: time.now())
        let claimed = try await store.claim(claim)
        term.nextDue = claimed.nextDue
        running.withLock { running in
            for run in claimed.unwanted { running[run]?.isUnwanted = true }
            for job in claimed.jobs { running[job.latestRun] = Running(job: job) }
        }
        // There may be more than one transaction takes.
        if claim.limit > 0, claimed.jobs.count == claim.limit { signal.send() }
        return claimed.jobs
    }

    /// Runs that this runner has in hand.
    var runs: Set<JobRun> { running.withLock { Set($0.keys) } }
}

/// What a runner remembers in one term.
struct JobTerm: Sendable {
    let runner: JobRunnerIdentity
    /// Whether the manager's own jobs are as this program wants them.
    var isPrepared = false
    var nextDue: Timestamp?
    private var alarm: Timestamp?
    private var watch: ClockWatch
    private var upkeepAt: Duration?

    init(runner: JobRunnerIdentity, time: any TimeSource) {
        self.runner = runner
        watch = ClockWatch(time)
    }

    /// Whether it is time for upkeep: at the beginning, regularly, when a call has failed, and when the clock was set.
    mutating func needsUpkeep(_ time: any TimeSource, every interval: Duration) -> Bool {
        let isBroken = watch.check(time) != nil
        let now = time.uptime()
        guard isBroken || upkeepAt.map({ now - $0 >= interval }) ?? true else { return false }
        upkeepAt = now
        return true
    }

    /// A call has failed: its effect is unknown.
    mutating func failed() { upkeepAt = nil }

    /// How long to wait for the next job, when that is due before the next regular poll and no wait is scheduled yet.
    mutating func takeAlarm(now: Timestamp, within interval: Duration) -> Duration? {
        guard let due = nextDue, due > now, due.since(now) < interval else { return nil }
        if let alarm, alarm > now, alarm <= due { return nil }
        alarm = due
        return due.since(now)
    }
}
