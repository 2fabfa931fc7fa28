import Orchestrator
import PostgresKit
import ProjectModel

/// SQL of the table `jobs`, as far as the runner needs it. The caller holds the lease of its term.
enum JobRunRows {
    static func claim(_ claim: JobClaim, in session: some PostgresSession) async throws -> JobClaimed {
        let kinds = claim.slots.sorted { $0.key < $1.key }
        let started = claim.limit > 0 ? try await start(claim, kinds, in: session) : []
        let next = try await session.single(
            """
            select min(soon.due) as due from unnest($1::text[]) as wanted (kind)
            cross join lateral (
                select due from jobs where state = 'queued' and kind = wanted.kind and due > $2 order by due limit 1
            ) soon
            """, [.textArray(kinds.map(\.key.text)), .timestamp(claim.at.postgres)]
        ).optionalTimestamp("due")
        let unwanted = try await session.query(
            "select id, run from jobs where state = 'running' and is_cancel_requested"
        )
        .map { JobRun(job: try $0.int64("id"), number: try $0.int64("run")) }
        return JobClaimed(jobs: started, nextDue: next.map { Timestamp($0) }, unwanted: Set(unwanted))
    }

    /// Of each kind as many as have room, of each lock the first: of these ``JobAdmission`` chooses.
    private static func start(
        _ claim: JobClaim, _ kinds: [(key: JobKind, value: Int)], in session: some PostgresSession
    ) async throws -> [Job] {
        let candidates = try await session.query(
            """
            select \(JobRow.columns) from jobs where id in (
                select startable.id from unnest($1::text[], $2::text[]::bigint[]) as wanted (kind, slots)
                cross join lateral (
                    (select id from jobs
                    where state = 'queued' and lock is null and kind = wanted.kind and due <= $3
                    order by priority desc, due, id limit least(wanted.slots, $4))
                    union all
                    (select first.id from (
                        select distinct on (lock) id, priority, due from jobs waiting
                        where state = 'queued' and lock is not null and kind = wanted.kind and due <= $3
                            and not exists (
                                select from jobs other where other.state = 'running' and other.lock = waiting.lock)
                        order by lock, priority desc, due, id
                    ) first
                    order by first.priority desc, first.due, first.id limit least(wanted.slots, $4))
                ) startable
            ) and state = 'queued' for update skip locked
            """,
            [
                .textArray(kinds.map(\.key.text)), .textArray(kinds.map { String($0.value) }),
                .timestamp(claim.at.postgres), .int(claim.limit),
            ]
        ).map(JobRow.job)
        guard !candidates.isEmpty else { return [] }
        let locks = try await session.query("select lock from jobs where state = 'running' and lock is not null")
            .compactMap { JobLock(try $0.string("lock")) }
        let chosen = JobAdmission.choose(
            from: candidates, running: Set(locks), slots: claim.slots, limit: claim.limit, now: claim.at)
        guard !chosen.isEmpty else { return [] }
        return try await session.query(
            """
            update jobs set state = 'running', run = run + 1, manager = $2, token = $3, started_at = $4,
                heartbeat_at = $4, progress_done = null, progress_total = null, progress_message = null
            where id = any($1::text[]::bigint[]) returning \(JobRow.columns)
            """,
            [
                .textArray(chosen.map { String($0.id) }), .text(claim.runner.manager),
                .int(claim.runner.token.number), .timestamp(claim.at.postgres),
            ]
        ).map(JobRow.job).sorted(by: JobAdmission.isBefore)
    }

    static func abandoned(
        by runner: JobRunnerIdentity, besides runs: Set<JobRun>, limit: Int, in session: some PostgresSession
    ) async throws -> [Job] {
        let known = runs.sorted { $0.job < $1.job }
        return try await session.query(
            """
            select \(JobRow.columns) from jobs
            where state = 'running' and (token < $1 or token = $1 and not exists (
                select from unnest($2::text[]::bigint[], $3::text[]::bigint[]) as known (id, run)
                where known.id = jobs.id and known.run = jobs.run))
            order by id limit $4
            """,
            [
                .int(runner.token.number), .textArray(known.map { String($0.job) }),
                .textArray(known.map { String($0.number) }), .int(limit),
            ]
        ).map(JobRow.job)
    }

    static func tooFar(at time: Timestamp, limit: Int, in session: some PostgresSession) async throws -> [Job] {
        try await session.query(
            """
            select \(JobRow.columns) from jobs
            where state = 'queued' and due > $1::timestamptz + due_within_ms * interval '1 millisecond' order by id limit $2
            """, [.timestamp(time.postgres), .int(limit)]
        ).map(JobRow.job)
    }

    static func settle(
        _ run: JobRun, _ settlement: JobSettlement, in session: some PostgresSession
    ) async throws -> Bool {
        try await session.execute(
            """
            update jobs set state = $3, due = case when runs_again and $3 = 'queued'
                    then least($4::timestamptz, $11::timestamptz) else $4::timestamptz end,
                due_within_ms = $5, attempts = $6, interruptions = $7, outcome = $8, error = $9,
                result = coalesce($10, result), ended_at = $11, kept_until = $12, manager = null, token = null,
                started_at = null, heartbeat_at = null, is_cancel_requested = false, runs_again = false
            where id = $1 and run = $2 and state = 'running'
            """,
            [
                .int(run.job), .int(run.number), .text(settlement.state.rawValue),
                .timestamp(settlement.due.postgres), .optional(settlement.dueWithin?.wholeMilliseconds),
                .int(settlement.attempts), .int(settlement.interruptions), .text(settlement.outcome.rawValue),
                .optional(settlement.error), .optional(settlement.result), .timestamp(settlement.endedAt.postgres),
                .optional(settlement.keptUntil?.postgres),
            ]) == 1
    }

    static func note(
        _ progress: JobProgress, of run: JobRun, at time: Timestamp, by runner: JobRunnerIdentity,
        in session: some PostgresSession
    ) async throws -> Bool {
        try await session.execute(
            """
            update jobs set progress_done = $4, progress_total = $5, progress_message = $6, heartbeat_at = $7
            where id = $1 and run = $2 and token = $3 and state = 'running'
            """,
            [
                .int(run.job), .int(run.number), .int(runner.token.number), .int(progress.done),
                .optional(progress.total), .text(progress.message), .timestamp(time.postgres),
            ]) == 1
    }

    static func replan(_ job: Job, _ plan: JobPlan, in session: some PostgresSession) async throws -> Bool {
        try await session.execute(
            """
            update jobs set every_ms = $4, phase_ms = $5, contract = $6, priority = $7, due = $8, due_within_ms = $9
            where id = $1 and run = $2 and due = $3 and state = 'queued'
            """,
            [.int(job.id), .int(job.run), .timestamp(job.due.postgres)] + JobRow.parameters(plan.schedule) + [
                .text(plan.contract.rawValue), .int(plan.priority.rawValue), .timestamp(plan.due.postgres),
                .optional(plan.dueWithin?.wholeMilliseconds),
            ]) == 1
    }
}
