import APIKit
import HTTPTypes
import Identity

/// GoTrue's endpoints for the own account.
extension GoTrueController {
    /// Makes sure of the person and hashes the new password.
    func prepareUpdate(_ request: APIRequest) async throws -> Route.Handler {
        let caller = try request.caller()
        let body = try request.goTrueBody(UserUpdateBody.self)
        guard body.data?.isEmpty ?? true else {
            throw APIError.goTrue(
                .badRequest, code: "validation_failed", message: "data is not kept here: change the profile instead")
        }
        request.audit.target("account", caller.account.id)
        if body.email != nil || body.password != nil {
            try await during(.update) { () async throws(IdentityError) in
                try await directory.confirmPresence(
                    of: caller, password: body.currentPassword, from: request.address)
            }
        }
        var verifier: AcceptedPassword?
        if let password = body.password {
            verifier = try await during(.update) { () async throws(IdentityError) in
                try await directory.verifier(of: password, for: caller.account.id)
            }
        }
        return { [email = body.email, verifier] in try await update($0, email: email, password: verifier) }
    }

    private func update(
        _ request: APIRequest, email: String?, password: AcceptedPassword?
    ) async throws -> APIResponse {
        let caller = try request.caller()
        if let email {
            let after = try await during(.update) { () async throws(IdentityError) in
                try await directory.requestEmail(email, for: caller)
            }
            request.audit.change("pending_email", from: caller.account.pendingEmail, to: after.pendingEmail)
        }
        if let password {
            let revoked = try await during(.update) { () async throws(IdentityError) in
                try await directory.setPassword(of: caller.account.id, to: password, keeping: caller.session)
            }
            request.audit.change("password", from: "(previous)", to: "(new)")
            request.audit.change("access_tokens_revoked", from: nil, to: String(revoked))
        }
        let account = try await during(.update) { () async throws(IdentityError) in
            try await directory.account(caller.account.id)
        }
        return try APIResponse(json: GoTrueUser(account))
    }

    func signOut(_ request: APIRequest) async throws -> APIResponse {
        let caller = try request.caller()
        guard let session = caller.session else {
            throw APIError.goTrue(
                .forbidden, code: "bad_jwt", message: "an access token has no session that could end: revoke it instead"
            )
        }
        guard let scope = SignOutScope(rawValue: request.query["scope"] ?? SignOutScope.global.rawValue) else {
            let names = SignOutScope.names.joined(separator: ", ")
            throw APIError.goTrue(.badRequest, code: "validation_failed", message: "scope must be one of \(names)")
        }
        request.audit.target("session", session)
        try await during(.signOut) { () async throws(IdentityError) in
            try await directory.signOut(session: session, of: caller.account.id, scope: scope)
        }
        return APIResponse(.noContent)
    }

    /// The directory's errors in GoTrue's form.
    func during<Value>(
        _ step: GoTrueStep, _ body: () async throws(IdentityError) -> Value
    ) async throws(APIError) -> Value {
        do throws(IdentityError) { return try await body() } catch { throw APIError(error, during: step) }
    }
}

extension SignOutScope {
    /// The scopes as auth-js spells them.
    static var names: [String] { allCases.map(\.rawValue) }
}

extension Principal {
    /// The session that they ask in; nothing when they ask with an access token.
    fileprivate var session: String? { if case .session(let id) = credential { id } else { nil } }
}
