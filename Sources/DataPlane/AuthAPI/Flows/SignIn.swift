import DataPlaneCore
import PasswordKit
import PostgresKit

/// `POST /token`
extension AuthCall {
    func token() async throws(AuthError) -> ServiceResponse {
        let grantType = request.queryValue("grant_type") ?? ""
        if grantType != "web3" {
            try service.limit(.token, request, count: configuration.rates.token)
        }
        switch grantType {
        case "password": return try await passwordGrant()
        case "refresh_token": return try await refresh()
        case "pkce": return try await exchangeFlow()
        case "id_token": return try await idTokenGrant()
        case "web3": throw AuthError(422, code: "web3_provider_disabled", message: "Web3 provider is disabled")
        default: throw AuthError(400, code: "invalid_credentials", message: "unsupported_grant_type")
        }
    }

    private func passwordGrant() async throws(AuthError) -> ServiceResponse {
        let emailText = try request.text("email") ?? ""
        let phoneText = try request.text("phone") ?? ""
        let password = try request.text("password") ?? ""
        guard emailText.isEmpty || phoneText.isEmpty else {
            throw .validation("Only an email address or phone number should be provided on login.")
        }
        guard !emailText.isEmpty || !phoneText.isEmpty else { throw .validation("missing email or phone") }
        let isEmail = !emailText.isEmpty
        guard isEmail ? configuration.hasEmail : configuration.hasPhone else {
            throw isEmail
                ? AuthError(422, code: "email_provider_disabled", message: "Email logins are disabled")
                : AuthError(422, code: "phone_provider_disabled", message: "Phone logins are disabled")
        }
        let user = try await user(email: emailText, phone: phoneText)
        let isPassword = try await isPassword(password, of: user)
        if let user { try await tellOfPassword(of: user, isValid: isPassword && !password.isEmpty) }
        guard let user, isPassword, !password.isEmpty else { throw .invalidCredentials }
        guard !user.isBanned(at: service.clock()) else {
            throw AuthError(400, code: "user_banned", message: "User is banned")
        }
        if isEmail, !user.isEmailConfirmed, !configuration.allowsUnverifiedEmail {
            throw AuthError(400, code: "email_not_confirmed", message: "Email not confirmed")
        }
        if !isEmail, !user.isPhoneConfirmed {
            throw AuthError(400, code: "phone_not_confirmed", message: "Phone not confirmed")
        }
        return try await openPasswordSession(user, password: password, isEmail: isEmail)
    }

    private func user(email: String, phone: String) async throws(AuthError) -> UserRecord? {
        let audience = audience
        return try await reading { store throws(PostgresError) in
            if let address = EmailAddress(email) {
                return try await store.user(email: address.text, audience: audience)
            }
            guard let number = PhoneNumber(phone) else { return nil }
            return try await store.user(phone: number.digits, audience: audience)
        }
    }

    private func openPasswordSession(
        _ user: UserRecord, password: String, isEmail: Bool
    ) async throws(AuthError) -> ServiceResponse {
        // What was hashed otherwise is hashed again, guarded by the old value.
        var renewed: String?
        if let stored = user.passwordHash, PasswordVerifier.isOutdated(stored) {
            renewed = try await hash(password: password)
        }
        let newHash = renewed
        let grant = try await changing("Database error granting user") { store in
            guard let current = try await store.user(id: user.id, isLocked: true),
                current.passwordHash == user.passwordHash
            else { throw AuthError.invalidCredentials }
            if let newHash {
                try await store.update(user: user.id, [("encrypted_password", .set(.text(newHash)))])
            }
            return try await openSession(
                store, user: current, method: "password", provider: isEmail ? "email" : "phone")
        }
        var response = grant.response
        if let weakness = await weakness(of: password) {
            response.body = Array(JSONText.object(grant.json.members + [weakness]).text.utf8)
        }
        return response
    }

    /// A password that no longer meets the rules still signs in; the answer names the rules that it fails.
    private func weakness(of password: String) async -> JSONText.Member? {
        do throws(AuthError) {
            try PasswordRules(configuration).check(password)
            guard configuration.checksLeaks, try await isLeaked(password, failsClosed: false) else { return nil }
            throw AuthError.leakedPassword
        } catch {
            let reasons = error.weaknesses.map { JSONText.string($0.rawValue) }
            return .init(
                "weak_password",
                .object([.init("message", .string(error.message)), .init("reasons", .array(reasons))]))
        }
    }

    // MARK: PKCE

    private func exchangeFlow() async throws(AuthError) -> ServiceResponse {
        let code = try request.text("auth_code") ?? ""
        let verifier = try request.text("code_verifier") ?? ""
        guard !code.isEmpty, !verifier.isEmpty else {
            throw .validation("invalid request: both auth code and code verifier should be non-empty")
        }
        let (grant, provided) = try await changing("Database error exchanging the code") { store in
            guard let flow = try await store.takeFlow(code: code), let id = flow.user,
                let user = try await store.user(id: id, isLocked: true)
            else {
                throw AuthError(
                    404, code: "flow_state_not_found", message: "invalid flow state, no valid flow state found")
            }
            guard flow.ageSeconds <= Double(max(configuration.flowSeconds, 300)) else {
                throw AuthError(422, code: "flow_state_expired", message: "invalid flow state, flow state has expired")
            }
            guard flow.challenge.fits(verifier: verifier) else {
                throw AuthError(
                    400, code: "bad_code_verifier",
                    message: "code challenge does not match previously saved code verifier")
            }
            try await store.deleteFlow(id: flow.id)
            let grant = try await openSession(store, user: user, method: flow.method, provider: flow.provider)
            return (grant, flow.providerTokens(key: service.keys.codeKey))
        }
        return grant.response(adding: provided)
    }
}
