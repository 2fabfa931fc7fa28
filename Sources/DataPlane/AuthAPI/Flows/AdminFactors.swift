import DataPlaneCore
import PostgresKit

/// `/admin/users/{id}/factors`
extension AuthCall {
    func adminFactors(_ route: AuthRoute) async throws(AuthError) -> ServiceResponse {
        switch route {
        case .adminFactors(let text):
            let user = try await knownUser(try Self.userID(text))
            return ServiceResponse(status: 200, json: .array(user.factors.map(UserRecord.factor)))
        case .updateAdminFactor(let text, let factorText):
            let user = try await knownUser(try Self.userID(text))
            let factor = try Self.factor(factorText, of: user)
            return try await renamed(factor, user)
        case .deleteAdminFactor(let text, let factorText):
            let user = try await knownUser(try Self.userID(text))
            let factor = try Self.factor(factorText, of: user)
            let id = factor["id"]?.stringValue ?? ""
            try await changing("Database error deleting factor") { store in
                try await store.deleteFactor(id: id)
                try await store.audit(
                    .factorDeleted, actor: nil, address: address ?? "", traits: [.init("factor_id", .string(id))])
            }
            return ServiceResponse(status: 200, json: UserRecord.factor(factor))
        default: throw .notFound
        }
    }

    private func renamed(_ factor: JSONText, _ user: UserRecord) async throws(AuthError) -> ServiceResponse {
        let id = factor["id"]?.stringValue ?? ""
        let name = try request.text("friendly_name")
        guard (name ?? "").utf8.count <= Self.nameBytesMax else { throw .validation("friendly_name is too long") }
        let changed = try await changing("Database error updating factor") { store -> UserRecord? in
            if let name, !name.isEmpty {
                do throws(PostgresError) {
                    try await store.update("auth.mfa_factors", id: id, [("friendly_name", .set(.text(name)))])
                } catch {
                    guard error.isUniqueViolation else { throw error }
                    throw AuthError(
                        422, code: "mfa_factor_name_conflict",
                        message: "A factor with the friendly name \"\(name)\" for this user already exists")
                }
                try await store.audit(
                    .factorUpdated, actor: nil, address: address ?? "", traits: [.init("factor_id", .string(id))])
            }
            return try await store.user(id: user.id)
        }
        guard let changed else { throw .userNotFound }
        return ServiceResponse(status: 200, json: UserRecord.factor(try Self.factor(id, of: changed)))
    }
}
