import DataPlaneCore
import PostgresKit
import TokenKit

/// The way back: `GET /callback`, and `POST /callback` for providers that post a form.
extension AuthCall {
    func callback() async -> ServiceResponse {
        guard request.http.method != "HEAD" else { return ServiceResponse(status: 200) }
        let flow: ExternalFlow
        do throws(AuthError) { flow = try await takeFlow() } catch {
            // Without a flow the only known target is the site.
            service.report(error, of: request)
            return Redirect.to(configuration.siteURL, .failure(error, isInQuery: true))
        }
        var call = self
        call.flowTarget = flow.target
        do throws(AuthError) {
            return Self.found(Redirect.location(call.redirectTarget, try await call.finish(flow)))
        } catch {
            service.report(error, of: request)
            return Self.found(ExternalRedirect.location(call.redirectTarget, error))
        }
    }

    /// Most characters of a provider's error, and of its words about it.
    private static let errorMax = 64
    private static let descriptionMax = 1_024

    /// A parameter of the query or of the form.
    private func parameter(_ name: String) -> String {
        request.body[name]?.stringValue ?? request.queryValue(name) ?? ""
    }

    // MARK: The flow

    private func takeFlow() async throws(AuthError) -> ExternalFlow {
        let text = parameter("state")
        guard !text.isEmpty else {
            throw AuthError(400, code: "bad_oauth_callback", message: "OAuth state parameter missing")
        }
        let invalid = AuthError(400, code: "bad_oauth_state", message: "OAuth callback with invalid state")
        guard let state = OAuthState(text, key: service.keys.codeKey) else { throw invalid }
        guard service.clock() <= Double(state.expiresAt) else {
            throw AuthError(422, code: "flow_state_expired", message: "OAuth state has expired")
        }
        let (flow, isThere) = try await changing("Database error finding flow state") { store in
            let flow = try await store.takeExternalFlow(id: state.flow)
            return (flow, flow == nil ? try await store.hasFlow(id: state.flow) : true)
        }
        if let flow { return flow }
        guard isThere else { throw invalid }
        throw AuthError(400, code: "flow_state_already_used", message: "OAuth state has already been used")
    }

    /// The outcome of a flow whose user is back.
    private func finish(_ flow: ExternalFlow) async throws(AuthError) -> Redirect.Outcome {
        let error = parameter("error")
        guard error.isEmpty else {
            throw .oauth(
                String(error.prefix(Self.errorMax)), String(parameter("error_description").prefix(Self.descriptionMax)))
        }
        let provider = try ResolvedProvider(flow.provider, configuration: configuration)
        try checkIssuer(provider)
        let (profile, tokens) = try await exchange(flow, at: provider)
        try requireEmail(profile, isOptional: flow.isEmailOptional)
        let order = AccountOrder(
            provider: provider.name, profile: profile, inviteHash: flow.inviteHash, linkingUser: flow.linkingUser,
            isEmailOptional: flow.isEmailOptional)
        let outcome = try await changingAccount { store -> AccountOutcome<Redirect.Outcome> in
            try await account(order, in: store).then { user in
                try await end(flow, for: user, tokens: tokens, in: store)
            }
        }
        return try finished(outcome)
    }

    func requireEmail(_ profile: ExternalProfile, isOptional: Bool) throws(AuthError) {
        guard isOptional || !profile.emails.isEmpty else {
            throw AuthError(
                400, code: "email_address_not_provided", message: "Error getting user email from external provider")
        }
    }

    /// A provider that names itself in its answer (RFC 9207) has to be the one that the flow left for.
    private func checkIssuer(_ provider: ResolvedProvider) throws(AuthError) {
        let issuer = parameter("iss")
        guard !issuer.isEmpty, let rule = provider.definition.openID, !rule.acceptsDiscovered else { return }
        guard IDTokenRules.isListed(issuer, in: provider.issuers(rule)) else {
            throw AuthError(
                400, code: "bad_oauth_callback", message: "OAuth callback comes from another provider than the flow")
        }
    }

    // MARK: The provider

    private func exchange(
        _ flow: ExternalFlow, at provider: ResolvedProvider
    ) async throws(AuthError) -> (ExternalProfile, ProviderTokens) {
        guard provider.definition.requestToken == nil else { return try await exchangeToken(flow, at: provider) }
        let code = parameter("code")
        guard !code.isEmpty else {
            throw AuthError(400, code: "bad_oauth_callback", message: "OAuth callback with missing authorization code")
        }
        let key = service.keys.codeKey
        let nonce: String
        let verifier: String?
        do throws(TokenError) {
            nonce = try OAuthState.nonce(flow: flow.id, key: key)
            verifier = provider.definition.usesPKCE ? try OAuthState.verifier(flow: flow.id, key: key) : nil
        } catch { throw .crypto(error) }
        let tokens: ProviderTokens
        do throws(ProviderFailure) {
            tokens = try await service.providers.tokens(from: provider, code: code, verifier: verifier)
        } catch { throw .unexpected("Unable to exchange external code", cause: "\(provider.name): \(error)") }
        var profile = try await profile(at: provider) { client throws(ProviderFailure) in
            try await client.profile(of: tokens, at: provider, nonce: nonce)
        }
        if let field = provider.definition.userField {
            ProviderClient.addUserField(parameter(field), to: &profile)
        }
        return (profile, tokens)
    }

    /// OAuth 1.0a.
    private func exchangeToken(
        _ flow: ExternalFlow, at provider: ResolvedProvider
    ) async throws(AuthError) -> (ExternalProfile, ProviderTokens) {
        guard parameter("denied").isEmpty else { throw .oauth("access_denied", "The user has denied the request") }
        let sealed = SealedProviderToken.open(
            flow.sealedRequest, flow: flow.id, purpose: "request", key: service.keys.codeKey)
        let pairs = FormText.pairs(sealed ?? "")
        let value = { (name: String) in pairs.first { $0.name == name }?.value ?? "" }
        guard !value("token").isEmpty, value("token") == parameter("oauth_token") else {
            throw AuthError(
                400, code: "bad_oauth_callback", message: "Request token doesn't match token in callback")
        }
        let request = OAuth1.Credentials(token: value("token"), secret: value("secret"))
        let access: OAuth1.Credentials
        do throws(ProviderFailure) {
            access = try await service.providers.accessToken(
                at: provider, for: request, verifier: parameter("oauth_verifier"))
        } catch { throw .unexpected("Unable to retrieve access token", cause: "\(provider.name): \(error)") }
        let profile = try await profile(at: provider) { client throws(ProviderFailure) in
            try await client.profile(of: access, at: provider)
        }
        return (profile, ProviderTokens(access: access.token))
    }

    private func profile(
        at provider: ResolvedProvider,
        _ fetch: (ProviderClient) async throws(ProviderFailure) -> ExternalProfile
    ) async throws(AuthError) -> ExternalProfile {
        do throws(ProviderFailure) { return try await fetch(service.providers) } catch {
            throw .unexpected(
                "Error getting user profile from external provider", cause: "\(provider.name): \(error)")
        }
    }

    // MARK: The end

    /// The code of a PKCE flow, or the session itself.
    private func end(
        _ flow: ExternalFlow, for user: UserRecord, tokens: ProviderTokens, in store: AuthStore
    ) async throws -> Redirect.Outcome {
        guard let code = flow.authCode else {
            let grant = try await openSession(
                store, user: user, method: "oauth", provider: flow.provider, isAudited: false)
            return .fragment(grant.fragment(providerToken: tokens.access, providerRefreshToken: tokens.refresh))
        }
        let seal = { (text: String?, purpose: String) throws(TokenError) -> String? in
            guard let text else { return nil }
            return try SealedProviderToken.seal(text, flow: flow.id, purpose: purpose, key: service.keys.codeKey)
        }
        try await store.finishExternalFlow(
            id: flow.id, user: user.id, access: try seal(tokens.access, "access"),
            refresh: try seal(tokens.refresh, "refresh"))
        return .code(code)
    }
}
