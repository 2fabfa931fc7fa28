public import Orchestrator
public import ProjectModel
import Synchronization

/// Jobs in memory, under the same rules as in PostgreSQL; ``JobStoreContract`` holds both to them.
public final class InMemoryJobStore: JobStore, Revertible {
    private let tables: Tables
    private let leases: InMemoryManagerLeaseStore?

    private final class Tables: Sendable {
        let state = Mutex(JobTable())
    }

    /// An empty store. What runners write counts while the lease of their term lasts in `leases`; without it any counts.
    public init(leases: InMemoryManagerLeaseStore? = nil) {
        tables = Tables()
        self.leases = leases
    }

    private init(_ tables: Tables) {
        self.tables = tables
        leases = nil
    }

    /// The same jobs, written without a lease.
    func unfenced() -> InMemoryJobStore { InMemoryJobStore(tables) }

    /// All jobs, by number.
    public var everything: [Job] { tables.state.withLock { $0.jobs.values.sorted { $0.id < $1.id } } }

    /// A job as it is at this moment.
    func row(_ id: Int64) -> Job? { tables.state.withLock { $0.jobs[id] } }

    /// Makes every call fail as if the database were away, or ends that.
    public func setDown(_ isDown: Bool) { tables.state.withLock { $0.isDown = isDown } }

    /// What brings the store back to how it is now.
    public func checkpoint() -> @Sendable () -> Void {
        let copy = tables.state.withLock { $0 }
        return { [self] in tables.state.withLock { $0 = copy } }
    }

    private func transaction<Value: Sendable>(
        by runner: JobRunnerIdentity? = nil, _ body: (inout JobTable) -> Value
    ) async throws(StoreError) -> Value {
        await Task.yield()
        return try tables.state.withLock { state throws(StoreError) in
            if state.isDown { throw .unavailable("connection refused") }
            if let runner, let leases, !leases.holds(runner.token) { throw .fenced }
            return body(&state)
        }
    }

    /// Stores a job, unless its name is taken.
    public func enqueue(_ job: NewJob, at time: Timestamp) async throws(StoreError) -> Job {
        try await transaction { $0.enqueue(job, at: time) }
    }

    public func job(_ id: Int64) async throws(StoreError) -> Job? { try await transaction { $0.jobs[id] } }

    /// A job by its name.
    public func job(_ kind: JobKind, key: String) async throws(StoreError) -> Job? {
        try await transaction { $0.job(kind, key: key) }
    }

    /// Jobs, the latest first.
    public func jobs(_ query: JobQuery) async throws(StoreError) -> [Job] {
        try await transaction { table in
            Array(table.jobs.values.filter(query.wants).sorted { $0.id > $1.id }.prefix(query.limit))
        }
    }

    /// Makes a job due.
    public func hasten(_ kind: JobKind, key: String, at time: Timestamp) async throws(StoreError) -> Bool {
        try await transaction { $0.hasten(kind, key: key, at: time) }
    }

    /// Cancels a job, or asks its run to end.
    public func cancel(_ id: Int64, at time: Timestamp, keptUntil: Timestamp) async throws(StoreError) -> Job? {
        try await transaction { $0.cancel(id, at: time, keptUntil: keptUntil) }
    }

    /// Removes jobs whose time is over.
    public func removeFinished(before time: Timestamp, limit: Int) async throws(StoreError) -> Int {
        try await transaction { $0.removeFinished(before: time, limit: limit) }
    }

    /// Starts jobs that are due.
    public func claim(_ claim: JobClaim) async throws(StoreError) -> JobClaimed {
        try await transaction(by: claim.runner) { $0.claim(claim) }
    }

    /// Jobs that are called running and are not.
    public func abandoned(
        by runner: JobRunnerIdentity, besides runs: Set<JobRun>, limit: Int
    ) async throws(StoreError) -> [Job] {
        try await transaction(by: runner) { table in
            let left = table.running.compactMap { table.jobs[$0] }.filter { job in
                guard let holder = job.holder else { return true }
                return holder.runner.token < runner.token
                    || holder.runner.token == runner.token && !runs.contains(job.latestRun)
            }
            return Array(left.sorted { $0.id < $1.id }.prefix(limit))
        }
    }

    /// Jobs whose time lies too far away.
    public func tooFar(at time: Timestamp, limit: Int) async throws(StoreError) -> [Job] {
        try await transaction { table in
            let far = table.order.compactMap { table.jobs[$0.id] }.filter { JobPlan.isTooFar($0, now: time) }
            return Array(far.sorted { $0.id < $1.id }.prefix(limit))
        }
    }

    /// Writes the end of a run.
    public func settle(
        _ run: JobRun, _ settlement: JobSettlement, by runner: JobRunnerIdentity
    ) async throws(StoreError) -> Bool {
        try await transaction(by: runner) { $0.settle(run, settlement) }
    }

    /// Writes how far a run has come.
    public func note(
        _ progress: JobProgress, of run: JobRun, at time: Timestamp, by runner: JobRunnerIdentity
    ) async throws(StoreError) -> Bool {
        try await transaction(by: runner) { table in
            guard let job = table.jobs[run.job], job.state == .running, job.latestRun == run,
                job.holder?.runner.token == runner.token
            else { return false }
            table.jobs[run.job]?.progress = progress
            table.jobs[run.job]?.holder?.heartbeat = time
            return true
        }
    }

    /// Gives a job that waits another plan.
    public func replan(_ job: Job, _ plan: JobPlan, by runner: JobRunnerIdentity) async throws(StoreError) -> Bool {
        try await transaction(by: runner) { $0.replan(job, plan) }
    }
}
