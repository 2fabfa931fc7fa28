import DataPlaneCore
import PostgresKit

/// Accounts that were never confirmed: a user who proves the address gets nothing of who has claimed it before.
extension AuthStore {
    /// Removes what was set for an account before any of its addresses was confirmed: password, sessions, factors,
    /// codes, changes that wait for them, the other address, and all identities but the one that is proved.
    func forgetClaim(of user: UserRecord, keeping provider: String, providerID: String) async throws(PostgresError) {
        let other = provider == "phone" ? "email" : "phone"
        try await clearCodes(user: user.id)
        try await update(user: user.id, [("encrypted_password", .set("")), (other, .set(.null))])
        try await deleteSessions(user: user.id)
        try await session.execute("DELETE FROM auth.mfa_factors WHERE user_id = $1", [.text(user.id)])
        try await session.execute(
            "DELETE FROM auth.identities WHERE user_id = $1 AND NOT (provider = $2 AND provider_id = $3)",
            [.text(user.id), .text(provider), .text(providerID)])
    }

    /// The same for an address that is about to be proved by a code: the account has the identity of that one alone.
    func forgetClaim(of user: UserRecord, proving kind: AddressKind) async throws(PostgresError) {
        try await forgetClaim(of: user, keeping: kind.rawValue, providerID: user.id)
        let address = kind == .email ? user.email : user.phone
        let data = JSONText.object([
            .init("sub", .string(user.id)), .init(kind.rawValue, .string(address ?? "")),
        ])
        try await upsertIdentity(user: user.id, provider: kind.rawValue, providerID: user.id, data: data)
        try await refreshProviders(user: user)
    }

    /// Gives an account that was not confirmed yet what its latest sign-up says, in place of what the one before said.
    func replaceClaim(
        of user: UserRecord, proving kind: AddressKind, passwordHash: String?, metadata: JSONText
    ) async throws(PostgresError) {
        try await forgetClaim(of: user, proving: kind)
        try await update(
            user: user.id,
            [
                ("encrypted_password", .set(.text(passwordHash ?? ""))),
                ("raw_user_meta_data", .set(.text(metadata.text))),
            ])
        try await session.execute(
            "UPDATE auth.identities SET identity_data = $2, updated_at = now() WHERE user_id = $1 AND provider = $3",
            [.text(user.id), .text(metadata.text), .text(kind.rawValue)])
    }

    /// For an identity that a provider has proved.
    func forgetClaim(
        of user: UserRecord, keeping provider: String, providerID: String, data: JSONText
    ) async throws(PostgresError) {
        try await forgetClaim(of: user, keeping: provider, providerID: providerID)
        try await update(user: user.id, [("raw_user_meta_data", .set(.text(data.text)))])
    }
}

/// What codes are sent to; the identity of an address has the same name.
enum AddressKind: String, Sendable {
    case email, phone
}
