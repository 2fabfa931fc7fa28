extension DatabaseSchema {
    /// Operations: what users asked of projects. The partial index allows one open operation per project.
    static let operations = Migration(
        number: 13, name: "operations",
        sql: """
            create table if not exists operations (
                number bigint generated always as identity primary key,
                id uuid not null unique,
                ref text not null references projects (ref),
                kind text not null,
                state text not null,
                requested_by text not null,
                requested_at timestamptz not null,
                deadline timestamptz not null,
                attempts integer not null default 0,
                waiting_for text,
                service text,
                last_call text,
                last_error text,
                next_retry_at timestamptz,
                finished_at timestamptz,
                result text,
                check ((finished_at is null) = (state in ('pending', 'running')))
            );
            create index if not exists operations_latest on operations (ref, number desc);
            create unique index if not exists operations_open on operations (ref) where finished_at is null;
            """)
}
