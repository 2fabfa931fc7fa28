import DataPlaneCore
import PostgresKit
import TokenKit

/// What a one-time code is for, and where it is kept.
enum CodeKind: String, Sendable, CaseIterable {
    case confirmation = "confirmation_token"
    case recovery = "recovery_token"
    case emailChangeCurrent = "email_change_token_current"
    case emailChangeNew = "email_change_token_new"
    case phoneChange = "phone_change_token"
    case reauthentication = "reauthentication_token"

    var column: String { rawValue }

    var sentColumn: String {
        switch self {
        case .confirmation: "confirmation_sent_at"
        case .recovery: "recovery_sent_at"
        case .emailChangeCurrent, .emailChangeNew: "email_change_sent_at"
        case .phoneChange: "phone_change_sent_at"
        case .reauthentication: "reauthentication_sent_at"
        }
    }
}

/// A code, and what is kept of it.
struct OneTimeCode: Sendable {
    /// What the user types.
    let digits: String
    /// What links and tables hold; begins with `pkce_` where the request brought a challenge.
    let hash: String

    static let pkcePrefix = "pkce_"

    /// A new code for an address.
    init(address: String, length: Int, isPKCE: Bool, key: KeyBytes) throws(TokenError) {
        guard let alphabet = RandomAlphabet("0123456789") else { throw .invalidArgument(reason: "no digits") }
        digits = try RandomSource.string(length: min(max(length, 6), 10), alphabet: alphabet)
        hash = (isPKCE ? Self.pkcePrefix : "") + (try Self.hash(address: address, code: digits, key: key))
    }

    /// A code that is given.
    init(digits: String, address: String, key: KeyBytes) throws(TokenError) {
        self.digits = digits
        hash = try Self.hash(address: address, code: digits, key: key)
    }

    /// 56 hexadecimal digits, as many as GoTrue's SHA-224 has. With the server's key in it six digits cannot be guessed
    /// from what the table holds.
    static func hash(address: String, code: String, key: KeyBytes) throws(TokenError) -> String {
        Hex.encode(Array(try Digest.hmacSHA256(Array((address + "\0" + code).utf8), key: key).prefix(28)))
    }

    /// Whether a typed code is the one behind a stored hash.
    static func isCode(_ code: String, address: String, stored: String?, key: KeyBytes) throws(TokenError) -> Bool {
        guard let stored, !stored.isEmpty else { return false }
        let plain = stored.hasPrefix(pkcePrefix) ? String(stored.dropFirst(pkcePrefix.count)) : stored
        return constantTimeEqual(
            Array(try hash(address: address, code: code, key: key).utf8), Array(plain.utf8))
    }
}

extension AuthStore {
    /// Wrong tries of one code, after which it is taken back.
    static let attemptsMax = 10
    /// Wrong tries of all codes of a user in a day, after which none is taken any more; links are.
    static let dailyAttemptsMax = 50

    func setCode(_ kind: CodeKind, user: String, code: OneTimeCode, relatesTo: String) async throws(PostgresError) {
        try await update(
            user: user, [(kind.column, .set(.text(code.hash))), (kind.sentColumn, .now)])
        try await session.execute(
            """
            INSERT INTO auth.one_time_tokens (id, user_id, token_type, token_hash, relates_to)
            VALUES (gen_random_uuid(), $1, $2::text::auth.one_time_token_type, $3, $4)
            ON CONFLICT (user_id, token_type) DO UPDATE
              SET token_hash = excluded.token_hash, relates_to = excluded.relates_to, created_at = now(),
                updated_at = now()
            """,
            [.text(user), .text(kind.rawValue), .text(code.hash), .text(relatesTo)])
        try await session.execute(
            "DELETE FROM auth.projectd_code_attempts WHERE user_id = $1 AND kind = $2",
            [.text(user), .text(kind.rawValue)])
    }

    func clearCode(_ kind: CodeKind, user: String) async throws(PostgresError) {
        try await update(user: user, [(kind.column, .set(""))])
        try await session.execute(
            "DELETE FROM auth.one_time_tokens WHERE user_id = $1 AND token_type = $2::text::auth.one_time_token_type",
            [.text(user), .text(kind.rawValue)])
    }

    /// Takes all codes of a user back, what they were to change, and flows at providers that would end with the user.
    func clearCodes(user: String) async throws(PostgresError) {
        try await update(
            user: user,
            CodeKind.allCases.map { ($0.column, .set("")) } + [("email_change", .set("")), ("phone_change", .set(""))])
        try await session.execute("DELETE FROM auth.one_time_tokens WHERE user_id = $1", [.text(user)])
        try await deleteOpenFlows(user: user)
    }

    /// Takes back what was sent to an address that is no longer the user's. A code to a new number stays.
    func clearCodesByMail(user: String) async throws(PostgresError) {
        for kind in CodeKind.allCases where kind != .phoneChange { try await clearCode(kind, user: user) }
        try await deleteOpenFlows(user: user)
    }

    /// Flows whose code was given out, and those that are to add an identity. Others need a link that is followed.
    private func deleteOpenFlows(user: String) async throws(PostgresError) {
        try await session.execute(
            """
            DELETE FROM auth.flow_state
            WHERE user_id = $1 AND auth_code_issued_at IS NOT NULL OR linking_target_id = $1
            """, [.text(user)])
    }

    func deleteFlows(user: String) async throws(PostgresError) {
        try await session.execute(
            "DELETE FROM auth.flow_state WHERE user_id = $1 OR linking_target_id = $1", [.text(user)])
    }

    /// The user that a hash of a link belongs to.
    func user(codeHash: String, kinds: [CodeKind]) async throws(PostgresError) -> (UserRecord, CodeKind)? {
        let row = try await session.first(
            """
            SELECT user_id::text AS user_id, token_type::text AS kind FROM auth.one_time_tokens
            WHERE token_hash = ANY ($1::text[]) AND token_type::text = ANY ($2::text[]) LIMIT 1
            """,
            [
                .textArray([codeHash, OneTimeCode.pkcePrefix + codeHash]), .textArray(kinds.map(\.rawValue)),
            ])
        guard let row, let kind = CodeKind(rawValue: try row.string("kind")),
            let user = try await user(id: try row.string("user_id"), isLocked: true)
        else { return nil }
        return (user, kind)
    }

    /// Whether so many wrong codes came for a user in a day that the next is not looked at.
    func hasTooManyWrongCodes(user: String) async throws(PostgresError) -> Bool {
        let row = try await session.first(
            """
            SELECT attempts FROM auth.projectd_wrong_codes WHERE user_id = $1 AND since > now() - interval '24 hours'
            """, [.text(user)])
        guard let row else { return false }
        return try row.int("attempts") >= Self.dailyAttemptsMax
    }

    /// Counts a wrong code in the user's day, which begins with the first.
    func countWrongCode(user: String) async throws(PostgresError) {
        try await session.execute(
            """
            INSERT INTO auth.projectd_wrong_codes AS w (user_id, attempts) VALUES ($1, 1)
            ON CONFLICT (user_id) DO UPDATE
              SET attempts = CASE WHEN w.since > now() - interval '24 hours' THEN w.attempts + 1 ELSE 1 END,
                since = CASE WHEN w.since > now() - interval '24 hours' THEN w.since ELSE now() END
            """, [.text(user)])
    }

    /// Counts a wrong try; the code is taken back when there were too many.
    func countAttempt(_ kind: CodeKind, user: String) async throws(PostgresError) {
        let row = try await session.single(
            """
            INSERT INTO auth.projectd_code_attempts AS a (user_id, kind, attempts) VALUES ($1, $2, 1)
            ON CONFLICT (user_id, kind) DO UPDATE SET attempts = a.attempts + 1 RETURNING attempts
            """, [.text(user), .text(kind.rawValue)])
        if try row.int("attempts") >= Self.attemptsMax { try await clearCode(kind, user: user) }
    }

    // MARK: PKCE

    struct FlowState: Sendable {
        var id: String
        var user: String?
        var challenge: CodeChallenge
        var method: String
        var ageSeconds: Double
        /// Where the user signed in; nil for a link in a mail.
        var provider: String?
        /// What the provider gave, sealed.
        var sealedAccess: String?
        var sealedRefresh: String?
    }

    /// Begins a flow whose code is given out when the user has followed the link.
    func insertFlow(
        user: String, challenge: CodeChallenge, provider: String, method: String
    ) async throws(PostgresError) {
        try await session.execute(
            """
            INSERT INTO auth.flow_state (id, user_id, auth_code, code_challenge_method, code_challenge, provider_type,
              authentication_method, created_at, updated_at)
            VALUES (gen_random_uuid(), $1, gen_random_uuid()::text, $2::text::auth.code_challenge_method, $3, $4, $5,
              now(), now())
            """,
            [.text(user), .text(challenge.method.rawValue), .text(challenge.text), .text(provider), .text(method)])
    }

    /// Gives out the code of the user's newest flow of a kind.
    func issueFlowCode(user: String, method: String) async throws(PostgresError) -> String? {
        let row = try await session.first(
            """
            UPDATE auth.flow_state SET auth_code_issued_at = now(), updated_at = now()
            WHERE id = (SELECT id FROM auth.flow_state WHERE user_id = $1 AND authentication_method = $2
              ORDER BY created_at DESC LIMIT 1)
            RETURNING auth_code
            """, [.text(user), .text(method)])
        return try row?.optionalString("auth_code")
    }

    /// Takes a flow by its code: who comes second finds none.
    func takeFlow(code: String) async throws(PostgresError) -> FlowState? {
        let row = try await session.first(
            """
            SELECT id::text AS id, user_id::text AS user_id, code_challenge, code_challenge_method::text AS method,
              authentication_method, extract(epoch FROM now() - coalesce(auth_code_issued_at, created_at))::float8 AS age,
              CASE authentication_method WHEN 'oauth' THEN provider_type END AS provider, provider_access_token,
              provider_refresh_token
            FROM auth.flow_state WHERE auth_code = $1 FOR UPDATE
            """, [.text(code)])
        guard let row, let method = CodeChallenge.Method(rawValue: try row.optionalString("method") ?? "") else {
            return nil
        }
        return FlowState(
            id: try row.string("id"), user: try row.optionalString("user_id"),
            challenge: CodeChallenge(text: try row.optionalString("code_challenge") ?? "", method: method),
            method: try row.string("authentication_method"), ageSeconds: try row.double("age"),
            provider: try row.optionalString("provider"),
            sealedAccess: try row.optionalString("provider_access_token"),
            sealedRefresh: try row.optionalString("provider_refresh_token"))
    }

    func deleteFlow(id: String) async throws(PostgresError) {
        try await session.execute("DELETE FROM auth.flow_state WHERE id = $1", [.text(id)])
    }
}
