import DataPlaneCore
import PostgresKit

/// The tables of schema `auth`, inside a transaction or on a pool.
struct AuthStore: Sendable {
    /// The instance that all rows belong to; there is one per database.
    static let instance = "00000000-0000-0000-0000-000000000000"

    let session: any PostgresSession
    /// Whether the audit log is written.
    var keepsAudit = true

    /// A new value of a column.
    enum Change: Sendable {
        case set(PostgresParameter)
        case now
    }

    func user(_ condition: String, _ parameters: [PostgresParameter]) async throws(PostgresError) -> UserRecord? {
        let row = try await session.first(
            "SELECT \(UserRecord.sql) FROM auth.users u WHERE \(condition)", parameters)
        guard let row else { return nil }
        return UserRecord(try row.string("document"))
    }

    func user(id: String, isLocked: Bool = false) async throws(PostgresError) -> UserRecord? {
        try await user("u.id = $1" + (isLocked ? " FOR UPDATE" : ""), [.text(id)])
    }

    func user(email: String, audience: String, isLocked: Bool = false) async throws(PostgresError) -> UserRecord? {
        try await user(
            "u.instance_id = '\(Self.instance)' AND lower(u.email) = $1 AND u.aud = $2 AND NOT u.is_sso_user LIMIT 1"
                + (isLocked ? " FOR UPDATE" : ""), [.text(email), .text(audience)])
    }

    func user(phone: String, audience: String, isLocked: Bool = false) async throws(PostgresError) -> UserRecord? {
        try await user(
            "u.instance_id = '\(Self.instance)' AND u.phone = $1 AND u.aud = $2 AND NOT u.is_sso_user LIMIT 1"
                + (isLocked ? " FOR UPDATE" : ""), [.text(phone), .text(audience)])
    }

    func isEmailTaken(
        _ email: String, audience: String, except id: String? = nil
    ) async throws(PostgresError) -> Bool {
        guard let found = try await user(email: email, audience: audience) else { return false }
        return found.id != id
    }

    func isPhoneTaken(
        _ phone: String, audience: String, except id: String? = nil
    ) async throws(PostgresError) -> Bool {
        guard let found = try await user(phone: phone, audience: audience) else { return false }
        return found.id != id
    }

    /// A user that is to be made.
    struct NewUser: Sendable {
        var id: String
        var audience: String
        var role: String
        var email: String?
        var phone: String?
        var passwordHash: String?
        var appMetadata: JSONText
        var userMetadata: JSONText
        var isAnonymous = false

        /// The user as the API would show it.
        func json(at seconds: Double) -> JSONText {
            let now = JSONText.string(Timestamp.zulu(atSeconds: seconds))
            return .object([
                .init("id", .string(id)), .init("aud", .string(audience)), .init("role", .string(role)),
                .init("email", .string(email ?? "")), .init("phone", .string(phone ?? "")),
                .init("app_metadata", appMetadata), .init("user_metadata", userMetadata),
                .init("identities", .array([])), .init("created_at", now), .init("updated_at", now),
                .init("is_anonymous", .bool(isAnonymous)),
            ])
        }
    }

    func insert(_ user: NewUser) async throws(PostgresError) {
        try await session.execute(
            """
            INSERT INTO auth.users (instance_id, id, aud, role, email, phone, encrypted_password, raw_app_meta_data,
              raw_user_meta_data, is_anonymous, created_at, updated_at, confirmation_token, recovery_token,
              email_change_token_new, email_change)
            VALUES ('\(Self.instance)', $1, $2, $3, $4, $5, coalesce($6, ''), $7, $8, $9, now(), now(), '', '', '', '')
            """,
            [
                .text(user.id), .text(user.audience), .text(user.role), .optional(user.email), .optional(user.phone),
                .optional(user.passwordHash), .text(user.appMetadata.text), .text(user.userMetadata.text),
                .bool(user.isAnonymous),
            ])
    }

    /// Changes columns of a user. Column names come from the code, never from a request.
    func update(user id: String, _ changes: [(column: String, change: Change)]) async throws(PostgresError) {
        try await update("auth.users", id: id, changes)
    }

    func update(
        _ table: String, id: String, _ changes: [(column: String, change: Change)]
    ) async throws(PostgresError) {
        guard !changes.isEmpty else { return }
        var parameters: [PostgresParameter] = [.text(id)]
        var assignments: [String] = []
        for (column, change) in changes {
            switch change {
            case .now: assignments.append("\(column) = now()")
            case .set(let value):
                parameters.append(value)
                assignments.append("\(column) = $\(parameters.count)")
            }
        }
        try await session.execute(
            "UPDATE \(table) SET \(assignments.joined(separator: ", ")), updated_at = now() WHERE id = $1", parameters)
    }

    // MARK: Identities

    /// Makes the identity of an address, or brings the one that is there up to date.
    func upsertIdentity(
        user: String, provider: String, providerID: String, data: JSONText
    ) async throws(PostgresError) {
        try await session.execute(
            """
            INSERT INTO auth.identities (provider_id, user_id, identity_data, provider, last_sign_in_at, created_at,
              updated_at)
            VALUES ($1, $2, $3, $4, now(), now(), now())
            ON CONFLICT (provider_id, provider) DO UPDATE
              SET identity_data = auth.identities.identity_data || excluded.identity_data, updated_at = now()
            """,
            [.text(providerID), .text(user), .text(data.text), .text(provider)])
    }

    func touchIdentity(user: String, provider: String) async throws(PostgresError) {
        try await session.execute(
            "UPDATE auth.identities SET last_sign_in_at = now(), updated_at = now() WHERE user_id = $1 AND provider = $2",
            [.text(user), .text(provider)])
    }

    /// `providers` of the user's metadata as the identities have it.
    func refreshProviders(user: UserRecord) async throws(PostgresError) {
        let rows = try await session.query(
            "SELECT provider FROM auth.identities WHERE user_id = $1 ORDER BY created_at, id", [.text(user.id)])
        var names: [String] = []
        for row in rows {
            let name = try row.string("provider")
            if !names.contains(name) { names.append(name) }
        }
        guard let first = names.first else { return }
        let metadata = Metadata.merge(
            user.appMetadata,
            [
                .init("provider", .string(first)), .init("providers", .array(names.map { .string($0) })),
            ])
        try await update(user: user.id, [("raw_app_meta_data", .set(.text(metadata.text)))])
    }

    // MARK: Audit

    /// Records who did what, in the transaction of what is recorded.
    func audit(
        _ action: AuditAction, actor: UserRecord?, address: String, traits: [JSONText.Member] = []
    ) async throws(PostgresError) {
        guard keepsAudit else { return }
        var payload: [JSONText.Member] = [
            .init("actor_id", .string(actor?.id ?? AuthStore.instance)),
            .init("actor_username", .string(actor.map { $0.email ?? $0.phone ?? "" } ?? "service_role")),
            .init("actor_via_sso", .bool(actor?.isSSO ?? false)), .init("action", .string(action.rawValue)),
            .init("log_type", .string(action.logType)),
        ]
        if let name = actor?.userMetadata["full_name"]?.stringValue, !name.isEmpty {
            payload.append(.init("actor_name", .string(name)))
        }
        if !traits.isEmpty { payload.append(.init("traits", .object(traits))) }
        try await session.execute(
            """
            INSERT INTO auth.audit_log_entries (instance_id, id, payload, created_at, ip_address)
            VALUES ('\(Self.instance)', gen_random_uuid(), $1, now(), $2)
            """,
            [.text(JSONText.object(payload).text), .text(address)])
    }
}

/// What the audit log records.
enum AuditAction: String, Sendable {
    case login, logout
    case inviteAccepted = "invite_accepted"
    case signedUp = "user_signedup"
    case invited = "user_invited"
    case deleted = "user_deleted"
    case tokenRevoked = "token_revoked"
    case tokenRefreshed = "token_refreshed"
    case modified = "user_modified"
    case recoveryRequested = "user_recovery_requested"
    case reauthenticateRequested = "user_reauthenticate_requested"
    case confirmationRequested = "user_confirmation_requested"
    case repeatedSignup = "user_repeated_signup"
    case updatedPassword = "user_updated_password"
    case identityLinked = "identity_linked"
    case identityUnlinked = "identity_unlinked"
    case factorInProgress = "factor_in_progress"
    case factorUnenrolled = "factor_unenrolled"
    case challengeCreated = "challenge_created"
    case verificationAttempted = "verification_attempted"
    case factorDeleted = "factor_deleted"
    case factorUpdated = "factor_updated"

    var logType: String {
        switch self {
        case .login, .logout, .inviteAccepted: "account"
        case .signedUp, .invited, .deleted: "team"
        case .tokenRevoked, .tokenRefreshed: "token"
        case .modified, .recoveryRequested, .reauthenticateRequested, .confirmationRequested, .repeatedSignup,
            .updatedPassword, .identityLinked, .identityUnlinked:
            "user"
        case .factorInProgress, .factorUnenrolled, .challengeCreated, .verificationAttempted, .factorDeleted,
            .factorUpdated:
            "factor"
        }
    }
}
