extension DatabaseSchema {
    /// Backups of projects' databases and restores, and generations of volumes. A project's archive has a random name,
    /// under which everything of it lies in the store.
    static let backups = Migration(
        number: 25, name: "backups",
        sql: """
            alter table volumes add column generation integer not null default 0 check (generation >= 0);
            alter table volumes add column set_aside_at timestamptz;

            create table backup_archives (
                ref text primary key references projects (ref),
                name text collate "C" not null unique check (name ~ '^[a-z0-9-]{1,64}$')
            );
            create table backups (
                id bigint generated always as identity primary key,
                ref text not null references projects (ref),
                reason text not null,
                state text not null check (
                    state in ('pending', 'stored', 'verified', 'unsound', 'failed', 'removed')),
                archived text collate "C",
                image text,
                stored_bytes bigint check (stored_bytes >= 0),
                requested_by text,
                inserted_at timestamptz not null,
                taken_at timestamptz,
                verified_at timestamptz,
                failure text,
                marked_at timestamptz,
                check (state in ('pending', 'failed', 'removed') or (archived is not null and taken_at is not null))
            );
            create index backups_latest on backups (ref, id desc);
            create table backup_schedules (
                ref text primary key references projects (ref),
                second_of_day integer not null check (second_of_day between 0 and 86399),
                updated_at timestamptz not null
            );
            create table restores (
                id bigint generated always as identity primary key,
                ref text not null references projects (ref),
                source_kind text not null check (source_kind in ('backup', 'volume')),
                source text not null,
                state text not null check (state in ('preparing', 'proven', 'switched', 'failed', 'cancelled')),
                volume text,
                requested_by text,
                inserted_at timestamptz not null,
                ended_at timestamptz,
                failure text
            );
            create index restores_latest on restores (ref, id desc);
            """)
}
