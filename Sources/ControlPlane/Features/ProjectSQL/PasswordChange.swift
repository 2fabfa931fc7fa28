public import Orchestrator
public import ProjectModel

/// Gives every role of a stack that logs in with the project's database password a new one.
public enum PasswordChange {
    /// One transaction that changes all roles that share the project's password, the manager's own among them; roles
    /// that are missing are passed over. Run it as the stack's administrator. Open sessions stay; new ones need the new
    /// password.
    public static func sql(
        verifier: DatabasePasswordVerifier, of database: DatabaseRoles
    ) throws(ProjectDatabaseError) -> ProjectQueryText {
        let shared = database.sharingPassword + [database.owner, database.administrator, ReadOnlyRole.name]
        let names = try Set(shared).sorted().map { role throws(ProjectDatabaseError) in try SQLText.literal(role) }
        let sql = try SQLText.block(
            declarations: "login pg_catalog.text;",
            """
            for login in select rolname from pg_roles
                where rolname = any (array[\(names.joined(separator: ", "))]) order by rolname
            loop
                execute format('alter role %I with password %L', login, \(verifier.literal));
            end loop;
            """)
        return ProjectQueryText(sql: sql, isConfidential: true)
    }
}
