import Identity
import PostgresKit
import ProjectModel

/// SQL of the tables `sessions` and `refresh_tokens`. A session that ends is deleted with its tokens. Of the tokens of
/// a session exactly one is not used; a unique index sees to it.
enum SessionRows {
    static func open(
        _ new: NewSession, limit: Int, in session: some PostgresSession
    ) async throws -> Account? {
        let opened = Opened(id: new.id, account: new.account, at: new.at, notAfter: new.notAfter)
        guard let account = try await open(opened, by: new.verifier, in: session) else { return nil }
        try await insertToken(new.refreshDigest, parent: nil, of: new.id, at: new.at, in: session)
        try await endOldest(of: new.account, above: limit, in: session)
        return account
    }

    /// What every session has.
    struct Opened: Sendable {
        let id, account: String
        let at, notAfter: Timestamp
    }

    /// Inserts a session, if its password's verifier is still the account's.
    static func open(
        _ new: Opened, by verifier: Secret<String>, in session: some PostgresSession
    ) async throws -> Account? {
        // A new password waits for this row, or this statement sees it.
        let row = try await session.first(
            """
            update accounts a set last_sign_in_at = $2 where a.id = $1 and a.password_verifier = $3
            returning \(AccountRows.columns)
            """, [.text(new.account), .timestamp(new.at.postgres), .text(verifier.reveal())])
        guard let row else { return nil }
        try await session.execute(
            "insert into sessions (id, account, created_at, refreshed_at, not_after) values ($1, $2, $3, $3, $4)",
            [.text(new.id), .text(new.account), .timestamp(new.at.postgres), .timestamp(new.notAfter.postgres)])
        return try AccountRows.account(row)
    }

    static func endOldest(of account: String, above limit: Int, in session: some PostgresSession) async throws {
        try await session.execute(
            """
            delete from sessions where account = $1
                and number in (select number from sessions where account = $1 order by number desc offset $2)
            """, [.text(account), .int(limit)])
    }

    private static func insertToken(
        _ digest: String, parent: String?, of id: String, at time: Timestamp, in session: some PostgresSession
    ) async throws {
        try await session.execute(
            "insert into refresh_tokens (digest, session, parent, created_at) values ($1, $2, $3, $4)",
            [.text(digest), .text(id), .optional(parent), .timestamp(time.postgres)])
    }

    static func refresh(_ refresh: Refresh, in session: some PostgresSession) async throws -> RefreshOutcome {
        // The session's row is the lock. What the token is now is read after it was taken.
        let found = try await session.first(
            """
            select s.id, s.account from sessions s
            where s.id = (select session from refresh_tokens where digest = $1) and s.not_after > $2 for update
            """, [.text(refresh.digest), .timestamp(refresh.at.postgres)])
        guard let found else { return .unknown }
        let (id, accountID) = (try found.string("id"), try found.string("account"))
        let token = try await session.first(
            "select used_at from refresh_tokens where digest = $1 and session = $2",
            [.text(refresh.digest), .text(id)])
        guard let token, let account = try await AccountRows.select(accountID, in: session) else { return .unknown }
        guard refresh.decision(usedAt: try token.optionalTimestamp("used_at").map { Timestamp($0) }) == .rotate else {
            try await session.execute("delete from sessions where id = $1", [.text(id)])
            return .reused(session: id, account: accountID)
        }
        try await rotate(refresh, of: id, in: session)
        return .rotated(session: id, account: account)
    }

    private static func rotate(_ refresh: Refresh, of id: String, in session: some PostgresSession) async throws {
        let current = try await session.first(
            "update refresh_tokens set used_at = $2 where session = $1 and used_at is null returning digest",
            [.text(id), .timestamp(refresh.at.postgres)])
        try await insertToken(
            refresh.successorDigest, parent: try current?.string("digest"), of: id, at: refresh.at, in: session)
        try await session.execute(
            "update sessions set refreshed_at = $2, not_after = $3 where id = $1",
            [.text(id), .timestamp(refresh.at.postgres), .timestamp(refresh.notAfter.postgres)])
        try await session.execute(
            "delete from refresh_tokens where session = $1 and used_at < $2",
            [.text(id), .timestamp(refresh.forgetBefore.postgres)])
    }

    static func opened(
        _ id: String, of account: String, at time: Timestamp, in session: some PostgresSession
    ) async throws -> Timestamp? {
        try await session.first(
            "select created_at from sessions where id = $1 and account = $2 and not_after > $3",
            [.text(id), .text(account), .timestamp(time.postgres)]
        ).map { Timestamp(try $0.timestamp("created_at")) }
    }

    static func end(
        of account: String, _ selection: SessionSelection, in session: some PostgresSession
    ) async throws -> Int {
        switch selection {
        case .all: try await session.execute("delete from sessions where account = $1", [.text(account)])
        case .one(let id):
            try await session.execute(
                "delete from sessions where account = $1 and id = $2", [.text(account), .text(id)])
        case .others(let kept):
            try await session.execute(
                "delete from sessions where account = $1 and id <> $2", [.text(account), .text(kept)])
        }
    }

    static func purge(at time: Timestamp, in session: some PostgresSession) async throws -> Int {
        try await session.execute("delete from sessions where not_after <= $1", [.timestamp(time.postgres)])
            + session.execute("delete from invitations where expires_at <= $1", [.timestamp(time.postgres)])
    }
}
