import DataPlaneCore
import PostgresKit

/// Identities of the user who is signed in.
extension AuthCall {
    func identities(_ route: AuthRoute) async throws(AuthError) -> ServiceResponse {
        let signedIn = try await signedIn()
        guard configuration.allowsLinking else { throw .linkingDisabled }
        guard case .deleteIdentity(let text) = route else { return try await authorizeIdentity(for: signedIn.user) }
        guard let id = UUIDText.canonical(text) else {
            throw AuthError(404, code: "validation_failed", message: "identity_id must be an UUID")
        }
        try await changing("Database error deleting identity") { store in
            guard let user = try await store.user(id: signedIn.user.id, isLocked: true) else {
                throw AuthError.userNotFound
            }
            try await unlink(store, user, identity: id)
        }
        return ServiceResponse(status: 200, json: .object([]))
    }

    private func unlink(_ store: AuthStore, _ user: UserRecord, identity id: String) async throws {
        guard user.identities.count > 1 else {
            throw AuthError(
                422, code: "single_identity_not_deletable",
                message: "User must have at least 1 identity after unlinking")
        }
        guard let identity = user.identities.first(where: { $0["id"]?.stringValue == id }) else {
            throw AuthError(422, code: "identity_not_found", message: "Identity doesn't exist")
        }
        try await store.session.execute(
            "DELETE FROM auth.identities WHERE id = $1 AND user_id = $2", [.text(id), .text(user.id)])
        let provider = identity["provider"]?.stringValue ?? ""
        if provider == "phone" {
            try await store.update(user: user.id, [("phone", .set(.null)), ("phone_confirmed_at", .set(.null))])
        } else {
            try await takeEmail(store, user, from: user.identities.filter { $0["id"]?.stringValue != id })
        }
        try await store.refreshProviders(user: user)
        try await store.audit(
            .identityUnlinked, actor: user, address: address ?? "", traits: [.init("provider", .string(provider))])
        try await queueNotice(.identityUnlinked, to: user, [.init("Provider", .string(provider))], in: store)
    }

    /// The user's address is one that an identity still stands for.
    private func takeEmail(_ store: AuthStore, _ user: UserRecord, from left: [JSONText]) async throws {
        let addresses = left.compactMap { $0["email"]?.stringValue }.filter { !$0.isEmpty }
        if let email = user.email, addresses.contains(email) { return }
        do throws(PostgresError) {
            try await store.update(user: user.id, [("email", .set(.optional(addresses.first)))])
        } catch {
            guard error.isUniqueViolation else { throw error }
            throw AuthError(
                422, code: "email_conflict_identity_not_deletable",
                message: "Unable to unlink identity due to email conflict")
        }
    }
}
