import Orchestrator
import PostgresKit
import ProjectModel

/// Columns of the table `jobs`.
enum JobRow {
    static let columns = """
        id, kind, key, ref, lock, contract, priority, payload, every_ms, phase_ms, state, due, due_within_ms, run,
        attempts, interruptions, progress_done, progress_total, progress_message, manager, token, started_at,
        heartbeat_at, is_cancel_requested, outcome, error, result, created_at, ended_at, kept_until
        """

    @Sendable static func job(_ row: PostgresRow) throws -> Job {
        guard let kind = JobKind(try row.string("kind")),
            let contract = JobContract(rawValue: try row.string("contract")),
            let priority = JobPriority(rawValue: try row.int("priority")),
            let state = JobState(rawValue: try row.string("state"))
        else { throw StoreError.refused("a job has an unknown kind, contract, priority or state") }
        let new = NewJob(
            kind, key: try row.string("key"), ref: try row.optionalString("ref").flatMap { ProjectRef($0) },
            lock: try row.optionalString("lock").flatMap { JobLock($0) }, contract: contract, priority: priority,
            payload: try row.string("payload"), schedule: try schedule(row), due: Timestamp(try row.timestamp("due")))
        var job = Job(id: try row.int64("id"), new, at: Timestamp(try row.timestamp("created_at")))
        job.state = state
        job.dueWithin = try row.optionalInt64("due_within_ms").map { .milliseconds($0) }
        job.run = try row.int64("run")
        job.attempts = try row.int("attempts")
        job.interruptions = try row.int("interruptions")
        job.progress = try progress(row)
        job.holder = try holder(row)
        job.isCancelRequested = try row.bool("is_cancel_requested")
        job.outcome = try row.optionalString("outcome").flatMap { JobOutcome(rawValue: $0) }
        job.error = try row.optionalString("error")
        job.result = try row.optionalString("result")
        job.endedAt = try row.optionalTimestamp("ended_at").map { Timestamp($0) }
        job.keptUntil = try row.optionalTimestamp("kept_until").map { Timestamp($0) }
        return job
    }

    private static func schedule(_ row: PostgresRow) throws -> JobSchedule {
        guard let length = try row.optionalInt64("every_ms"), let phase = try row.optionalInt64("phase_ms") else {
            return .once
        }
        return .every(JobInterval(.milliseconds(length), phase: .milliseconds(phase)))
    }

    private static func progress(_ row: PostgresRow) throws -> JobProgress? {
        guard let done = try row.optionalInt64("progress_done") else { return nil }
        return JobProgress(
            done: done, total: try row.optionalInt64("progress_total"), message: try row.string("progress_message"))
    }

    private static func holder(_ row: PostgresRow) throws -> JobHolder? {
        guard let token = try row.optionalInt64("token") else { return nil }
        return JobHolder(
            runner: JobRunnerIdentity(manager: try row.string("manager"), token: FencingToken(token)),
            since: Timestamp(try row.timestamp("started_at")), heartbeat: Timestamp(try row.timestamp("heartbeat_at")))
    }

    /// Length and phase of a schedule.
    static func parameters(_ schedule: JobSchedule) -> [PostgresParameter] {
        switch schedule {
        case .once: [.null, .null]
        case .every(let interval):
            [.int(interval.length.wholeMilliseconds), .int(interval.phase.wholeMilliseconds)]
        }
    }
}
