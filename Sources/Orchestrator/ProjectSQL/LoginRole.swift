public import ProjectModel

/// The role with a short life as which the command line logs in when it knows no password.
///
/// `cli_login_postgres` is a member of `postgres` that inherits nothing: the client says `SET SESSION ROLE postgres`.
/// `cli_login_supabase_read_only_user` reads at once, in read-only transactions. Run this SQL as
/// ``DatabaseTarget/administrator``: from PostgreSQL 16 on `postgres` may not give itself away.
public enum LoginRole {
    /// The role's name.
    public static func name(readOnly: Bool) -> String {
        "cli_login_" + (readOnly ? DatabaseTarget.readOnlyUser : "postgres")
    }

    /// Makes the role, or gives it a new password and a new end.
    ///
    /// - Parameters:
    ///   - password: random text of the caller's; it replaces an earlier one.
    ///   - ttl: how long the role can log in from now on, in whole seconds.
    public static func create(
        readOnly: Bool, password: Secret<String>, ttl: Duration
    ) throws(ProjectDatabaseError) -> ProjectQueryText {
        let seconds = ttl.components.seconds
        guard seconds >= 1 else { throw .invalid("a login role lives for at least one second") }
        let inheritance = readOnly ? "inherit" : "noinherit"
        let role = try SQLText.literal(name(readOnly: readOnly))
        let parent = readOnly ? DatabaseTarget.readOnlyUser : "postgres"
        let settings =
            readOnly ? "execute format('alter role %I set default_transaction_read_only to on', login);" : ""
        let sql = try SQLText.block(
            declarations: """
                login constant pg_catalog.text := \(role);
                parent constant pg_catalog.text := \(try SQLText.literal(parent));
                """,
            """
            if not exists (select from pg_roles where rolname = login) then
                execute format('create role %I', login);
            end if;
            execute format('alter role %I with login \(inheritance) password %L valid until %L', login,
                \(try SQLText.literal(password.reveal())), now() + make_interval(secs => \(seconds)));
            execute format('grant %I to %I', parent, login);
            \(settings)
            """)
        return ProjectQueryText(sql: sql, isConfidential: true)
    }

    /// Ends the sessions of both login roles and removes the roles.
    public static func dropAll() throws(ProjectDatabaseError) -> ProjectQueryText {
        let names = try [true, false].map { readOnly throws(ProjectDatabaseError) in
            try SQLText.literal(name(readOnly: readOnly))
        }
        let sql = try SQLText.block(
            declarations: "login pg_catalog.text;",
            """
            perform pg_terminate_backend(pid) from pg_stat_activity
                where usename = any (array[\(names.joined(separator: ", "))]);
            foreach login in array array[\(names.joined(separator: ", "))] loop
                if exists (select from pg_roles where rolname = login) then
                    execute format('drop role %I', login);
                end if;
            end loop;
            """)
        return ProjectQueryText(sql: sql)
    }
}
