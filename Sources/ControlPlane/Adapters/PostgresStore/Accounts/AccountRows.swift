import Identity
import PostgresKit
import ProjectModel

/// SQL of the table `accounts`.
enum AccountRows {
    static let columns = """
        a.number, a.id, a.email, a.email_verified, a.pending_email, a.username, a.first_name, a.last_name,
        a.inserted_at, a.updated_at, a.last_sign_in_at
        """

    static func insert(_ new: NewAccount, in session: some PostgresSession) async throws -> Account? {
        try await session.first(
            """
            insert into accounts as a (id, email, username, first_name, last_name, password_verifier, inserted_at,
                updated_at, email_verified)
            values ($1, $2, $3, $4, $5, $6, $7, $7, $8) on conflict (email) do nothing returning \(columns)
            """,
            [
                .text(new.id), .text(new.email), .text(new.username), .optional(new.firstName),
                .optional(new.lastName), .optional(new.passwordVerifier?.reveal()), .timestamp(new.at.postgres),
                .bool(new.isEmailVerified),
            ]
        ).map(account)
    }

    static func select(_ id: String, in session: some PostgresSession) async throws -> Account? {
        try await session.first("select \(columns) from accounts a where a.id = $1", [.text(id)]).map(account)
    }

    static func credentials(
        ofEmail email: String, in session: some PostgresSession
    ) async throws -> AccountCredentials? {
        try await session.first(
            "select \(columns), a.password_verifier from accounts a where a.email = $1", [.text(email)]
        ).map(credentials)
    }

    static func credentials(_ row: PostgresRow) throws -> AccountCredentials {
        AccountCredentials(
            account: try account(row),
            passwordVerifier: try row.optionalString("password_verifier").map { Secret($0) })
    }

    static func passwordVerifier(of id: String, in session: some PostgresSession) async throws -> Secret<String>? {
        try await session.first("select password_verifier from accounts where id = $1", [.text(id)])?
            .optionalString("password_verifier").map { Secret($0) }
    }

    /// Locks an account until the transaction ends, so that what belongs to it can be counted; false when there is
    /// none.
    static func lock(_ id: String, in session: some PostgresSession) async throws -> Bool {
        try await session.first("select 1 as found from accounts where id = $1 for no key update", [.text(id)]) != nil
    }

    static func update(
        _ id: String, _ change: ProfileChange, at time: Timestamp, in session: some PostgresSession
    ) async throws -> Account? {
        try await session.first(
            """
            update accounts a set first_name = case when $2::text is null then first_name else nullif($2, '') end,
                last_name = case when $3::text is null then last_name else nullif($3, '') end,
                username = coalesce($4, username), updated_at = $5
            where id = $1 returning \(columns)
            """,
            [
                .text(id), .optional(change.firstName), .optional(change.lastName), .optional(change.username),
                .timestamp(time.postgres),
            ]
        ).map(account)
    }

    static func setPassword(
        of id: String, _ verifier: Secret<String>, at time: Timestamp, in session: some PostgresSession
    ) async throws -> Bool {
        try await session.execute(
            "update accounts set password_verifier = $2, updated_at = $3 where id = $1",
            [.text(id), .text(verifier.reveal()), .timestamp(time.postgres)]) == 1
    }

    static func account(_ row: PostgresRow) throws -> Account {
        Account(
            number: try row.int64("number"), id: try row.string("id"), email: try row.string("email"),
            isEmailVerified: try row.bool("email_verified"), pendingEmail: try row.optionalString("pending_email"),
            username: try row.string("username"), firstName: try row.optionalString("first_name"),
            lastName: try row.optionalString("last_name"), insertedAt: Timestamp(try row.timestamp("inserted_at")),
            updatedAt: Timestamp(try row.timestamp("updated_at")),
            lastSignInAt: try row.optionalTimestamp("last_sign_in_at").map { Timestamp($0) })
    }
}
