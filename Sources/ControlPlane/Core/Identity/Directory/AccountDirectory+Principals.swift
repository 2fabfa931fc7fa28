import Orchestrator
public import ProjectModel

extension AccountDirectory {
    /// The principal of a token: that of a sign-in (JWT), a personal access token or a scoped one; nil when it does not
    /// count (any more). One query for any of them. Of a token, the use is noted at most once a minute.
    public func principal(for token: Secret<String>) async throws(IdentityError) -> Principal? {
        let text = token.reveal()
        guard text.utf8.count <= Self.tokenBytesMax else { return nil }
        if text.hasPrefix(AccessTokenForm.prefix) {
            return AccessTokenForm.matches(text) ? try await bearer(of: token) : nil
        }
        return try await signedIn(token)
    }

    /// Whether what a principal asks with still counts, asked of the store itself. In a unit of work nothing ends it
    /// before the unit is stored, so that no change is stored with a session or token that ended before.
    public func holds(_ principal: Principal) async throws(IdentityError) -> Bool {
        let now = time.now()
        return try await stored { () async throws(StoreError) in
            try await store.hold(principal.credential, of: principal.account.id, at: now)
        }
    }

    /// More than any token has.
    private static let tokenBytesMax = 4_096

    /// A signed token is valid only while its session is, so that signing out takes effect at once.
    private func signedIn(_ token: Secret<String>) async throws(IdentityError) -> Principal? {
        let now = time.now()
        guard let claims = crypto.verify(accessToken: token, at: now), claims.iss == policy.issuer,
            claims.aud == Self.audience
        else { return nil }
        return try await stored { () async throws(StoreError) in
            try await store.principal(session: claims.sessionID, of: claims.sub, at: now)
        }
    }

    private func bearer(of token: Secret<String>) async throws(IdentityError) -> Principal? {
        let digest = try digest(of: token)
        let now = time.now()
        let bearer = try await stored { () async throws(StoreError) in
            try await store.bearer(ofTokenDigest: digest, at: now)
        }
        guard let bearer else { return nil }
        await noteUse(of: bearer, at: now)
        return bearer.principal
    }

    private func noteUse(of bearer: TokenBearer, at now: Timestamp) async {
        let earlier = now.earlier(by: policy.lastUseInterval)
        if let last = bearer.lastUsedAt, last > earlier { return }
        do throws(StoreError) {
            try await store.noteUse(of: bearer.principal.credential, at: now, unlessSince: earlier)
        } catch {
            // The time of the last use is informational. No request fails over it.
        }
    }
}
