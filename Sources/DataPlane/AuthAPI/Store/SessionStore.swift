import DataPlaneCore
import PostgresKit
import TokenKit

/// A session and the ways in which its user proved to be there.
struct SessionRecord: Sendable {
    private let row: JSONText
    let methods: [AccessToken.Method]
    /// Since the session began, by the database's clock.
    let ageSeconds: Double
    /// Since its last refresh; nil where there was none.
    let secondsSinceRefresh: Double?
    let isPastEnd: Bool
    let isSuperseded: Bool

    static let sql = """
        json_build_object('session', to_jsonb(s),
          'age', extract(epoch FROM clock_timestamp() - s.created_at),
          'since', extract(epoch FROM (clock_timestamp() AT TIME ZONE 'utc') - s.refreshed_at),
          'over', coalesce(s.not_after < now(), false),
          'newer', EXISTS (SELECT FROM auth.sessions n WHERE n.user_id = s.user_id AND n.created_at > s.created_at
            AND n.tag IS NOT DISTINCT FROM s.tag),
          'methods', coalesce((SELECT jsonb_agg(jsonb_build_object('name', c.authentication_method,
              'at', floor(extract(epoch FROM c.updated_at))) ORDER BY c.updated_at DESC)
            FROM auth.mfa_amr_claims c WHERE c.session_id = s.id), '[]'))::text AS document
        """

    init?(_ text: String) {
        guard let json = try? JSONText(Array(text.utf8)), let row = json["session"],
            let age = json["age"]?.doubleValue
        else { return nil }
        self.row = row
        ageSeconds = age
        secondsSinceRefresh = json["since"]?.doubleValue
        isPastEnd = json["over"] == .bool(true)
        isSuperseded = json["newer"] == .bool(true)
        methods = (json["methods"]?.arrayValue ?? []).compactMap { method in
            guard let name = method["name"]?.stringValue, let at = method["at"]?.doubleValue else { return nil }
            return AccessToken.Method(name: name, at: Int64(at))
        }
    }

    private func text(_ column: String) -> String? { row[column]?.stringValue }

    var id: String { text("id") ?? "" }
    var user: String { text("user_id") ?? "" }
    var level: String { text("aal") ?? "aal1" }
    var factor: String? { text("factor_id") }

    /// Key and counter of its refresh tokens; nil where GoTrue's older form is in use.
    var refresh: (key: KeyBytes, counter: Int64)? {
        guard let key = text("refresh_token_hmac_key").flatMap({ Base64URL.decode($0) ?? Base64.decode($0) }),
            let counter = row["refresh_token_counter"]?.doubleValue.flatMap({ Int64(exactly: $0) })
        else { return nil }
        return (KeyBytes(key), counter)
    }

    /// Why the session may not be refreshed, in the API's words; nil where it may.
    func invalidity(_ configuration: AuthConfiguration) -> String? {
        if isPastEnd { return "Session Expired" }
        if let timebox = configuration.sessionTimebox, ageSeconds > Double(timebox) { return "Session Expired" }
        let idle = secondsSinceRefresh ?? ageSeconds
        if let limit = configuration.sessionInactivity, idle > Double(limit) { return "Session Expired (Inactivity)" }
        return nil
    }
}

extension AuthStore {
    func openSession(
        user: String, method: String, level: String = "aal1", address: String?, userAgent: String?
    ) async throws(PostgresError) -> SessionRecord? {
        let key: [UInt8]
        let id: String
        do throws(TokenError) {
            key = try RandomSource.bytes(RefreshToken.keyBytes)
            id = try UUIDText.random()
        } catch { return nil }
        try await session.execute(
            """
            WITH made AS (
              INSERT INTO auth.sessions (id, user_id, created_at, updated_at, aal, user_agent, ip,
                refresh_token_hmac_key, refresh_token_counter)
              VALUES ($1, $2, now(), now(), $3::text::auth.aal_level, $4, $5, $6, 0)
              RETURNING id)
            INSERT INTO auth.mfa_amr_claims (session_id, created_at, updated_at, authentication_method, id)
            SELECT id, now(), now(), $7, gen_random_uuid() FROM made
            """,
            [
                .text(id), .text(user), .text(level), .optional(userAgent), .optional(address),
                .text(Base64URL.encode(key)), .text(method),
            ])
        return try await sessionRecord(id: id)
    }

    func sessionRecord(id: String, isLocked: Bool = false) async throws(PostgresError) -> SessionRecord? {
        let row = try await session.first(
            "SELECT \(SessionRecord.sql) FROM auth.sessions s WHERE s.id = $1" + (isLocked ? " FOR UPDATE" : ""),
            [.text(id)])
        guard let row else { return nil }
        return SessionRecord(try row.string("document"))
    }

    /// The session of a refresh token in GoTrue's older form, and what the row says of the token.
    func legacyToken(_ token: String) async throws(PostgresError) -> LegacyRefreshToken? {
        let row = try await session.first(
            """
            SELECT t.session_id::text AS session, coalesce(t.revoked, false) AS revoked,
              extract(epoch FROM clock_timestamp() - t.updated_at)::float8 AS age,
              EXISTS (SELECT FROM auth.refresh_tokens c WHERE c.parent = t.token AND NOT coalesce(c.revoked, false))
                AS is_parent_of_active,
              NOT EXISTS (SELECT FROM auth.refresh_tokens n WHERE n.session_id = t.session_id AND n.id > t.id)
                AS is_newest
            FROM auth.refresh_tokens t WHERE t.token = $1
            """, [.text(token)])
        guard let row else { return nil }
        return LegacyRefreshToken(
            session: try row.optionalString("session"), isRevoked: try row.bool("revoked"),
            ageSeconds: try row.optionalDouble("age") ?? .infinity,
            isParentOfActive: try row.bool("is_parent_of_active"), isNewest: try row.bool("is_newest"))
    }

    /// Gives a session of GoTrue's a key, and takes back the tokens that it had.
    func moveSession(id: String) async throws(PostgresError) -> Bool {
        guard let key = try? RandomSource.bytes(RefreshToken.keyBytes) else { return false }
        try await session.execute(
            "UPDATE auth.refresh_tokens SET revoked = true, updated_at = now() WHERE session_id = $1 AND NOT revoked",
            [.text(id)])
        try await session.execute(
            """
            UPDATE auth.sessions SET refresh_token_hmac_key = $2, refresh_token_counter = 0
            WHERE id = $1 AND refresh_token_hmac_key IS NULL
            """, [.text(id), .text(Base64URL.encode(key))])
        return true
    }

    func recordRefresh(
        session id: String, counter: Int64, address: String?, userAgent: String?
    ) async throws(PostgresError) {
        try await session.execute(
            """
            UPDATE auth.sessions SET refresh_token_counter = $2, refreshed_at = clock_timestamp() AT TIME ZONE 'utc',
              updated_at = now(), ip = coalesce($3, ip), user_agent = coalesce($4, user_agent)
            WHERE id = $1
            """, [.text(id), .int(counter), .optional(address), .optional(userAgent)])
    }

    /// Adds a proof to a session, or renews the time of one that it has.
    func addMethod(_ method: String, session id: String) async throws(PostgresError) {
        try await session.execute(
            """
            INSERT INTO auth.mfa_amr_claims (session_id, created_at, updated_at, authentication_method, id)
            VALUES ($1, now(), now(), $2, gen_random_uuid())
            ON CONFLICT (session_id, authentication_method) DO UPDATE SET updated_at = now()
            """, [.text(id), .text(method)])
    }

    func deleteSession(id: String) async throws(PostgresError) {
        try await session.execute("DELETE FROM auth.sessions WHERE id = $1", [.text(id)])
    }

    func deleteSessions(user: String, except id: String? = nil) async throws(PostgresError) {
        try await session.execute(
            "DELETE FROM auth.sessions WHERE user_id = $1 AND id IS DISTINCT FROM $2::uuid",
            [.text(user), .optional(id)])
    }
}

/// A row of `auth.refresh_tokens`.
struct LegacyRefreshToken: Sendable, Equatable {
    var session: String?
    var isRevoked: Bool
    var ageSeconds: Double
    var isParentOfActive: Bool
    /// Whether the session got no other token of this form after it.
    var isNewest: Bool

    /// Whether the session may go over to the newer form by this token. The session's own counter decides about the
    /// token that was taken back on the way: as long as no newer token was used, its client lost the answer.
    func isAccepted(sessionCounter: Int64?, reuseSeconds: Int) -> Bool {
        if !isRevoked || isParentOfActive { return true }
        if ageSeconds < Double(reuseSeconds) { return true }
        return isNewest && sessionCounter == 0
    }
}
