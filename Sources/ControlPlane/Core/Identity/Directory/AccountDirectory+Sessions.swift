import Clients
import Orchestrator
public import ProjectModel

extension AccountDirectory {
    /// Opens a session after checking the password. `address` is where the request comes from, for the throttle.
    ///
    /// An unknown e-mail address takes the same time and gives the same response as a wrong password. It makes
    /// transactions of its own, so it should not be called inside a unit of work.
    /// - Throws: `invalidCredentials`, `throttled`.
    public func signIn(
        email: String, password: Secret<String>, from address: String
    ) async throws(IdentityError) -> SessionGrant {
        try await signIn(email: email, password: password, from: address) { account, verifier throws(IdentityError) in
            try await openSession(of: account, verifier)
        }
    }

    /// Checks the password, and gives what `open` makes of the account and its verifier; `open` gives nil where the
    /// verifier is another one by now.
    func signIn<Grant>(
        email: String, password: Secret<String>, from address: String,
        _ open: (Account, Secret<String>) async throws(IdentityError) -> Grant?
    ) async throws(IdentityError) -> Grant {
        let key = signInKey(email)
        for _ in 0..<Self.signInTriesMax {
            let proved = try await attempt(key, from: address) { () async throws(IdentityError) in
                try await verified(email: key, password)
            }
            guard let proved else { throw .invalidCredentials }
            if let grant = try await open(proved.account, proved.verifier) { return grant }
            // The verifier is another one by now: of a new password, or of this one, which another sign-in has hashed.
        }
        throw .invalidCredentials
    }

    /// How often a password is checked for one sign-in.
    private static let signInTriesMax = 2

    /// One attempt at a password, which the throttle may refuse, and which counts as failed when `body` gives nothing.
    func attempt<Value>(
        _ account: String, from address: String, _ body: () async throws(IdentityError) -> Value?
    ) async throws(IdentityError) -> Value? {
        let (network, now) = (ClientAddress.network(of: address), time.uptime())
        switch throttle({ $0.begin(account: account, network: network, at: now) }) {
        case .refused(let wait): throw .throttled(retryAfter: wait)
        case .admitted(let delay): await pause(delay)
        }
        let value: Value?
        do throws(IdentityError) { value = try await body() } catch {
            // An attempt without a verdict is not a guess.
            throttle { $0.abandon(account: account, network: network) }
            throw error
        }
        if value != nil { throttle { $0.succeed(account: account, network: network) } }
        return value
    }

    /// Waits before an attempt is checked; a cancelled one fails afterwards anyway.
    private func pause(_ delay: Duration) async {
        guard delay > .zero else { return }
        do { try await time.sleep(for: delay) } catch { return }
    }

    /// The stored form of an address; of what cannot be one, enough to count its failures.
    private func signInKey(_ email: String) -> String {
        do throws(IdentityError) { return try EmailAddress.normalized(email) } catch {
            return String(decoding: email.utf8.prefix(EmailAddress.bytesMax).map { max(0x20, $0) }, as: UTF8.self)
        }
    }

    /// The account of an address and its verifier, if the password is right.
    private func verified(
        email: String, _ password: Secret<String>
    ) async throws(IdentityError) -> (account: Account, verifier: Secret<String>)? {
        let known = try await stored { () async throws(StoreError) in try await store.credentials(ofEmail: email) }
        guard try await matches(password, known?.passwordVerifier), let known, let verifier = known.passwordVerifier
        else { return nil }
        return (known.account, try await renewed(verifier, of: known.account, password))
    }

    /// Rehashes a password whose verifier was made at a lower cost, now that it is known. Where that is not possible at
    /// the moment, the next sign-in does it: the right password is no less right.
    ///
    /// - Returns: the verifier that is to be there now.
    private func renewed(
        _ old: Secret<String>, of account: Account, _ password: Secret<String>
    ) async throws(IdentityError) -> Secret<String> {
        guard crypto.isOutdated(old.reveal()) else { return old }
        let new: Secret<String>
        do throws(IdentityError) { new = try await hashed(password) } catch { return old }
        try await stored { () async throws(StoreError) in
            try await store.replaceVerifier(of: account.id, old, by: new)
        }
        return new
    }

    /// Whether a password belongs to a verifier. Without one it takes as long.
    func matches(_ password: Secret<String>, _ verifier: Secret<String>?) async throws(IdentityError) -> Bool {
        let isTooLong = password.reveal().utf8.count > policy.passwordBytes.upperBound
        let isRight: Bool
        do throws(IdentityCryptoError) {
            isRight = try await crypto.verify(
                password: isTooLong ? Secret("") : password, against: isTooLong ? nil : verifier?.reveal())
        } catch { throw .crypto(error) }
        return isRight && verifier != nil
    }

    /// Nil where the verifier is another one by now.
    private func openSession(
        of account: Account, _ verifier: Secret<String>
    ) async throws(IdentityError) -> SessionGrant? {
        let token = try refreshToken()
        let now = time.now()
        let session = NewSession(
            id: try sealed { () throws(IdentityCryptoError) in try crypto.uuid() }, account: account.id,
            refreshDigest: try digest(of: token), at: now, notAfter: now + policy.refreshTokenLife, verifier: verifier)
        let opened = try await changing { () async throws(StoreError) in
            try await store.openSession(session, limit: policy.sessionsPerAccountMax)
        }
        guard let opened else { return nil }
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
