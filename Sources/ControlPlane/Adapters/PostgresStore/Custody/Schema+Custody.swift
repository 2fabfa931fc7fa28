extension DatabaseSchema {
    /// The receipts of deleted projects, and the use of volumes. A volume belongs for ever to the project whose label
    /// it has (`owner`), and is used by another one (`ref`) when it was kept and attached.
    static let custody = Migration(
        number: 12, name: "custody",
        sql: """
            create table if not exists deletion_receipts (
                ref text primary key references projects (ref),
                destroys_volumes boolean not null,
                requested_at timestamptz not null,
                ended_at timestamptz
            );
            create table if not exists deletion_items (
                ref text not null references deletion_receipts (ref),
                kind text not null check (kind in ('container', 'network', 'volume')),
                id text collate "C" not null check (id <> ''),
                name text not null,
                state text not null check (state in ('pending', 'destroyed', 'kept', 'remaining')),
                reason text,
                at timestamptz not null,
                primary key (ref, kind, id)
            );

            create table if not exists volumes (
                name text collate "C" primary key check (name <> ''),
                owner text not null references projects (ref),
                ref text not null references projects (ref),
                compose_name text not null,
                identity text,
                created_at timestamptz,
                holds_data boolean not null,
                postgres_major integer check (postgres_major > 0),
                kept_at timestamptz,
                destruction_requested_at timestamptz,
                check (destruction_requested_at is null or kept_at is not null)
            );
            create index if not exists volumes_ref on volumes (ref);
            create index if not exists volumes_owner on volumes (owner);
            create index if not exists volumes_destructions on volumes (owner)
                where destruction_requested_at is not null;
            create table if not exists volume_attachments (
                ref text primary key references projects (ref),
                source text not null references projects (ref)
            );

            create table if not exists orphans (
                number bigint generated always as identity primary key,
                kind text not null check (kind in ('container', 'network', 'volume')),
                id text collate "C" not null check (id <> ''),
                name text not null,
                project_label text not null,
                first_seen timestamptz not null,
                grace_until timestamptz not null,
                state text not null check (state in ('reported', 'removing')),
                refusal text,
                unique (kind, id)
            );
            """)
}
