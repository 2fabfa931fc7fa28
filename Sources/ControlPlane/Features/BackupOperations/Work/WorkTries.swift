import Orchestrator

/// How often a job about backups is tried before its worker ends the row that it works on. The runner's own limits lie
/// beyond: what a worker could not end itself, a run that took too long or a manager that died, is ended by a further run.
struct WorkTries: Sendable, Equatable {
    var first: Duration
    var longest: Duration
    var attemptsMax: Int
    /// Managers are restarted for good reasons, too.
    var interruptionsMax = 1_000

    /// Runs that the runner allows beyond the worker's tries, to end the row.
    static let runsToEnd = 100

    /// The limits of the runner.
    var retry: JobRetry {
        JobRetry(
            first: first, longest: longest, attemptsMax: attemptsMax + Self.runsToEnd,
            interruptionsMax: interruptionsMax + Self.runsToEnd)
    }

    /// Why the row is to be ended without a further try; nil while there is one.
    func end(of job: Job) -> String? { end(attempts: job.attempts, interruptions: job.interruptions) }

    func end(attempts: Int, interruptions: Int) -> String? {
        if attempts >= attemptsMax { return "\(attempts) tries failed or took too long: the manager's log says why" }
        if interruptions >= interruptionsMax { return "the manager ended \(interruptions) times while it ran" }
        return nil
    }

    /// Whether there is no further try after this error.
    func isLast(_ job: Job, _ error: any Error) -> Bool { isLast(attempts: job.attempts, error) }

    func isLast(attempts: Int, _ error: any Error) -> Bool {
        error is JobFailure || error is UnsoundBackup || (error as? EngineError)?.isPermanent == true
            || attempts + 1 >= attemptsMax
    }
}
