extension DatabaseSchema {
    /// What events are about, and what is known about them. Events from before have neither.
    static let eventFacts = Migration(
        number: 23, name: "event facts",
        sql: """
            alter table project_events
                add column kind text collate "C" check (kind ~ '^[a-z][a-z_]{0,39}$'),
                add column status_before text,
                add column operation_id uuid,
                add column facts jsonb check (octet_length(facts::text) <= 65536);
            """)
}
