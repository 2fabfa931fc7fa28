import DataPlaneCore
import PostgresKit
import TokenKit

extension AuthStore {
    struct NewFactor: Sendable {
        var id: String
        var user: String
        var name: String
        /// Of time-based codes, sealed.
        var secret: String?
        /// Of text messages, without its plus sign.
        var phone: String?
    }

    func insertFactor(_ factor: NewFactor) async throws(PostgresError) {
        try await session.execute(
            """
            INSERT INTO auth.mfa_factors (id, user_id, friendly_name, factor_type, status, created_at, updated_at,
              secret, phone)
            VALUES ($1, $2, $3, CASE WHEN $5::text IS NULL THEN 'totp' ELSE 'phone' END::auth.factor_type, 'unverified', now(),
              now(), $4, $5)
            """,
            [
                .text(factor.id), .text(factor.user), .text(factor.name), .optional(factor.secret),
                .optional(factor.phone),
            ])
    }

    /// Takes away factors whose user never proved to have them.
    func deleteUnverifiedFactors(user: String, olderThanSeconds seconds: Int) async throws(PostgresError) {
        try await session.execute(
            """
            DELETE FROM auth.mfa_factors WHERE user_id = $1 AND status = 'unverified'
              AND created_at < now() - $2::int * interval '1 second'
            """, [.text(user), .int(seconds)])
    }

    func deleteUnverifiedFactors(user: String) async throws(PostgresError) {
        try await session.execute(
            "DELETE FROM auth.mfa_factors WHERE user_id = $1 AND status = 'unverified'", [.text(user)])
    }

    /// - Parameter code: what is kept of the code that was sent; nil where the factor makes its codes itself.
    func insertChallenge(
        id: String, factor: String, address: String, code: String? = nil
    ) async throws(PostgresError) {
        try await session.execute(
            """
            WITH made AS (
              INSERT INTO auth.mfa_challenges (id, factor_id, created_at, ip_address, otp_code) VALUES ($1, $2, now(), $3, $4))
            UPDATE auth.mfa_factors SET last_challenged_at = clock_timestamp() WHERE id = $2
            """, [.text(id), .text(factor), .text(address), .optional(code)])
    }

    struct Challenge: Sendable {
        var address: String
        var ageSeconds: Double
        /// The last step of the factor that was accepted: none counts twice.
        var lastStep: Int64?
        /// What is kept of the code that was sent.
        var code: String?
    }

    func challenge(id: String, factor: String) async throws(PostgresError) -> Challenge? {
        let row = try await session.first(
            """
            SELECT c.otp_code, host(c.ip_address) AS address, extract(epoch FROM now() - c.created_at)::float8 AS age,
              (SELECT max(o.otp_code::bigint) FROM auth.mfa_challenges o
                WHERE o.factor_id = c.factor_id AND o.verified_at IS NOT NULL AND o.otp_code ~ '^[0-9]{1,18}$')
                AS last_step
            FROM auth.mfa_challenges c WHERE c.id = $1 AND c.factor_id = $2 AND c.verified_at IS NULL FOR UPDATE OF c
            """, [.text(id), .text(factor)])
        guard let row else { return nil }
        return Challenge(
            address: try row.string("address"), ageSeconds: try row.double("age"),
            lastStep: try row.optionalInt64("last_step"), code: try row.optionalString("otp_code"))
    }

    /// The challenge is spent; its row keeps the step of a time-based code, so that the same code is not accepted again.
    func acceptChallenge(id: String, mark: String) async throws(PostgresError) {
        try await session.execute(
            "UPDATE auth.mfa_challenges SET verified_at = now(), otp_code = $2 WHERE id = $1",
            [.text(id), .text(mark)])
    }

    /// Wrong codes of a factor, after which its challenge is spent and the next code has to wait.
    static let factorAttemptsMax = 5
    /// The first wait, which doubles with each that follows, and the longest.
    private static let factorWaitSeconds = 30
    private static let factorWaitSecondsMax = 3_600

    /// Seconds until a code of the factor is looked at again; nil where it is.
    func factorWait(_ factor: String) async throws(PostgresError) -> Int? {
        let row = try await session.first(
            """
            SELECT ceil(extract(epoch FROM waits_until - now()))::int AS seconds FROM auth.projectd_factor_attempts
            WHERE factor_id = $1 AND waits_until > now() FOR UPDATE
            """, [.text(factor)])
        return try row?.int("seconds")
    }

    /// Counts a wrong code, in the transaction that looked at it.
    func countFactorAttempt(_ factor: String, challenge: String) async throws(PostgresError) {
        let row = try await session.single(
            """
            INSERT INTO auth.projectd_factor_attempts AS a (factor_id, attempts) VALUES ($1, 1)
            ON CONFLICT (factor_id) DO UPDATE SET attempts = least(a.attempts + 1, 1000000) RETURNING attempts
            """, [.text(factor)])
        let attempts = try row.int("attempts")
        guard attempts.isMultiple(of: Self.factorAttemptsMax) else { return }
        let doublings = min(attempts / Self.factorAttemptsMax - 1, 16)
        let seconds = min(Self.factorWaitSeconds << doublings, Self.factorWaitSecondsMax)
        try await session.execute("DELETE FROM auth.mfa_challenges WHERE id = $1", [.text(challenge)])
        try await session.execute(
            """
            UPDATE auth.projectd_factor_attempts SET waits_until = now() + $2::int * interval '1 second'
            WHERE factor_id = $1
            """, [.text(factor), .int(seconds)])
    }

    func forgetFactorAttempts(_ factor: String) async throws(PostgresError) {
        try await session.execute(
            "DELETE FROM auth.projectd_factor_attempts WHERE factor_id = $1", [.text(factor)])
    }

    /// Raises a session. It gets a new key: earlier refresh tokens are no longer valid.
    func raiseSession(id: String, factor: String, key: [UInt8]) async throws(PostgresError) {
        try await session.execute("DELETE FROM auth.refresh_tokens WHERE session_id = $1", [.text(id)])
        try await session.execute(
            """
            UPDATE auth.sessions SET aal = 'aal2', factor_id = $2, refresh_token_hmac_key = $3,
              refresh_token_counter = 0, refreshed_at = clock_timestamp() AT TIME ZONE 'utc', updated_at = now()
            WHERE id = $1
            """, [.text(id), .text(factor), .text(Base64URL.encode(key))])
    }

    func deleteSessionsBelowAAL2(user: String, except id: String) async throws(PostgresError) {
        try await session.execute(
            "DELETE FROM auth.sessions WHERE user_id = $1 AND id <> $2 AND (aal IS NULL OR aal < 'aal2')",
            [.text(user), .text(id)])
    }

    /// Takes a factor away; sessions that it raised fall back.
    func deleteFactor(id: String) async throws(PostgresError) {
        try await session.execute(
            """
            DELETE FROM auth.mfa_amr_claims WHERE authentication_method IN ('totp', 'mfa/phone')
              AND session_id IN (SELECT id FROM auth.sessions WHERE factor_id = $1)
            """, [.text(id)])
        try await session.execute(
            "UPDATE auth.sessions SET aal = 'aal1', factor_id = NULL, updated_at = now() WHERE factor_id = $1",
            [.text(id)])
        try await session.execute("DELETE FROM auth.mfa_factors WHERE id = $1", [.text(id)])
    }
}
