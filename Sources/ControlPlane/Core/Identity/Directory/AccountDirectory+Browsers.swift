import Orchestrator
public import ProjectModel

/// Sessions of browsers. The cookie holds 32 random bytes; stored is its SHA-256 alone.
extension AccountDirectory {
    /// Opens a browser's session after checking the password, under the rules of ``signIn(email:password:from:)``.
    ///
    /// - Parameters:
    ///   - address: where the request comes from, for the throttle.
    ///   - agent: the browser by its own words.
    /// - Throws: `invalidCredentials`, `throttled`.
    public func signInBrowser(
        email: String, password: Secret<String>, from address: String, agent: String
    ) async throws(IdentityError) -> BrowserGrant {
        try await signIn(email: email, password: password, from: address) { account, verifier throws(IdentityError) in
            try await openBrowserSession(of: account, verifier, agent: agent)
        }
    }

    /// Nil where the verifier is another one by now.
    private func openBrowserSession(
        of account: Account, _ verifier: Secret<String>, agent: String
    ) async throws(IdentityError) -> BrowserGrant? {
        let secret = try sealed { () throws(IdentityCryptoError) in
            try crypto.token(prefix: "", bytes: Self.cookieBytes)
        }
        let now = time.now()
        let session = NewBrowserSession(
            id: try sealed { () throws(IdentityCryptoError) in try crypto.uuid() }, account: account.id,
            digest: try digest(of: secret), at: now, notAfter: now + policy.browserIdleLife,
            endsAt: now + policy.browserSessionLife, agent: Self.shortened(agent), verifier: verifier)
        let opened = try await changing { () async throws(StoreError) in
            try await store.openBrowserSession(session, limit: policy.sessionsPerAccountMax)
        }
        return opened.map {
            BrowserGrant(secret: secret, account: $0, sessionID: session.id, life: policy.browserSessionLife)
        }
    }

    /// The principal of a cookie; nil when its session has ended. One query; the use is noted at most once a minute.
    public func browser(withCookie secret: Secret<String>) async throws(IdentityError) -> Principal? {
        guard Self.isCookie(secret) else { return nil }
        let digest = try digest(of: secret)
        let now = time.now()
        let found = try await stored { () async throws(StoreError) in
            try await store.browserSession(digest: digest, at: now)
        }
        guard let found, case .session(let id) = found.principal.credential else { return nil }
        if found.seenAt <= now.earlier(by: policy.lastUseInterval) {
            try await stored { () async throws(StoreError) in
                try await store.noteUse(
                    ofBrowserSession: id, at: now, notAfter: min(found.endsAt, now + policy.browserIdleLife))
            }
        }
        return found.principal
    }

    /// What a form of a cookie's session must carry. It follows from the cookie, which another site cannot read, and
    /// shows nothing of it.
    public func formToken(ofCookie secret: Secret<String>) throws(IdentityError) -> String {
        try digest(of: Secret("form \(secret.reveal())"))
    }

    /// The live sessions of an account, newest first.
    public func sessions(of account: String) async throws(IdentityError) -> [SessionRecord] {
        let now = time.now()
        return try await stored { () async throws(StoreError) in try await store.sessions(of: account, at: now) }
    }

    /// Whether the first account has no password yet, so that nobody can sign in to it.
    public func needsFirstPassword() async throws(IdentityError) -> Bool {
        let first = try await stored { () async throws(StoreError) in try await store.bootstrapAccount() }
        return first.map { $0.passwordVerifier == nil } ?? false
    }

    /// Sets the password of the first account, as long as it has none, for the holder of the installation's token.
    ///
    /// - Returns: the account.
    /// - Throws: `invalidCredentials` for another token, `badPassword`, `conflict` when a password is set, `throttled`.
    public func setFirstPassword(
        _ password: Secret<String>, token: Secret<String>, from address: String
    ) async throws(IdentityError) -> Account {
        let first = try await stored { () async throws(StoreError) in try await store.bootstrapAccount() }
        guard let account = first?.account, first?.passwordVerifier == nil else { throw Self.passwordIsSet }
        let holder = try await attempt(account.email, from: address) { () async throws(IdentityError) in
            let principal = try await principal(for: token)
            guard principal?.account.id == account.id, case .accessToken = principal?.credential else {
                return Account?.none
            }
            return account
        }
        guard holder != nil else { throw .invalidCredentials }
        let verifier = try await verifier(of: password, for: account.id)
        let now = time.now()
        let isSet = try await changing { () async throws(StoreError) in
            try await store.setFirstPassword(of: account.id, verifier: verifier.text, at: now)
        }
        guard isSet else { throw Self.passwordIsSet }
        return account
    }

    private static let passwordIsSet = IdentityError.conflict(
        "the administrator's password is set already: sign in with it")

    private static let cookieBytes = 32
    /// Longest kept name of a browser, in bytes.
    private static let agentBytesMax = 256

    private static func isCookie(_ secret: Secret<String>) -> Bool {
        let text = secret.reveal().utf8
        return text.count == 2 * cookieBytes
            && text.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    /// A browser's name without what PostgreSQL does not hold.
    private static func shortened(_ agent: String) -> String {
        String(decoding: agent.utf8.prefix(agentBytesMax).map { max(0x20, $0) }, as: UTF8.self)
    }
}
