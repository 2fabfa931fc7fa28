extension DatabaseSchema {
    /// Edge Functions and their files. A function has at most two rows: what runs, and a bundle that waits to go live.
    static let functions = Migration(
        number: 8, name: "functions",
        sql: """
            create table if not exists project_functions (
                ref text not null references projects (ref),
                slug text collate "C" not null check (slug ~ '^[A-Za-z][A-Za-z0-9_-]{0,63}$'),
                stage text not null check (stage in ('live', 'bundle')),
                id text not null check (id ~ '^[0-9a-f-]{36}$'),
                name text not null check (name <> ''),
                status text not null,
                version integer not null check (version > 0),
                verify_jwt boolean not null,
                entrypoint_path text not null,
                import_map_path text,
                sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
                created_at timestamptz not null,
                updated_at timestamptz not null,
                primary key (ref, slug, stage)
            );
            create table if not exists project_function_files (
                ref text not null,
                slug text collate "C" not null,
                stage text not null,
                path text collate "C" not null check (path <> '' and octet_length(path) <= 512),
                bytes bytea not null,
                primary key (ref, slug, stage, path),
                foreign key (ref, slug, stage) references project_functions (ref, slug, stage)
                    on update cascade on delete cascade
            );
            """)
}
