import ProjectModel

/// What this program knows of a kind of jobs: how they run, and with which limits.
public struct JobDefinition: Sendable {
    /// Does the work of one run; gives what is shown as its result. It is cancelled when the manager loses its lease or
    /// stops, when the run takes too long, and when the job is cancelled.
    public typealias Handler = @Sendable (JobContext) async throws -> String

    public var kind: JobKind
    /// What happens after a failure.
    public var retry: JobRetry
    /// How long finished jobs are kept.
    public var retention: JobRetention
    /// Longest time of a run, of which only the time counts in which this process ran.
    public var timeLimit: Duration
    /// Jobs of the kind that run at once.
    public var parallelMax: Int
    /// The one job that the manager itself has of this kind; nil where others enqueue them.
    public var recurring: Recurring?
    let handler: Handler

    /// A job of the manager's own that runs again and again.
    public struct Recurring: Sendable, Equatable {
        /// The key of all of them: there is one job of the kind.
        public static let key = "manager"

        /// When.
        public var interval: JobInterval
        /// Whether it also runs at the beginning of each term of a manager.
        public var startsWithTerm: Bool
        /// What is promised about it.
        public var contract: JobContract

        /// A job of the manager's own.
        public init(_ interval: JobInterval, startsWithTerm: Bool = false, contract: JobContract = .atLeastOnce) {
            self.interval = interval
            self.startsWithTerm = startsWithTerm
            self.contract = contract
        }
    }

    public init(
        _ kind: JobKind, recurring: Recurring? = nil, retry: JobRetry = JobRetry(),
        retention: JobRetention = JobRetention(), timeLimit: Duration = .seconds(600), parallelMax: Int = 4,
        handler: @escaping Handler
    ) {
        self.kind = kind
        self.recurring = recurring
        self.retry = retry
        self.retention = retention
        self.timeLimit = timeLimit
        self.parallelMax = parallelMax
        self.handler = handler
    }

    /// The manager's own job of the kind. It does not wait behind what users have enqueued.
    func ownJob(now: Timestamp) -> NewJob? {
        recurring.map { recurring in
            NewJob(
                kind, key: Recurring.key, contract: recurring.contract, priority: .high,
                schedule: .every(recurring.interval),
                due: recurring.startsWithTerm ? now : recurring.interval.first(after: now))
        }
    }
}

/// What a handler gets.
public struct JobContext: Sendable {
    /// The job, as it was when the run began.
    public let job: Job
    private let store: any JobStore
    private let runner: JobRunnerIdentity
    private let lease: ManagerLease
    private let time: any TimeSource

    init(
        job: Job, store: any JobStore, runner: JobRunnerIdentity, lease: ManagerLease, time: any TimeSource
    ) {
        self.job = job
        self.store = store
        self.runner = runner
        self.lease = lease
        self.time = time
    }

    /// Throws unless the manager still acts in the term in which the run began: to be asked right before each effect that
    /// the database does not guard.
    public func check() throws(NotActiveManager) {
        if lease.token != runner.token { throw NotActiveManager() }
    }

    /// Writes how far the run has come.
    ///
    /// - Throws: ``NotActiveManager`` when the run is another manager's affair by now; ``StoreError``.
    public func note(_ progress: JobProgress) async throws {
        var progress = progress
        progress.message = JobSettlement.bounded(progress.message)
        let isOurs = try await store.note(progress, of: job.latestRun, at: time.now(), by: runner)
        if !isOurs { throw NotActiveManager() }
    }
}

/// A failure of which a handler knows that another try is useless.
public struct JobFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// Why; no secret.
    public let description: String

    public init(_ description: String) { self.description = description }
}
