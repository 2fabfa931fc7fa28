extension DatabaseSchema {
    /// Stacks by name, and the template versions that projects are pinned to. A version is immutable and known by its
    /// digest; the foreign key keeps it for as long as a project uses it. Earlier projects are pinned to none: the
    /// manager finds out what they were made from.
    static let templateVersions = Migration(
        number: 15, name: "template versions",
        sql: """
            create table if not exists template_versions (
                digest text primary key check (digest ~ '^[0-9a-f]{64}$'),
                stored_at timestamptz not null default now()
            );
            create table if not exists template_files (
                digest text not null references template_versions (digest) on delete cascade,
                path text collate "C" not null check (path <> ''),
                content bytea not null,
                primary key (digest, path)
            );
            alter table projects add column if not exists stack text not null default 'supabase';
            alter table projects alter column stack drop default;
            alter table projects add column if not exists template_digest text references template_versions (digest);
            create index if not exists projects_template on projects (template_digest);
            """)

    /// The target of a project's upgrade. The columns without the prefix hold the previous version until the upgrade is
    /// done.
    static let projectUpgrades = Migration(
        number: 16, name: "project upgrades",
        sql: """
            alter table projects add column if not exists upgrade_digest text references template_versions (digest);
            alter table projects add column if not exists upgrade_services text[];
            create index if not exists projects_upgrade on projects (upgrade_digest) where upgrade_digest is not null;
            """)
}
