import Identity
import Orchestrator
import PostgresKit
import ProjectModel

/// SQL of the table `browser_sessions`. Times of use are those of the session's own row.
enum BrowserSessionRows {
    static func open(
        _ new: NewBrowserSession, limit: Int, in session: some PostgresSession
    ) async throws -> Account? {
        let opened = SessionRows.Opened(id: new.id, account: new.account, at: new.at, notAfter: new.notAfter)
        guard let account = try await SessionRows.open(opened, by: new.verifier, in: session) else { return nil }
        try await session.execute(
            "insert into browser_sessions (digest, session, ends_at, agent) values ($1, $2, $3, $4)",
            [.text(new.digest), .text(new.id), .timestamp(new.endsAt.postgres), .text(new.agent)])
        try await SessionRows.endOldest(of: new.account, above: limit, in: session)
        return account
    }

    static func note(
        _ id: String, at time: Timestamp, notAfter: Timestamp, in session: some PostgresSession
    ) async throws {
        try await session.execute(
            """
            update sessions s set refreshed_at = greatest(s.refreshed_at, $2),
                not_after = least(b.ends_at, greatest(s.not_after, $3))
            from browser_sessions b where s.id = $1 and b.session = s.id and s.not_after > $2
            """, [.text(id), .timestamp(time.postgres), .timestamp(notAfter.postgres)])
    }

    static func list(
        of account: String, at time: Timestamp, in session: some PostgresSession
    ) async throws -> [SessionRecord] {
        try await session.query(
            """
            select s.id, s.created_at, s.refreshed_at, s.not_after, b.agent
            from sessions s left join browser_sessions b on b.session = s.id
            where s.account = $1 and s.not_after > $2 order by s.number desc
            """, [.text(account), .timestamp(time.postgres)]
        ).map { row in
            SessionRecord(
                id: try row.string("id"), openedAt: Timestamp(try row.timestamp("created_at")),
                seenAt: Timestamp(try row.timestamp("refreshed_at")),
                notAfter: Timestamp(try row.timestamp("not_after")), agent: try row.optionalString("agent"))
        }
    }

    static func setFirstPassword(
        of account: String, _ verifier: Secret<String>, at time: Timestamp, in session: some PostgresSession
    ) async throws -> Bool {
        try await session.execute(
            """
            update accounts set password_verifier = $2, updated_at = $3
            where id = $1 and password_verifier is null
            """, [.text(account), .text(verifier.reveal()), .timestamp(time.postgres)]) > 0
    }
}
