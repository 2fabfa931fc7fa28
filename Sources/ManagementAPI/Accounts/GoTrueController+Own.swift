import HTTPTypes
import Identity

/// What people do with their own account in GoTrue's words.
extension GoTrueController {
    func update(_ request: APIRequest) async throws -> APIResponse {
        let caller = try request.wholeAccount()
        let body = try request.goTrueBody(UserUpdateBody.self)
        guard body.data?.isEmpty ?? true else {
            throw APIError.goTrue(.badRequest, "validation_failed", "data is not kept here: change the profile instead")
        }
        request.audit.target("account", caller.account.id)
        if let email = body.email {
            let after = try await during(.update) { () async throws(IdentityError) in
                try await directory.updateProfile(of: caller.account.id, email: email)
            }
            request.audit.change("email", from: caller.account.email, to: after.email)
        }
        if let password = body.password {
            request.audit.change("password", from: "set before", to: "set anew")
            try await during(.update) { () async throws(IdentityError) in
                try await directory.setPassword(of: caller.account.id, to: password, keeping: caller.session)
            }
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
                .forbidden, "bad_jwt", "an access token has no session that could end: revoke it instead")
        }
        guard let scope = SignOutScope(rawValue: request.query["scope"] ?? SignOutScope.global.rawValue) else {
            let names = SignOutScope.names.joined(separator: ", ")
            throw APIError.goTrue(.badRequest, "validation_failed", "scope must be one of \(names)")
        }
        request.audit.target("session", session)
        try await during(.signOut) { () async throws(IdentityError) in
            try await directory.signOut(session: session, of: caller.account.id, scope: scope)
        }
        return APIResponse(.noContent)
    }

    /// What the directory refuses, in GoTrue's words.
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
