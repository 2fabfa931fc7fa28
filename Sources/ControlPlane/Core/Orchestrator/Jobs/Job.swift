public import ProjectModel

/// Durable work beside the status machine: one row, run when it is due, under the lease of the active manager.
public struct Job: Sendable, Equatable {
    /// Number of the row.
    public var id: Int64
    /// Which handler runs it.
    public var kind: JobKind
    /// Its name among those of its kind: enqueued again under the same key, it is the same job.
    public var key: String
    /// The project that it is about, if it is about one.
    public var ref: ProjectRef?
    /// What it needs for itself while it runs.
    public var lock: JobLock?
    /// What is promised when the outcome of a run is unknown.
    public var contract: JobContract
    /// Jobs of a higher priority are started first.
    public var priority: JobPriority
    /// What the handler needs to know, in a form of its own. It names rows; it holds no secret.
    public var payload: String
    /// When it runs again after a run.
    public var schedule: JobSchedule
    /// Where it stands.
    public var state: JobState
    /// When it is to be started, by the clock on the wall.
    public var due: Timestamp
    /// Longest time from now to ``due`` that can be right. When more is left, the clock was set back. Nil where a
    /// user chose ``due``.
    public var dueWithin: Duration?
    /// Number of its latest run, from 1; 0 before the first. What is written for an earlier run is refused.
    public var run: Int64
    /// Runs in a row that ended with an error.
    public var attempts: Int
    /// Runs in a row whose manager was gone before they ended.
    public var interruptions: Int
    /// How far the present run has come, or the last one came.
    public var progress: JobProgress?
    /// Who runs it at the moment.
    public var holder: JobHolder?
    /// Whether the cancellation of the present run was requested.
    public var isCancelRequested: Bool
    /// How the last run ended.
    public var outcome: JobOutcome?
    /// Why the last run ended otherwise than well.
    public var error: String?
    /// What the last run that succeeded gave.
    public var result: String?
    /// When it was enqueued.
    public var createdAt: Timestamp
    /// When the last run ended.
    public var endedAt: Timestamp?
    /// Until when the row of a finished job is kept.
    public var keptUntil: Timestamp?

    /// A job that was enqueued at a time and has not run.
    public init(id: Int64, _ new: NewJob, at time: Timestamp) {
        self.id = id
        kind = new.kind
        key = new.key
        ref = new.ref
        lock = new.lock
        contract = new.contract
        priority = new.priority
        payload = new.payload
        schedule = new.schedule
        state = .queued
        due = new.due
        dueWithin = new.schedule.dueWithin
        run = 0
        attempts = 0
        interruptions = 0
        isCancelRequested = false
        createdAt = time
    }

    /// Whether a recurring job ran at its last time, or the one before that. A run that removes for good what is old
    /// asks this first: after a leap of the clock, or a time without a manager, age says nothing until the next run.
    public func hasRunLately(now: Timestamp) -> Bool {
        guard case .every(let interval) = schedule, let endedAt else { return false }
        let age = now.since(endedAt)
        return age >= .zero - interval.length && age <= interval.length * 2
    }

    public var latestRun: JobRun { JobRun(job: id, number: run) }
}

/// Where a job stands. One that runs again and again is never over.
public enum JobState: String, Sendable, CaseIterable {
    /// Waits until it is due.
    case queued
    /// A manager runs it.
    case running
    /// Over, and well.
    case succeeded
    /// Over: it is not tried again.
    case failed
    /// Cancelled on request.
    case cancelled

    /// Whether it has ended.
    public var isOver: Bool { self != .queued && self != .running }
}

/// How a run ended.
public enum JobOutcome: String, Sendable, CaseIterable {
    /// Well.
    case succeeded
    /// With an error.
    case failed
    /// Its manager was gone before it ended.
    case interrupted
    /// On request.
    case cancelled
}

public struct JobRun: Sendable, Hashable {
    public var job: Int64
    /// Which of its runs, from 1.
    public var number: Int64

    public init(job: Int64, number: Int64) {
        self.job = job
        self.number = number
    }
}

/// A manager that runs jobs, in one term as the active one.
public struct JobRunnerIdentity: Sendable, Equatable {
    /// The manager; see ``ManagerIdentity/id``.
    public var manager: String
    /// Its term. Only the term counts: a job that is run under an older one has lost its manager.
    public var token: FencingToken

    public init(manager: String, token: FencingToken) {
        self.manager = manager
        self.token = token
    }
}

/// Who runs a job. Nothing is decided by these times: they are shown to users.
public struct JobHolder: Sendable, Equatable {
    /// The manager and its term.
    public var runner: JobRunnerIdentity
    /// When the run began.
    public var since: Timestamp
    /// When the run last told how far it has come; at first when it began.
    public var heartbeat: Timestamp

    public init(runner: JobRunnerIdentity, since: Timestamp, heartbeat: Timestamp) {
        self.runner = runner
        self.since = since
        self.heartbeat = heartbeat
    }
}

/// How far a run has come.
public struct JobProgress: Sendable, Equatable {
    /// What is done, in units of the handler's choice.
    public var done: Int64
    /// How much there is to do; nil while that is not known.
    public var total: Int64?
    /// What is done at the moment, in words.
    public var message: String

    public init(done: Int64, total: Int64? = nil, message: String = "") {
        self.done = done
        self.total = total
        self.message = message
    }
}
