import Orchestrator
import PostgresKit
import ProjectModel
import ProjectSQL
import TokenKit

/// What keeps a read-only query from changing anything. Three walls, one behind the other:
///
/// 1. The session logs in as the stack's read-only role, which may not write. No `RESET ROLE` leads back to a stronger
///    role, because there was none.
/// 2. The query runs in a `READ ONLY` transaction that has taken its first snapshot: from then on PostgreSQL refuses to
///    make it read-write, to a function or a `DO` block as well, and procedures cannot end it.
/// 3. The extended protocol takes exactly one statement. One that ends the transaction (`COMMIT`) is therefore the last
///    of the session, and all changes are rolled back when the connection closes.
///
/// A project whose read-only role has no password yet has no such login. Then the session logs in as the caller's
/// role and takes on the read-only one where it may; walls 2 and 3 still apply. They do not cover effects outside of
/// transactions, such as `COPY … TO PROGRAM`; so a login that may do that (a superuser) is refused instead.
///
/// Not covered, because PostgreSQL itself does not see it: a function that calls out over the network.
extension DatabaseSession {
    /// The login was refused: no such role, no password, or no right to log in.
    private static let refusedLogin: Set<String?> = ["28P01", "28000"]

    /// Logs in as the read-only role, or else as the caller's.
    func connectReadOnly() async throws(PostgresError) -> PostgresConnection {
        guard let reader = target.roles.readOnly else { return try await connect(as: target.user) }
        do throws(PostgresError) {
            return try await connect(as: reader)
        } catch {
            guard case .connectFailed(_, let state) = error, Self.refusedLogin.contains(state) else { throw error }
            return try await connect(as: target.user)
        }
    }

    /// Logs in as the manager's own role, which reads the users' schemas alone, once it is there and its rights are
    /// those that it should have. There is no other login to fall back to.
    func connectRestricted() async throws(PostgresError) -> PostgresConnection {
        try await prepareReadOnlyRole()
        do throws(PostgresError) {
            return try await connect(as: ReadOnlyRole.name)
        } catch {
            guard case .connectFailed(_, let state) = error, Self.refusedLogin.contains(state) else { throw error }
            try await prepareReadOnlyRole(setting: try verifier())
            return try await connect(as: ReadOnlyRole.name)
        }
    }

    private func verifier() throws(PostgresError) -> DatabasePasswordVerifier {
        do {
            return try DatabasePasswordVerifier(try SCRAMVerifier.make(target.password.reveal()))
        } catch { throw .invalidConfiguration(reason: "\(error)") }
    }

    private func prepareReadOnlyRole(setting verifier: DatabasePasswordVerifier? = nil) async throws(PostgresError) {
        let text: ProjectQueryText
        do throws(ProjectDatabaseError) {
            text = try ReadOnlyRole.prepare(of: target.roles, setting: verifier)
        } catch { throw .invalidConfiguration(reason: "\(error)") }
        let connection = try await connect(as: target.roles.administrator, isReadOnly: false)
        let result: Result<Void, PostgresError>
        do throws(PostgresError) {
            result = .success(
                try await connection.executeScript(text.sql, deadline: limits.rolePreparationTimeout))
        } catch .deadlineExceeded {
            let seconds = limits.rolePreparationTimeout.components.seconds
            result = .failure(.connectionLost(reason: "the read-only role was not prepared within \(seconds) s"))
        } catch {
            result = .failure(error)
        }
        await connection.close()
        try result.get()
    }

    /// Begins the transaction in which nothing can be written.
    func beginReadOnly(on connection: PostgresConnection) async throws(ProjectDatabaseError) {
        let reader = target.roles.readOnly
        let rights = try await kit { () async throws(PostgresError) in
            // The database owner controls the search path; the query runs with it again.
            try await connection.executeScript(
                "begin transaction read only; set local search_path to pg_catalog, pg_temp")
            // Any statement that reads takes the snapshot after which the transaction stays read-only.
            let row = try await connection.single(Self.rightsQuery, [.text(reader ?? "")])
            try await connection.executeScript("set local search_path to default")
            return (isMighty: try row.bool("is_mighty"), mayStepDown: try row.bool("may_step_down"))
        }
        guard !rights.isMighty else { throw .query(Self.mightyLogin(reader)) }
        if let reader, rights.mayStepDown, !query.isRestricted {
            try await kit { () async throws(PostgresError) in
                try await connection.executeScript("set local role \(try PostgresQuoting.identifier(reader))")
            }
        }
        try await takeRole(on: connection)
    }

    /// Whether the login reaches beyond transactions, and whether it may take on the read-only role `$1`.
    private static let rightsQuery = """
        select r.rolsuper
                or pg_catalog.pg_has_role(r.oid, 'pg_execute_server_program', 'member')
                or pg_catalog.pg_has_role(r.oid, 'pg_write_server_files', 'member') as is_mighty,
            exists (
                select from pg_catalog.pg_roles o
                where o.rolname = $1 and o.oid <> r.oid
                    and pg_catalog.pg_has_role(r.oid, o.oid, 'member')) as may_step_down
        from pg_catalog.pg_roles r where r.rolname = session_user
        """

    private static func mightyLogin(_ reader: String?) -> QueryFailure {
        var failure = QueryFailure(
            message: reader.map { "read-only queries need the role \($0), which cannot log in" }
                ?? "read-only queries need a role that is no superuser, and this stack has none",
            code: "42501")
        failure.hint =
            reader == nil ? nil : "Set the project's database password again; that sets the role's password."
        failure.format(sql: "")
        return failure
    }
}
