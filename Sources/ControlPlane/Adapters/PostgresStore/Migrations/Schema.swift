/// The database's schema, migration by migration. One that has been released is never edited: write the next.
public enum DatabaseSchema {
    /// All migrations in order.
    public static let migrations = [
        installation, projects, leases, identity, configuration, requests, content, functions, signingKey,
        projectEdition, managerLease, custody, operations, credentialLimits, templateVersions, projectUpgrades,
        auditSignatures, secretDigests, formerSettings, keyedPayloads, registryLogins, jobs,
        eventFacts, browserSessions, backups, usage, logCopies, notificationChannels,
        eventEdition,
    ]

    private static let installation = Migration(
        number: 1, name: "installation",
        sql: """
            create table if not exists installation (
                is_only boolean primary key default true check (is_only),
                id text not null check (id ~ '^[a-z0-9]{12}$'),
                key_check bytea not null,
                created_at timestamptz not null default now()
            );
            """)

    private static let projects = Migration(
        number: 2, name: "projects",
        sql: """
            create table if not exists projects (
                number bigint generated always as identity primary key,
                ref text not null unique check (ref ~ '^[a-z]{20}$'),
                name text not null check (name <> ''),
                organization_slug text not null,
                region text not null,
                cloud_provider text not null,
                status text not null,
                failure_service text,
                failure_message text,
                failure_log_tail text,
                services text[] not null,
                restart_requested_at timestamptz,
                wrapped_key bytea,
                inserted_at timestamptz not null,
                updated_at timestamptz not null,
                status_changed_at timestamptz not null
            );
            create unique index if not exists projects_name_in_organization
                on projects (organization_slug, lower(name)) where status <> 'DELETED';
            create index if not exists projects_not_deleted on projects (ref) where status <> 'DELETED';

            create table if not exists project_secrets (
                ref text not null references projects (ref),
                name text not null,
                sealed bytea not null,
                primary key (ref, name)
            );

            create table if not exists project_events (
                number bigint generated always as identity primary key,
                ref text not null references projects (ref),
                at timestamptz not null,
                status text not null,
                cause text not null
            );
            create index if not exists project_events_latest on project_events (ref, number desc);
            """)

    /// A row with a ref is a lease; a row without one is in quarantine until the time it names. The keys make it
    /// impossible to give a port twice or to let two subnets overlap.
    private static let leases = Migration(
        number: 3, name: "leases",
        sql: """
            create table if not exists port_leases (
                port integer primary key check (port between 1 and 65535),
                ref text references projects (ref),
                variable text,
                free_at timestamptz,
                unique (ref, variable),
                check ((ref is null) = (variable is null) and (ref is null) = (free_at is not null))
            );
            create table if not exists subnet_leases (
                subnet cidr primary key,
                ref text unique references projects (ref),
                free_at timestamptz,
                check ((ref is null) = (free_at is not null)),
                exclude using gist (subnet inet_ops with &&)
            );
            """)
}
