extension DatabaseSchema {
    /// Continuous copies of projects' logs, and restores to a moment. Positions and spans are texts that only the program
    /// reads.
    static let logCopies = Migration(
        number: 27, name: "copies of logs",
        sql: """
            alter table backup_schedules add column copies_log boolean not null default false;

            create table log_copies (
                ref text primary key references projects (ref),
                state text not null check (state in ('waiting', 'receiving', 'delayed', 'failing')),
                timeline bigint check (timeline > 0),
                position text,
                complete_until timestamptz,
                epoch bigint not null check (epoch >= 0),
                gap text,
                gap_seen_at timestamptz,
                failure text,
                updated_at timestamptz not null,
                spans text not null default '',
                is_covered boolean not null default false,
                check ((timeline is null) = (position is null))
            );

            alter table restores drop constraint restores_source_kind_check;
            alter table restores add constraint restores_source_kind_check
                check (source_kind in ('backup', 'volume', 'time'));
            """)
}
