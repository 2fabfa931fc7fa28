extension DatabaseSchema {
    /// The generation of all projects: a name that every transaction renews that changes projects or leases. Cached
    /// reads are valid for as long as it is the same (``ProjectCache``).
    ///
    /// The triggers are deferred to the commit, so that the row, which all such transactions change, is locked for the
    /// time of the commit only, and after every other lock. A transaction draws once, however many rows it changes: its
    /// own draw is known by `xmin`.
    static let projectEdition = Migration(
        number: 10, name: "project edition",
        sql: """
            create table if not exists project_edition (
                is_only boolean primary key default true check (is_only),
                edition uuid not null
            ) with (fillfactor = 20);
            insert into project_edition (edition) values (gen_random_uuid()) on conflict do nothing;
            create or replace function renew_project_edition() returns trigger language plpgsql as $$
                begin
                    update project_edition set edition = gen_random_uuid() where xmin <> pg_current_xact_id()::xid;
                    return null;
                end
            $$;
            """ + ["projects", "port_leases", "subnet_leases"].map(renewal).joined())

    /// Entries in histories renew it too, since their streams read on only in another generation. Entries that are
    /// forgotten do not.
    static let eventEdition = Migration(
        number: 29, name: "edition of events", sql: renewal("project_events", after: "insert"))

    private static func renewal(_ table: String) -> String { renewal(table, after: "insert or update or delete") }

    private static func renewal(_ table: String, after changes: String) -> String {
        """

        drop trigger if exists \(table)_renew_edition on \(table);
        create constraint trigger \(table)_renew_edition after \(changes) on \(table)
            deferrable initially deferred for each row execute function renew_project_edition();
        """
    }
}
