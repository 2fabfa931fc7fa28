public import Orchestrator
public import ProjectModel

/// The role with a short life as which the command line logs in when it knows no password.
///
/// A member of the owner's role inherits nothing: the client says `SET SESSION ROLE` with the owner's name. One of the
/// read-only role reads at once, in read-only transactions. Run this SQL as the stack's administrator: from PostgreSQL
/// 16 on an owner may not give itself away.
public struct LoginRole: Sendable {
    /// Beginning of the names of all login roles; the role that they are a member of follows.
    private static let prefix = "cli_login_"

    private let parent: String
    private let isReadOnly: Bool

    /// The role for the owner's work, or for reading; nil where the stack has no role that only reads.
    public init?(of database: DatabaseRoles, readOnly: Bool) {
        guard let parent = readOnly ? database.readOnly : database.owner else { return nil }
        self.parent = parent
        isReadOnly = readOnly
    }

    /// The role's name.
    public var name: String { Self.prefix + parent }

    /// Makes the role, or gives it a new password and a new end.
    ///
    /// - Parameters:
    ///   - verifier: of a random password of the caller's; it replaces an earlier one.
    ///   - ttl: how long the role can log in from now on, in whole seconds.
    public func create(
        verifier: DatabasePasswordVerifier, ttl: Duration
    ) throws(ProjectDatabaseError) -> ProjectQueryText {
        let seconds = ttl.components.seconds
        guard seconds >= 1 else { throw .invalid("a login role is valid for at least one second") }
        let inheritance = isReadOnly ? "inherit" : "noinherit"
        let role = try SQLText.literal(name)
        let settings =
            isReadOnly ? "execute format('alter role %I set default_transaction_read_only to on', login);" : ""
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
                \(verifier.literal), now() + make_interval(secs => \(seconds)));
            execute format('grant %I to %I', parent, login);
            \(settings)
            """)
        return ProjectQueryText(sql: sql, isConfidential: true)
    }

    /// Ends the sessions of all login roles of a database and removes the roles.
    public static func dropAll(of database: DatabaseRoles) throws(ProjectDatabaseError) -> ProjectQueryText {
        let roles = [true, false].compactMap { LoginRole(of: database, readOnly: $0) }
        let names = try roles.map { role throws(ProjectDatabaseError) in try SQLText.literal(role.name) }
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
