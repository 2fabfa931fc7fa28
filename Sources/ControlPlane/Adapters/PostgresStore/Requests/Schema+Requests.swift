extension DatabaseSchema {
    /// The audit trail and the stored responses. The head of a trail is a row of its own, locked by every writer, so
    /// that numbers have no gaps and every hash is taken over the one before. Entries are never changed or removed.
    static let requests = Migration(
        number: 6, name: "requests",
        sql: """
            create table if not exists audit_heads (
                scope text primary key,
                number bigint not null,
                hash text not null
            );
            create table if not exists audit_entries (
                scope text not null references audit_heads (scope),
                number bigint not null,
                at timestamptz not null,
                actor_id text not null,
                actor_email text not null,
                credential text not null,
                action text not null,
                route text not null,
                status integer not null,
                target_names text[] not null,
                target_values text[] not null,
                address text not null,
                request_id text not null,
                before_names text[] not null,
                before_values text[] not null,
                after_names text[] not null,
                after_values text[] not null,
                previous_hash text not null,
                hash text not null,
                primary key (scope, number)
            );
            create index if not exists audit_entries_time on audit_entries (scope, at);
            create or replace function refuse_change() returns trigger language plpgsql as $$
                begin raise exception 'the audit trail is never changed'; end
            $$;
            create or replace trigger audit_entries_are_final before update or delete on audit_entries
                for each statement execute function refuse_change();

            create table if not exists idempotency_keys (
                account text not null,
                key text not null,
                payload bytea not null,
                begun_at timestamptz not null,
                status integer,
                header_names text[],
                header_values text[],
                sealed_body bytea,
                primary key (account, key)
            );
            create index if not exists idempotency_keys_age on idempotency_keys (begun_at);
            """)
}
