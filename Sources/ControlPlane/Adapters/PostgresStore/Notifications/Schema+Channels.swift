extension DatabaseSchema {
    /// Channels of notifications, the states of alerts, alerts, their deliveries, and how far sign-ins were judged. The
    /// lease names the manager that had not given it back.
    static let notificationChannels = Migration(
        number: 28, name: "notification channels",
        sql: """
            create table notification_channels (
                id text primary key check (id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'),
                organization_slug text not null references organizations (slug) on delete cascade,
                name text not null check (name <> ''),
                kind text not null check (kind in ('email', 'slack', 'discord', 'webhook')),
                is_enabled boolean not null,
                refs text[],
                rules text[],
                priority text not null,
                quiet_from integer check (quiet_from between 0 and 1439),
                quiet_until integer check (quiet_until between 0 and 1439),
                grouping_ms bigint not null check (grouping_ms >= 0),
                sealed_target bytea not null,
                target_shown text not null,
                created_at timestamptz not null,
                updated_at timestamptz not null,
                failures integer not null default 0 check (failures >= 0),
                retry_at timestamptz,
                served_at timestamptz,
                check ((quiet_from is null) = (quiet_until is null))
            );
            create index notification_channels_organization on notification_channels (organization_slug);

            create table alert_states (
                rule text not null,
                subject text not null,
                organization_slug text not null,
                ref text,
                name text not null,
                stage text not null check (stage in ('pending', 'firing')),
                since timestamptz not null,
                clear_since timestamptz,
                primary key (rule, subject)
            );

            create table alerts (
                id bigint generated always as identity primary key,
                key text not null unique,
                rule text not null,
                phase text not null check (phase in ('problem', 'resolved', 'notice')),
                organization_slug text not null,
                ref text,
                name text not null,
                title text not null,
                content text not null,
                at timestamptz not null,
                stored_at timestamptz not null
            );
            create index alerts_age on alerts (stored_at);

            create table alert_deliveries (
                id bigint generated always as identity primary key,
                message_id text not null unique default gen_random_uuid()::text,
                channel text not null references notification_channels (id) on delete cascade,
                alert bigint not null references alerts (id) on delete cascade,
                queue text not null,
                state text not null check (state in ('waiting', 'delivered', 'dead')),
                created_at timestamptz not null,
                due_at timestamptz not null,
                retry_at timestamptz,
                attempts integer not null default 0 check (attempts >= 0),
                refusals integer not null default 0 check (refusals >= 0),
                first_attempt_at timestamptz,
                last_attempt_at timestamptz,
                batch bigint,
                answer text,
                delivered_at timestamptz,
                unique (channel, alert)
            );
            create index alert_deliveries_waiting on alert_deliveries (channel, queue, id) where state = 'waiting';
            create index alert_deliveries_latest on alert_deliveries (channel, id desc);
            create index alert_deliveries_alert on alert_deliveries (alert);

            create table judged_sign_ins (
                scope text primary key,
                number bigint not null
            );

            create index audit_entries_sign_ins on audit_entries (at, scope, number) where action = 'session.create';
            create index audit_entries_addresses on audit_entries (scope, address, number)
                where action = 'session.create';
            alter table manager_lease add column taken_from text;
            """)
}
