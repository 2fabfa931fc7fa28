import FoundationEssentials
public import ProjectModel

// Accounts: sign-in, profile, tokens, organizations.
extension ManagementClient {
    /// Signs in with a password, makes a personal access token, and ends the session again, so that only the token
    /// remains.
    ///
    /// - Parameter name: what the token is called in lists.
    /// - Throws: ``ClientError/signInRefused(_:)`` when the password is wrong or asked for too often.
    public func signIn(email: String, password: Secret<String>, tokenName name: String) async throws(ClientError)
        -> MadeAccessToken
    {
        struct Body: Encodable {
            let email, password: String
        }
        let call = try APICall.post(
            "auth", "v1", "token", query: [("grant_type", "password")],
            json: Body(email: email, password: password.reveal()))
        let session: PasswordSession
        do throws(ClientError) {
            session = try await answer(call.unkeyed)
        } catch {
            guard case .refused(let refusal) = error, [400, 401, 403, 422, 429].contains(refusal.status) else {
                throw error
            }
            throw .signInRefused(refusal.message)
        }
        let signedIn = presenting(session.accessToken)
        do throws(ClientError) {
            let made = try await signedIn.createAccessToken(name: name, expiresAt: nil)
            await signedIn.endSession()
            return made
        } catch {
            await signedIn.endSession()
            throw error
        }
    }

    /// Ends this session alone; other sessions of the account continue. Errors are ignored: it expires.
    private func endSession() async {
        _ = try? await send(APICall.post("auth", "v1", "logout", query: [("scope", "local")]).unkeyed)
    }

    /// The signed-in account.
    public func profile() async throws(ClientError) -> ServerProfile {
        try await answer(.get("platform", "profile"))
    }

    /// The organizations of the account.
    public func organizations() async throws(ClientError) -> [OrganizationSummary] {
        try await answer(.get("platform", "organizations"))
    }

    /// Makes an organization.
    public func createOrganization(name: String) async throws(ClientError) -> OrganizationSummary {
        try await answer(.post("platform", "organizations", json: ["name": name, "tier": "tier_free"]))
    }

    /// The personal access tokens of the account.
    public func accessTokens() async throws(ClientError) -> [AccessTokenSummary] {
        try await answer(.get("platform", "profile", "access-tokens"))
    }

    /// Makes a personal access token.
    ///
    /// - Parameter expiresAt: when it ends, in RFC 3339; never when nil.
    public func createAccessToken(name: String, expiresAt: String?) async throws(ClientError) -> MadeAccessToken {
        struct Body: Encodable {
            let name: String
            let expires_at: String?
        }
        return try await answer(
            .post("platform", "profile", "access-tokens", json: Body(name: name, expires_at: expiresAt)))
    }

    /// Revokes a personal access token permanently.
    public func revokeAccessToken(_ id: Int64) async throws(ClientError) {
        try await send(.delete("platform", "profile", "access-tokens", "\(id)"))
    }

    /// The latest entries of the audit trail of an organization, the latest first.
    public func latestAuditEvents(of slug: String, limit: Int) async throws(ClientError) -> [AuditEventSummary] {
        struct Body: Decodable {
            let result: [AuditEventSummary]
        }
        let call = APICall.get("platform", "organizations", slug, "audit", query: [("limit", "\(limit)")])
        return try await answer(call, as: Body.self).result
    }

    /// One page of the audit trail of an organization: the entries after a number, in their order.
    public func auditEntries(of slug: String, after number: Int64, limit: Int) async throws(ClientError)
        -> AuditTrailPage
    {
        let query = [("limit", "\(limit)"), ("after", "\(number)")]
        return try await answer(.get("platform", "organizations", slug, "audit", query: query))
    }
}
