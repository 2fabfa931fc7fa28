public import ProjectModel

/// How a run ended, as its runner knows it.
public enum JobEnd: Sendable, Equatable {
    /// The handler returned.
    case succeeded(result: String)
    /// The handler threw, or took too long. `isFinal` when another try is useless.
    case failed(String, isFinal: Bool)
    /// Its manager is gone, or has lost sight of it.
    case interrupted
    /// It ended because its cancellation was requested.
    case cancelled
}

/// What is written when a run is over: how it ended and when the job runs again, in one transaction. Pure.
public struct JobSettlement: Sendable, Equatable {
    /// Where the job stands from now on.
    public var state: JobState
    /// When it is due.
    public var due: Timestamp
    /// See ``Job/dueWithin``.
    public var dueWithin: Duration?
    /// Runs in a row that ended with an error.
    public var attempts = 0
    /// Runs in a row that lost their manager.
    public var interruptions = 0
    /// How the run ended.
    public var outcome: JobOutcome
    /// Why it ended otherwise than well.
    public var error: String?
    /// What it gave; nil keeps what an earlier run gave.
    public var result: String?
    /// When it ended.
    public var endedAt: Timestamp
    /// Until when the row is kept, if the job is over.
    public var keptUntil: Timestamp?

    public init(after end: JobEnd, of job: Job, retry: JobRetry, retention: JobRetention, now: Timestamp) {
        endedAt = now
        outcome = .succeeded
        (state, due, dueWithin) = (.queued, job.due, job.schedule.dueWithin)
        switch end {
        case .succeeded(let result):
            self.result = Self.bounded(result)
            finish(job, as: .succeeded, retention.succeeded)
        case .cancelled:
            (outcome, error) = (.cancelled, "it was cancelled")
            finish(job, as: .cancelled, retention.succeeded)
        case .failed(let reason, let isFinal):
            (outcome, error) = (.failed, Self.bounded(reason))
            let failures = job.attempts + 1
            if isFinal || job.contract == .atMostOnce || failures >= retry.attemptsMax {
                finish(job, as: .failed, retention.failed)
            } else {
                (attempts, interruptions) = (failures, job.interruptions)
                tryAgain(job, after: retry.wait(after: failures))
            }
        case .interrupted: settleInterruption(of: job, retry, retention)
        }
    }

    private mutating func settleInterruption(of job: Job, _ retry: JobRetry, _ retention: JobRetention) {
        outcome = .interrupted
        let count = job.interruptions + 1
        if job.contract == .atMostOnce {
            error = "its manager ended during the run: its effect is unknown, and it is not run again"
            finish(job, as: .failed, retention.failed)
        } else if job.isCancelRequested {
            error = "it was cancelled, and its manager ended before it did"
            finish(job, as: .cancelled, retention.succeeded)
        } else if count >= retry.interruptionsMax {
            error = "its manager ended \(count) times in a row while it ran"
            finish(job, as: .failed, retention.failed)
        } else {
            error = "its manager ended while it ran; it runs again"
            (attempts, interruptions) = (job.attempts, count)
            tryAgain(job, after: count == 1 ? .zero : retry.wait(after: count - 1))
        }
    }

    /// The job is over, or waits for its next time.
    private mutating func finish(_ job: Job, as end: JobState, _ retention: Duration) {
        switch job.schedule {
        case .once: (state, dueWithin, keptUntil) = (end, nil, endedAt + retention)
        case .every(let interval): due = interval.next(after: job.due, now: endedAt)
        }
    }

    /// Another try, but not later than the next time.
    private mutating func tryAgain(_ job: Job, after wait: Duration) {
        due = endedAt + wait
        dueWithin = wait * 2
        if case .every(let interval) = job.schedule { due = min(due, interval.first(after: endedAt)) }
    }

    /// A text as it is stored.
    static func bounded(_ text: String) -> String { String(text.prefix(JobLimits.textMax)) }
}

/// When and how a job that waits is to run.
public struct JobPlan: Sendable, Equatable {
    /// When it runs again after a run.
    public var schedule: JobSchedule
    /// What is promised about it.
    public var contract: JobContract
    /// Jobs of a higher priority are started first.
    public var priority: JobPriority
    /// When it is due.
    public var due: Timestamp
    /// See ``Job/dueWithin``.
    public var dueWithin: Duration?

    public init(of job: Job) {
        schedule = job.schedule
        contract = job.contract
        priority = job.priority
        due = job.due
        dueWithin = job.dueWithin
    }

    /// The plan of a job whose time lies further away than it can, because the clock was set back; nil for any other.
    public init?(bringingBack job: Job, retry: JobRetry, now: Timestamp) {
        guard Self.isTooFar(job, now: now) else { return nil }
        self.init(of: job)
        if job.attempts == 0, job.interruptions == 0, case .every(let interval) = job.schedule {
            due = interval.afterClockWasSetBack(now: now)
        } else {
            let wait = retry.wait(after: max(job.attempts, job.interruptions))
            (due, dueWithin) = (now + wait, wait * 2)
        }
    }

    /// Whether the time of a job that waits lies further away than it can.
    public static func isTooFar(_ job: Job, now: Timestamp) -> Bool {
        job.state == .queued && job.dueWithin.map { job.due.since(now) > $0 } ?? false
    }

    /// The plan that a job of the manager's own gets from this program; nil when it has it.
    ///
    /// - Parameters:
    ///   - wanted: The job as this program wants it.
    ///   - isSoon: Whether it runs at the beginning of each term.
    public init?(of stored: Job, as wanted: NewJob, isSoon: Bool, now: Timestamp) {
        guard stored.state == .queued else { return nil }
        let isOther = stored.schedule != wanted.schedule
        var plan = JobPlan(of: stored)
        (plan.schedule, plan.contract, plan.priority) = (wanted.schedule, wanted.contract, wanted.priority)
        if isOther { (plan.due, plan.dueWithin) = (wanted.due, wanted.schedule.dueWithin) }
        if isSoon { plan.due = min(plan.due, now) }
        guard plan != JobPlan(of: stored) else { return nil }
        self = plan
    }
}
