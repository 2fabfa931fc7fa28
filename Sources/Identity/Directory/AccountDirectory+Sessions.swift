import Orchestrator
public import ProjectModel

extension AccountDirectory {
    /// Opens a session for whoever knows the password. `address` is where the request comes from, for the throttle.
    ///
    /// An unknown e-mail address takes the same time and gives the same answer as a wrong password. It makes
    /// transactions of its own, so it should not be called inside a unit of work.
    /// - Throws: `invalidCredentials`, `throttled`.
    public func signIn(
        email: String, password: Secret<String>, from address: String
    ) async throws(IdentityError) -> SessionGrant {
        let key = signInKey(email)
        let now = time.now()
        if let wait = throttle({ $0.begin(account: key, address: address, at: now) }) {
            throw .throttled(retryAfter: wait)
        }
        let account: Account
        do throws(IdentityError) {
            account = try await verified(email: key, password)
        } catch {
            // What nobody could decide was no guess.
            if error != .invalidCredentials { throttle { $0.abandon(account: key, address: address) } }
            throw error
        }
        throttle { $0.succeed(account: key, address: address) }
        return try await openSession(of: account)
    }

    /// The stored form of an address; of what cannot be one, enough to count its failures.
    private func signInKey(_ email: String) -> String {
        do throws(IdentityError) { return try EmailAddress.normalized(email) } catch {
            return String(decoding: email.utf8.prefix(EmailAddress.bytesMax).map { max(0x20, $0) }, as: UTF8.self)
        }
    }

    private func verified(email: String, _ password: Secret<String>) async throws(IdentityError) -> Account {
        let known = try await stored { () async throws(StoreError) in try await store.credentials(ofEmail: email) }
        let isTooLong = password.reveal().utf8.count > policy.passwordBytes.upperBound
        let candidate = isTooLong ? Secret("") : password
        let verifier = isTooLong ? nil : known?.passwordVerifier?.reveal()
        let isRight: Bool
        do throws(IdentityCryptoError) {
            isRight = try await crypto.verify(password: candidate, against: verifier)
        } catch { throw .crypto(error) }
        guard isRight, let known, known.passwordVerifier != nil else { throw .invalidCredentials }
        return known.account
    }

    private func openSession(of account: Account) async throws(IdentityError) -> SessionGrant {
        let token = try refreshToken()
        let now = time.now()
        let session = NewSession(
            id: try sealed { () throws(IdentityCryptoError) in try crypto.uuid() }, account: account.id,
            refreshDigest: try digest(of: token), at: now, notAfter: now + policy.refreshTokenLife)
        let opened = try await changing { () async throws(StoreError) in
            try await store.openSession(session, limit: policy.sessionsPerAccountMax)
        }
        guard let opened else { throw .invalidCredentials }
        return try grant(to: opened, session: session.id, refreshToken: token, at: now)
    }

    /// Exchanges a refresh token for a new grant of the same session. Presented again within the policy's reuse
    /// interval it gives one more; later its session ends, since two must have had it. It makes a transaction of its
    /// own, and must not be called inside a unit of work, whose failure would bring the session back.
    /// - Throws: `invalidCredentials`, `reusedRefreshToken`.
    public func refresh(_ refreshToken: Secret<String>) async throws(IdentityError) -> SessionGrant {
        guard refreshToken.reveal().utf8.count <= Self.refreshTokenBytesMax else { throw .invalidCredentials }
        let successor = try self.refreshToken()
        let now = time.now()
        let refresh = Refresh(
            digest: try digest(of: refreshToken), successorDigest: try digest(of: successor), at: now,
            reuseBefore: now.earlier(by: policy.reuseInterval), notAfter: now + policy.refreshTokenLife,
            forgetBefore: now.earlier(by: policy.refreshTokenLife))
        switch try await stored({ () async throws(StoreError) in try await store.refresh(refresh) }) {
        case .unknown: throw .invalidCredentials
        case .reused:
            try await changing { () async throws(StoreError) in }
            throw .reusedRefreshToken
        case .rotated(let session, let account):
            return try grant(to: account, session: session, refreshToken: successor, at: now)
        }
    }

    /// Ends sessions of an account; none need be there.
    public func signOut(session: String, of account: String, scope: SignOutScope) async throws(IdentityError) {
        let selection: SessionSelection =
            switch scope {
            case .local: .one(session)
            case .global: .all
            case .others: .others(than: session)
            }
        _ = try await changing { () async throws(StoreError) in
            try await store.endSessions(of: account, selection)
        }
    }

    private func refreshToken() throws(IdentityError) -> Secret<String> {
        try sealed { () throws(IdentityCryptoError) in try crypto.token(prefix: "", bytes: Self.refreshTokenBytes) }
    }

    private static let refreshTokenBytes = 32
    /// More than any refresh token has; what is longer is not hashed.
    private static let refreshTokenBytesMax = 256

    private func grant(
        to account: Account, session: String, refreshToken: Secret<String>, at now: Timestamp
    ) throws(IdentityError) -> SessionGrant {
        let life = policy.accessTokenLife.components.seconds
        let issued = now.milliseconds / 1_000
        let claims = AccessClaims(
            iss: policy.issuer, sub: account.id, aud: Self.audience, iat: issued, exp: issued + life,
            role: Self.audience, email: account.email, sessionID: session)
        let token = try sealed { () throws(IdentityCryptoError) in try crypto.sign(claims) }
        return SessionGrant(
            accessToken: token, refreshToken: refreshToken, expiresIn: Int(life), expiresAt: claims.exp,
            account: account, sessionID: session)
    }

    /// Audience and role of every access token, as in GoTrue.
    static let audience = "authenticated"
}

extension Timestamp {
    /// The time `duration` before.
    func earlier(by duration: Duration) -> Timestamp { self + (.zero - duration) }
}
