import DataPlaneCore
import PostgresKit
import TokenKit

/// The way out: `GET /authorize` and `GET /user/identities/authorize`.
extension AuthCall {
    func authorize() async throws(AuthError) -> ServiceResponse {
        // Who only asks whether the page is there begins no flow.
        guard request.http.method == "GET" else { return ServiceResponse(status: 200) }
        return Self.found(try await beginExternalFlow(linking: nil))
    }

    /// Where a user goes who adds an identity: by a redirect, or as a document.
    func authorizeIdentity(for user: UserRecord) async throws(AuthError) -> ServiceResponse {
        let url = try await beginExternalFlow(linking: user)
        guard request.queryValue("skip_http_redirect") == "true" else { return Self.found(url) }
        return ServiceResponse(status: 200, json: .object([.init("url", .string(url))]))
    }

    static func found(_ location: String) -> ServiceResponse {
        var response = ServiceResponse(status: 302)
        response.set("Location", location)
        response.set("Cache-Control", "no-store")
        return response
    }

    /// Shortest life of a flow in seconds.
    private static let flowSecondsMin = 300

    var flowSeconds: Int { max(configuration.flowSeconds, Self.flowSecondsMin) }

    /// Records a flow and gives the address of the provider's page.
    private func beginExternalFlow(linking user: UserRecord?) async throws(AuthError) -> String {
        try service.limit(.external, request, count: configuration.rates.token)
        let provider = try ResolvedProvider(request.queryValue("provider") ?? "", configuration: configuration)
        let challenge = try CodeChallenge(
            challenge: request.queryValue("code_challenge"), method: request.queryValue("code_challenge_method"))
        let invite = request.queryValue("invite_token").flatMap { $0.isEmpty ? nil : $0 }
        if let invite { try await requireInvite(invite) }
        var flow = ExternalFlow(
            id: try newID(), provider: provider.name, target: redirectTarget,
            authCode: challenge == nil ? nil : try newID(), inviteHash: invite, linkingUser: user?.id,
            isEmailOptional: provider.settings.isEmailOptional)
        let url = try await pageURL(of: provider, for: &flow)
        let made = flow
        try await changing("Database error creating flow state") { store in
            try await store.insertExternalFlow(made, challenge: challenge)
        }
        return url
    }

    private func requireInvite(_ hash: String) async throws(AuthError) {
        let invited = try await reading { store throws(PostgresError) in
            try await store.user(codeHash: hash, kinds: [.confirmation])
        }
        guard let (user, kind) = invited, isInTime(user, kind) else {
            throw AuthError(404, code: "invite_not_found", message: "Invite not found")
        }
    }

    private func pageURL(of provider: ResolvedProvider, for flow: inout ExternalFlow) async throws(AuthError) -> String
    {
        let key = service.keys.codeKey
        let state: String
        let definition = provider.definition
        var authorization: ResolvedProvider.Authorization
        do throws(TokenError) {
            state = try OAuthState(flow: flow.id, expiresAt: Int64(service.clock()) + Int64(flowSeconds)).text(key: key)
            authorization = ResolvedProvider.Authorization(
                state: state, scopes: request.queryValue("scopes") ?? "", parameters: request.query)
            if definition.openID?.hasNonce == true {
                authorization.nonce = try OAuthState.nonce(flow: flow.id, key: key)
            }
            if definition.usesPKCE {
                let verifier = try OAuthState.verifier(flow: flow.id, key: key)
                authorization.challenge = Base64URL.encode(try Digest.sha256(Array(verifier.utf8)))
            }
        } catch { throw .crypto(error) }
        if definition.requestToken != nil { return try await requestTokenURL(of: provider, for: &flow, state: state) }
        guard let url = provider.authorizationURL(authorization) else {
            throw .unsupportedProvider("provider has no address")
        }
        return url
    }

    /// OAuth 1.0a: the state travels in the callback's address; the page takes a token.
    private func requestTokenURL(
        of provider: ResolvedProvider, for flow: inout ExternalFlow, state: String
    ) async throws(AuthError) -> String {
        let callback = "\(provider.redirectURI)?state=\(FormText.encode(state))"
        let credentials: OAuth1.Credentials
        do throws(ProviderFailure) {
            credentials = try await service.providers.requestToken(at: provider, callback: callback)
        } catch { throw .unexpected("Error getting a request token from the provider", cause: "\(error)") }
        do throws(TokenError) {
            flow.sealedRequest = try SealedProviderToken.seal(
                FormText.encode([("token", credentials.token), ("secret", credentials.secret)]), flow: flow.id,
                purpose: "request", key: service.keys.codeKey)
        } catch { throw .crypto(error) }
        guard let page = provider.address(provider.definition.authorize) else {
            throw .unsupportedProvider("provider has no address")
        }
        return "\(page)?oauth_token=\(FormText.encode(credentials.token))"
    }
}
