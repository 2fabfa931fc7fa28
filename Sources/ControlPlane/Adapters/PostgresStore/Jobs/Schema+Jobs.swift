extension DatabaseSchema {
    /// Jobs. The keys make it impossible to enqueue one twice, or to run two with the same lock at once.
    static let jobs = Migration(
        number: 22, name: "jobs",
        sql: """
            create table jobs (
                id bigint generated always as identity primary key,
                kind text collate "C" not null check (kind ~ '^[a-z][a-z0-9.-]{0,59}$'),
                key text collate "C" not null check (octet_length(key) between 1 and 200),
                ref text references projects (ref),
                lock text collate "C" check (octet_length(lock) between 1 and 120),
                contract text not null check (contract in ('atLeastOnce', 'atMostOnce')),
                priority smallint not null check (priority between -1 and 1),
                payload text not null check (octet_length(payload) <= 65536),
                every_ms bigint check (every_ms >= 1000),
                phase_ms bigint check (phase_ms >= 0 and phase_ms < every_ms),
                state text not null check (state in ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
                due timestamptz not null,
                due_within_ms bigint check (due_within_ms >= 0),
                run bigint not null default 0 check (run >= 0),
                attempts integer not null default 0 check (attempts >= 0),
                interruptions integer not null default 0 check (interruptions >= 0),
                progress_done bigint,
                progress_total bigint,
                progress_message text,
                manager text,
                token bigint,
                started_at timestamptz,
                heartbeat_at timestamptz,
                is_cancel_requested boolean not null default false,
                runs_again boolean not null default false,
                outcome text check (outcome in ('succeeded', 'failed', 'interrupted', 'cancelled')),
                error text,
                result text,
                created_at timestamptz not null,
                ended_at timestamptz,
                kept_until timestamptz,
                unique (kind, key),
                check ((every_ms is null) = (phase_ms is null)),
                check ((state = 'running') = (token is not null)),
                check ((token is null) = (manager is null) and (token is null) = (started_at is null)
                    and (token is null) = (heartbeat_at is null)),
                check ((progress_done is null) = (progress_message is null)),
                check ((state in ('queued', 'running')) = (kept_until is null))
            );
            create index jobs_to_start on jobs (kind, priority desc, due, id) where state = 'queued' and lock is null;
            create index jobs_to_start_locked on jobs (kind, lock, priority desc, due, id)
                where state = 'queued' and lock is not null;
            create index jobs_by_time on jobs (kind, due) where state = 'queued';
            create unique index jobs_running on jobs (lock) where state = 'running';
            create index jobs_over on jobs (kept_until) where kept_until is not null;
            create index jobs_of_project on jobs (ref, id) where ref is not null;
            """)
}
