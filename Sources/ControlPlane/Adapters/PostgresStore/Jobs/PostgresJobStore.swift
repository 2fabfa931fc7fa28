public import Orchestrator
public import PostgresKit
public import ProjectModel

/// Jobs in PostgreSQL: the table `jobs`.
public struct PostgresJobStore: JobStore {
    private let pool: PostgresPool

    /// A store on a pool whose database has been migrated.
    public init(pool: PostgresPool) { self.pool = pool }

    /// Inserts a job, unless its name is taken.
    public func enqueue(_ job: NewJob, at time: Timestamp) async throws(StoreError) -> Job {
        try await transaction { try await JobRows.enqueue(job, at: time, in: $0) }
    }

    /// Selects a job.
    public func job(_ id: Int64) async throws(StoreError) -> Job? {
        try await transaction { try await JobRows.select(id, in: $0) }
    }

    /// Selects a job by its name.
    public func job(_ kind: JobKind, key: String) async throws(StoreError) -> Job? {
        try await transaction { try await JobRows.select(kind, key: key, in: $0) }
    }

    /// Selects jobs, the latest first.
    public func jobs(_ query: JobQuery) async throws(StoreError) -> [Job] {
        try await transaction { try await JobRows.select(query, in: $0) }
    }

    /// Makes a job due.
    public func hasten(_ kind: JobKind, key: String, at time: Timestamp) async throws(StoreError) -> Bool {
        try await transaction { try await JobRows.hasten(kind, key: key, at: time, in: $0) }
    }

    /// Cancels a job, or asks its run to end.
    public func cancel(_ id: Int64, at time: Timestamp, keptUntil: Timestamp) async throws(StoreError) -> Job? {
        try await transaction { try await JobRows.cancel(id, at: time, keptUntil: keptUntil, in: $0) }
    }

    /// Deletes jobs whose time is over.
    public func removeFinished(before time: Timestamp, limit: Int) async throws(StoreError) -> Int {
        try await transaction { try await JobRows.removeFinished(before: time, limit: limit, in: $0) }
    }

    /// Starts jobs that are due.
    public func claim(_ claim: JobClaim) async throws(StoreError) -> JobClaimed {
        try await fenced(claim.runner) { try await JobRunRows.claim(claim, in: $0) }
    }

    /// Selects jobs that are called running and are not.
    public func abandoned(
        by runner: JobRunnerIdentity, besides runs: Set<JobRun>, limit: Int
    ) async throws(StoreError) -> [Job] {
        try await fenced(runner) { try await JobRunRows.abandoned(by: runner, besides: runs, limit: limit, in: $0) }
    }

    /// Selects jobs whose time lies too far away.
    public func tooFar(at time: Timestamp, limit: Int) async throws(StoreError) -> [Job] {
        try await transaction { try await JobRunRows.tooFar(at: time, limit: limit, in: $0) }
    }

    /// Updates a job whose run is over.
    public func settle(
        _ run: JobRun, _ settlement: JobSettlement, by runner: JobRunnerIdentity
    ) async throws(StoreError) -> Bool {
        try await fenced(runner) { try await JobRunRows.settle(run, settlement, in: $0) }
    }

    /// Updates how far a run has come.
    public func note(
        _ progress: JobProgress, of run: JobRun, at time: Timestamp, by runner: JobRunnerIdentity
    ) async throws(StoreError) -> Bool {
        try await fenced(runner) { try await JobRunRows.note(progress, of: run, at: time, by: runner, in: $0) }
    }

    /// Updates the plan of a job that waits.
    public func replan(_ job: Job, _ plan: JobPlan, by runner: JobRunnerIdentity) async throws(StoreError) -> Bool {
        try await fenced(runner) { try await JobRunRows.replan(job, plan, in: $0) }
    }

    /// Under the lease of the runner's term, which no other manager takes over before the transaction ends.
    private func fenced<Value: Sendable>(
        _ runner: JobRunnerIdentity, _ body: @Sendable @escaping (PostgresTransaction) async throws -> Value
    ) async throws(StoreError) -> Value {
        try await transaction { transaction in
            try await ManagerLeaseRow.hold(runner.token, in: transaction)
            return try await body(transaction)
        }
    }

    private func transaction<Value: Sendable>(
        _ body: @Sendable @escaping (PostgresTransaction) async throws -> Value
    ) async throws(StoreError) -> Value {
        do { return try await AmbientTransaction.run(on: pool, body) } catch {
            throw PostgresProjectStore.storeError(error)
        }
    }
}
