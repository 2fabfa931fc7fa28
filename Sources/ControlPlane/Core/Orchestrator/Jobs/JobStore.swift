public import ProjectModel

/// The rows of jobs. Every method is one transaction; those for requests are part of the unit of work under way.
///
/// What a runner writes carries its term. Once another term has begun it is refused as ``StoreError/fenced``, in the same
/// transaction: a manager that was stopped and continues writes nothing.
public protocol JobStore: Sendable {
    // MARK: For requests

    /// Stores a job, unless there is one of its kind under its key already, over or not. Gives the one that there is.
    func enqueue(_ job: NewJob, at time: Timestamp) async throws(StoreError) -> Job
    func job(_ id: Int64) async throws(StoreError) -> Job?
    /// A job by its name.
    func job(_ kind: JobKind, key: String) async throws(StoreError) -> Job?
    /// Jobs, the latest first.
    func jobs(_ query: JobQuery) async throws(StoreError) -> [Job]
    /// Makes a job that waits due, and one that runs run once more after this run if it is a recurring one. False when
    /// there is no such job, or it is over.
    func hasten(_ kind: JobKind, key: String, at time: Timestamp) async throws(StoreError) -> Bool
    /// Cancels a job that waits, and notes for one that runs that its run is not wanted any more. A recurring job stays as
    /// it is. Gives the job as it is then.
    func cancel(_ id: Int64, at time: Timestamp, keptUntil: Timestamp) async throws(StoreError) -> Job?
    /// Removes up to `limit` jobs whose time is over; gives their number.
    func removeFinished(before time: Timestamp, limit: Int) async throws(StoreError) -> Int

    // MARK: For the runner, in its term

    /// Starts jobs that are due, as ``JobAdmission`` chooses, and returns what else the runner needs.
    func claim(_ claim: JobClaim) async throws(StoreError) -> JobClaimed
    /// Jobs that are called running and are not: those of earlier terms, and those of this term besides `runs`.
    func abandoned(
        by runner: JobRunnerIdentity, besides runs: Set<JobRun>, limit: Int
    ) async throws(StoreError) -> [Job]
    /// Jobs whose time lies further away than it can; see ``JobPlan/isTooFar(_:now:)``.
    func tooFar(at time: Timestamp, limit: Int) async throws(StoreError) -> [Job]
    /// Writes the end of a run. False when the job is not in that run any more.
    func settle(
        _ run: JobRun, _ settlement: JobSettlement, by runner: JobRunnerIdentity
    ) async throws(StoreError) -> Bool
    /// Writes how far a run has come. False when the job is not in that run any more, under this term.
    func note(
        _ progress: JobProgress, of run: JobRun, at time: Timestamp, by runner: JobRunnerIdentity
    ) async throws(StoreError) -> Bool
    /// Gives a job that waits another plan. False when it is not as `job` any more.
    func replan(_ job: Job, _ plan: JobPlan, by runner: JobRunnerIdentity) async throws(StoreError) -> Bool
}

/// What a runner asks for.
public struct JobClaim: Sendable, Equatable {
    public var runner: JobRunnerIdentity
    /// How many more jobs of each kind may run.
    public var slots: [JobKind: Int]
    /// How many jobs may start; with 0 nothing does, and the rest of the answer is given.
    public var limit: Int
    /// The present time.
    public var at: Timestamp

    public init(runner: JobRunnerIdentity, slots: [JobKind: Int], limit: Int, at: Timestamp) {
        self.runner = runner
        self.slots = slots
        self.limit = limit
        self.at = at
    }
}

/// What a runner gets.
public struct JobClaimed: Sendable, Equatable {
    /// Jobs that run now, under the runner.
    public var jobs: [Job]
    /// When the next of the jobs that wait is due, of the kinds that were asked for; nil when none waits for a later time.
    public var nextDue: Timestamp?
    /// Runs that are not wanted any more.
    public var unwanted: Set<JobRun>

    public init(jobs: [Job] = [], nextDue: Timestamp? = nil, unwanted: Set<JobRun> = []) {
        self.jobs = jobs
        self.nextDue = nextDue
        self.unwanted = unwanted
    }
}

/// Which jobs are wanted.
public struct JobQuery: Sendable, Equatable {
    /// Only of this kind.
    public var kind: JobKind?
    /// Only in this state.
    public var state: JobState?
    /// Only of this project.
    public var ref: ProjectRef?
    /// Only with a smaller number: the next page.
    public var before: Int64?
    /// How many, 1 to ``JobLimits/listedMax``.
    public var limit: Int

    /// A query; the latest hundred of all jobs by default.
    public init(
        kind: JobKind? = nil, state: JobState? = nil, ref: ProjectRef? = nil, before: Int64? = nil, limit: Int = 100
    ) {
        self.kind = kind
        self.state = state
        self.ref = ref
        self.before = before
        self.limit = limit
    }

    /// Whether a job is among those that are wanted.
    public func wants(_ job: Job) -> Bool {
        (kind.map { $0 == job.kind } ?? true) && (state.map { $0 == job.state } ?? true)
            && (ref.map { $0 == job.ref } ?? true) && (before.map { job.id < $0 } ?? true)
    }
}
