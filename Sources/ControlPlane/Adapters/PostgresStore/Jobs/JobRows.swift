import Orchestrator
import PostgresKit
import ProjectModel

/// SQL of the table `jobs`, as far as requests need it.
enum JobRows {
    static func enqueue(_ job: NewJob, at time: Timestamp, in session: some PostgresSession) async throws -> Job {
        // Between the two statements another one's row may be removed; then the first one finds the name free.
        while true {
            if let present = try await select(job.kind, key: job.key, in: session) { return present }
            let inserted = try await session.first(
                """
                insert into jobs (kind, key, ref, lock, contract, priority, payload, every_ms, phase_ms, state, due,
                    due_within_ms, created_at)
                values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'queued', $10, $11, $12)
                on conflict (kind, key) do nothing returning \(JobRow.columns)
                """,
                [
                    .text(job.kind.text), .text(job.key), .optional(job.ref?.text), .optional(job.lock?.text),
                    .text(job.contract.rawValue), .int(job.priority.rawValue), .text(job.payload),
                ] + JobRow.parameters(job.schedule) + [
                    .timestamp(job.due.postgres), .optional(job.schedule.dueWithin?.wholeMilliseconds),
                    .timestamp(time.postgres),
                ])
            if let inserted { return try JobRow.job(inserted) }
        }
    }

    static func select(_ id: Int64, in session: some PostgresSession) async throws -> Job? {
        try await session.first("select \(JobRow.columns) from jobs where id = $1", [.int(id)]).map(JobRow.job)
    }

    static func select(_ kind: JobKind, key: String, in session: some PostgresSession) async throws -> Job? {
        try await session.first(
            "select \(JobRow.columns) from jobs where kind = $1 and key = $2", [.text(kind.text), .text(key)]
        ).map(JobRow.job)
    }

    static func select(_ query: JobQuery, in session: some PostgresSession) async throws -> [Job] {
        try await session.query(
            """
            select \(JobRow.columns) from jobs
            where ($1::text is null or kind = $1) and ($2::text is null or state = $2)
                and ($3::text is null or ref = $3) and ($4::bigint is null or id < $4)
            order by id desc limit $5
            """,
            [
                .optional(query.kind?.text), .optional(query.state?.rawValue), .optional(query.ref?.text),
                .optional(query.before), .int(query.limit),
            ]
        ).map(JobRow.job)
    }

    static func hasten(
        _ kind: JobKind, key: String, at time: Timestamp, in session: some PostgresSession
    ) async throws -> Bool {
        try await session.execute(
            """
            update jobs set due = case when state = 'queued' then least(due, $3::timestamptz) else due end,
                runs_again = state = 'running'
            where kind = $1 and key = $2 and state in ('queued', 'running')
            """, [.text(kind.text), .text(key), .timestamp(time.postgres)]) == 1
    }

    static func cancel(
        _ id: Int64, at time: Timestamp, keptUntil: Timestamp, in session: some PostgresSession
    ) async throws -> Job? {
        let cancelled = try await session.first(
            """
            update jobs set state = 'cancelled', outcome = 'cancelled', due_within_ms = null, ended_at = $2,
                kept_until = $3
            where id = $1 and state = 'queued' and every_ms is null returning \(JobRow.columns)
            """, [.int(id), .timestamp(time.postgres), .timestamp(keptUntil.postgres)])
        if let cancelled { return try JobRow.job(cancelled) }
        let asked = try await session.first(
            """
            update jobs set is_cancel_requested = true
            where id = $1 and state = 'running' and every_ms is null returning \(JobRow.columns)
            """, [.int(id)])
        if let asked { return try JobRow.job(asked) }
        return try await select(id, in: session)
    }

    /// Looks first: nothing is written where there is nothing to remove.
    static func removeFinished(
        before time: Timestamp, limit: Int, in session: some PostgresSession
    ) async throws -> Int {
        let old = try await session.query(
            "select id from jobs where kept_until < $1 order by id limit $2 for update skip locked",
            [.timestamp(time.postgres), .int(limit)]
        ).map { try $0.int64("id") }
        guard !old.isEmpty else { return 0 }
        return try await session.execute(
            "delete from jobs where id = any($1::text[]::bigint[])", [.textArray(old.map(String.init))])
    }
}
