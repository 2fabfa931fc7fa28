import DataPlaneCore
import PostgresKit

/// `POST /token?grant_type=id_token`
extension AuthCall {
    private struct IDTokenRequest {
        var text: String
        var provider: String
        var client: String
        var issuer: String
        var accessToken: String?
        var nonce: String?
    }

    /// Whose token it may be: how it is checked, and where its keys are.
    private struct IDTokenSource {
        /// As the identity names it.
        var name: String
        var base: String
        var map: ProfileMap
        var rules: IDTokenRules
        var acceptsDiscovered = false
        var isEmailOptional = false
    }

    func idTokenGrant() async throws(AuthError) -> ServiceResponse {
        let request = try idTokenRequest()
        let linkingUser = try self.request.bool("link_identity") == true ? try await linkingUser() : nil
        let source = try source(of: request)
        let profile = try await profile(of: request, from: source)
        try requireEmail(profile, isOptional: source.isEmailOptional)
        let order = AccountOrder(
            provider: source.name, profile: profile, linkingUser: linkingUser,
            isEmailOptional: source.isEmailOptional)
        let outcome = try await changingAccount { store -> AccountOutcome<Grant> in
            try await account(order, in: store).then { user in
                try await openSession(store, user: user, method: "oauth", provider: source.name, isAudited: false)
            }
        }
        return try finished(outcome).response
    }

    private func idTokenRequest() throws(AuthError) -> IDTokenRequest {
        guard let text = try request.text("id_token"), !text.isEmpty else {
            throw .oauth("invalid request", "id_token required")
        }
        let made = IDTokenRequest(
            text: text, provider: try request.text("provider") ?? "", client: try request.text("client_id") ?? "",
            issuer: try request.text("issuer") ?? "",
            accessToken: try request.text("access_token").flatMap { $0.isEmpty ? nil : $0 },
            nonce: try request.text("nonce"))
        guard !made.provider.isEmpty || !made.client.isEmpty && !made.issuer.isEmpty else {
            throw .oauth("invalid request", "provider or client_id and issuer required")
        }
        return made
    }

    private func linkingUser() async throws(AuthError) -> String {
        let user = try await signedIn().user
        guard configuration.allowsLinking else { throw .linkingDisabled }
        return user.id
    }

    // MARK: The issuer

    private func source(of request: IDTokenRequest) throws(AuthError) -> IDTokenSource {
        for definition in ProviderDefinition.all {
            let settings = configuration.external.providers[definition.name] ?? ExternalProvider()
            let provider = ResolvedProvider(definition, settings: settings, configuration: configuration)
            guard let rule = provider.openID else { continue }
            let isNamed = request.provider == definition.name
            let isIssuer = request.provider.isEmpty && IDTokenRules.isListed(request.issuer, in: provider.issuers(rule))
            guard isNamed || isIssuer else { continue }
            return try source(of: request, at: provider, rule: rule)
        }
        guard request.provider.isEmpty, configuration.external.allowedIssuers.contains(request.issuer) else {
            let name = request.provider.isEmpty ? request.issuer.prefix(128) : request.provider.prefix(64)
            throw .validation("Custom OIDC provider \"\(name)\" not allowed")
        }
        return IDTokenSource(
            name: request.issuer, base: String(request.issuer.reversed().drop { $0 == "/" }.reversed()), map: .openID,
            rules: IDTokenRules(
                issuers: [request.issuer], audiences: [request.client], nonce: .hashed(request.nonce),
                accessToken: request.accessToken))
    }

    private func source(
        of request: IDTokenRequest, at provider: ResolvedProvider, rule: OpenIDRule
    ) throws(AuthError) -> IDTokenSource {
        let issuers = provider.issuers(rule)
        guard provider.settings.isEnabled, let base = provider.address(rule.discovery) else {
            let name = issuers.first ?? provider.name
            throw AuthError(400, code: "provider_disabled", message: "Provider (issuer \"\(name)\") is not enabled")
        }
        return IDTokenSource(
            name: provider.name, base: base, map: rule.profile,
            rules: IDTokenRules(
                issuers: issuers, audiences: provider.settings.clientIDs,
                nonce: provider.settings.skipsNonceCheck ? .unchecked : .hashed(request.nonce),
                accessToken: request.accessToken),
            acceptsDiscovered: rule.acceptsDiscovered && provider.settings.url != nil,
            isEmailOptional: provider.settings.isEmailOptional)
    }

    private func profile(
        of request: IDTokenRequest, from source: IDTokenSource
    ) async throws(AuthError) -> ExternalProfile {
        do throws(ProviderFailure) {
            return try await service.providers.profile(
                idToken: request.text, keysAt: source.base, map: source.map, rules: source.rules,
                acceptsDiscovered: source.acceptsDiscovered)
        } catch {
            guard case .token(let problem) = error else {
                throw .unexpected("Unable to check the ID token with its provider", cause: "\(source.name): \(error)")
            }
            throw Self.refusal(of: problem)
        }
    }

    static func refusal(of problem: IDTokenProblem) -> AuthError {
        switch problem {
        case .audience(let named):
            let list = named.prefix(8).map { String($0.prefix(128)) }.joined(separator: " ")
            return .oauth("invalid request", "Unacceptable audience in id_token: [\(list)]")
        case .nonceMissing:
            return .oauth(
                "invalid request", "Passed nonce and nonce in id_token should either both exist or not.")
        case .nonceMismatch: return .oauth("invalid nonce", "Nonces mismatch")
        case .subject: return .oauth("invalid request", "Missing sub claim in id_token")
        case .malformed, .signature, .expired, .notYetValid, .issuer, .accessTokenHash:
            return .oauth("invalid request", "Bad ID token")
        }
    }
}
