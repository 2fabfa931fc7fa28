import Identity
import PostgresKit
import ProjectModel

/// SQL of the e-mail addresses of accounts: pending and confirmed ones.
enum EmailRows {
    /// Whether an invitation that counts at $1 is for the address $2.
    private static let invited = "exists (select 1 from invitations i where i.email = $2 and i.expires_at > $1)"

    static func isInvited(
        _ email: String, at time: Timestamp, in session: some PostgresSession
    ) async throws -> Bool {
        try await session.single("select \(invited) as invited", [.timestamp(time.postgres), .text(email)])
            .bool("invited")
    }

    static func setPending(
        _ email: String?, of id: String, at time: Timestamp, in session: some PostgresSession
    ) async throws -> EmailOutcome {
        guard try await AccountRows.lock(id, in: session) else { return .notFound }
        if let email {
            let taken = try await session.single(
                "select \(invited) or exists (select 1 from accounts where email = $2 and id <> $3) as taken",
                [.timestamp(time.postgres), .text(email), .text(id)])
            if try taken.bool("taken") { return .emailTaken }
        }
        let row = try await session.single(
            """
            update accounts a set pending_email = nullif($2, email), updated_at = $3 where id = $1
            returning \(AccountRows.columns)
            """, [.text(id), .optional(email), .timestamp(time.postgres)])
        return .updated(try AccountRows.account(row))
    }

    /// The unique index shows whether another account has the address.
    static func confirm(
        _ email: String, of id: String, at time: Timestamp, in session: some PostgresSession
    ) async throws -> EmailOutcome {
        let row = try await session.first(
            """
            update accounts a set email = $2, email_verified = true, updated_at = $3,
                pending_email = case when pending_email = $2 then null else pending_email end
            where id = $1 and $2 in (email, pending_email) returning \(AccountRows.columns)
            """, [.text(id), .text(email), .timestamp(time.postgres)])
        guard let row else { return .notFound }
        return .updated(try AccountRows.account(row))
    }

    static func unconfirmed(limit: Int, in session: some PostgresSession) async throws -> [Account] {
        try await session.query(
            """
            select \(AccountRows.columns) from accounts a where not email_verified or pending_email is not null
            order by a.number limit $1
            """, [.int(limit)]
        ).map(AccountRows.account)
    }
}
