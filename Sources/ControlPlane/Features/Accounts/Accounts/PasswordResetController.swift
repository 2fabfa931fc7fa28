import APIKit
import HTTPTypes
import Identity
import ProjectModel

/// `/platform/accounts/{gotrue_id}/reset-password`: a new password for who has forgotten theirs. No mail is sent: an
/// administrator sets it and passes it on.
struct PasswordResetController: Sendable {
    let directory: AccountDirectory

    var routes: [Route] {
        [
            Route(
                .post, "/platform/accounts/{gotrue_id}/reset-password", access: .installation(.organizationAdminWrite),
                effect: .change("account.reset_password"),
                operation: Operation(
                    summary: "Set the password of another account, end its sessions and revoke its access tokens; for "
                        + "owners of every organization that the account is a member of",
                    body: .json(ResetPasswordBody.schema), answer: .of(ResetPasswordRow.self),
                    refusals: [
                        Operation.Refusal(
                            status: .notFound,
                            meaning: "no such account, or you are not a member of the organization default")
                    ]), preparing: prepare)
        ]
    }

    /// Hashes the password, once it is certain that it may be set.
    private func prepare(_ request: APIRequest) async throws -> Route.Handler {
        let (caller, id) = (try request.caller(), try request.uuid("gotrue_id"))
        try caller.requireWholeAccount()
        let password = try request.decode(ResetPasswordBody.self).password
        request.audit.target("account", id)
        try await directory.requireReset(of: id, by: caller)
        let verifier = try await directory.verifier(of: password, for: id)
        return { request in
            try await directory.requireReset(of: id, by: caller)
            let revoked = try await directory.setPassword(of: id, to: verifier)
            request.audit.change("password", from: "(previous)", to: "(new)")
            request.audit.change("access_tokens_revoked", from: nil, to: String(revoked))
            return try APIResponse(json: ResetPasswordRow(id: id, revoked: revoked))
        }
    }
}

/// A new password.
struct ResetPasswordBody: DecodableBody {
    let password: Secret<String>

    static let schemaName: String? = "ResetPassword"

    init(fields: BodyReader) throws {
        password = try fields.secret("password")
    }
}

/// What a new password has ended.
struct ResetPasswordRow: EncodableBody {
    let id: String
    let revoked: Int

    static let shape = BodyShape<Self>(
        "ResetPasswordResult",
        [.init("gotrue_id", .uuid, of: \.id), .init("access_tokens_revoked", of: \.revoked)])
}
