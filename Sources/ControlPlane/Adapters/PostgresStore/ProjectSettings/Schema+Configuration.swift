extension DatabaseSchema {
    /// What a project sets itself: variables of the template, API keys and secrets of its functions. Values are sealed
    /// under the project's key; every change raises `configuration_revision`.
    static let configuration = Migration(
        number: 5, name: "configuration",
        sql: """
            alter table projects
                add column if not exists configuration_revision bigint not null default 0,
                add column if not exists legacy_keys_enabled boolean not null default true,
                add column if not exists restart_services text[];

            create table if not exists project_settings (
                ref text not null references projects (ref),
                name text not null,
                sealed bytea not null,
                primary key (ref, name)
            );

            create table if not exists project_api_keys (
                id uuid primary key,
                ref text not null references projects (ref),
                name text not null,
                kind text not null check (kind in ('publishable', 'secret')),
                prefix text not null,
                digest text not null check (digest ~ '^[0-9a-f]{64}$'),
                sealed bytea not null,
                description text,
                role text not null,
                inserted_at timestamptz not null,
                updated_at timestamptz not null,
                unique (ref, kind, name)
            );

            create table if not exists project_function_secrets (
                ref text not null references projects (ref),
                name text not null,
                sealed bytea not null,
                digest text not null check (digest ~ '^[0-9a-f]{64}$'),
                updated_at timestamptz not null,
                primary key (ref, name)
            );
            """)

    /// The values that settings on trial have replaced: null where none was set. Rows exist while a project restarts
    /// with new settings of its database.
    static let formerSettings = Migration(
        number: 19, name: "former settings",
        sql: """
            create table if not exists project_former_settings (
                ref text not null references projects (ref),
                name text not null,
                sealed bytea,
                primary key (ref, name)
            );
            """)
}
