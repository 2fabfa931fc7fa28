public import ProjectModel

/// Gives every role of a stack that logs in with the project's database password a new one.
public enum PasswordChange {
    /// The roles whose password is the project's: those of the template's `roles.sql`, the owner's, and the one that
    /// read-only queries log in as.
    public static let roles = [
        "authenticator", "pgbouncer", "postgres", "supabase_admin", "supabase_auth_admin", "supabase_functions_admin",
        DatabaseTarget.readOnlyUser, ReadOnlyRole.name, "supabase_storage_admin",
    ]

    /// One transaction that changes all of them; roles that are missing are passed over. Run it as
    /// ``DatabaseTarget/administrator``. Open sessions stay; new ones need the new password.
    public static func sql(newPassword: Secret<String>) throws(ProjectDatabaseError) -> ProjectQueryText {
        guard !newPassword.reveal().isEmpty else { throw .invalid("a database password cannot be empty") }
        let names = try roles.map { role throws(ProjectDatabaseError) in try SQLText.literal(role) }
        let sql = try SQLText.block(
            declarations: "login pg_catalog.text;",
            """
            for login in select rolname from pg_roles
                where rolname = any (array[\(names.joined(separator: ", "))]) order by rolname
            loop
                execute format('alter role %I with password %L', login, \(try SQLText.literal(newPassword.reveal())));
            end loop;
            """)
        return ProjectQueryText(sql: sql, isConfidential: true)
    }
}
