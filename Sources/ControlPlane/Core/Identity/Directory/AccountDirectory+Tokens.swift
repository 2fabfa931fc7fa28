import Orchestrator
public import ProjectModel

extension AccountDirectory {
    /// Most organizations, and most projects, that a scoped token can name.
    public static let scopeEntriesMax = 100

    /// The access tokens of an account of one kind, newest first.
    public func accessTokens(
        _ kind: TokenKind, of account: String
    ) async throws(IdentityError) -> [AccessTokenRecord] {
        try await stored { () async throws(StoreError) in try await store.accessTokens(kind, of: account) }
    }

    /// Creates an access token; it allows what its account may do, as far as `scope` goes. The second value is the
    /// token, which is shown once. The caller checks that a scope is no wider than the credential it is made with;
    /// ``Principal/ceiling`` helps.
    /// - Parameter credential: what it is made with. A token that another one makes ends with it: at the latest when
    ///   that one expires, and when it is revoked. Nil stands for the operator.
    /// - Throws: `invalid` for a name or an end in the past, `forbidden` for an end after the maker's, `conflict` when
    ///   the account has too many, `notFound`.
    public func createAccessToken(
        of account: String, name: String, scope limits: TokenLimits? = nil, expiresAt: Timestamp?,
        with credential: Principal.Credential? = nil
    ) async throws(IdentityError) -> (AccessTokenRecord, Secret<String>) {
        let (name, now) = (try IdentityText.name(name, of: "a token"), time.now())
        try checkEnd(expiresAt, now)
        try await checkEnd(expiresAt, ofMaker: credential, account)
        var scope: TokenScope?
        if let limits { scope = try checkedScope(limits) }
        let token = try newToken()
        let new = NewAccessToken(
            account: account, name: name, alias: AccessTokenForm.alias(token), digest: try digest(of: token),
            scope: scope, expiresAt: expiresAt, at: now, maker: credential.flatMap { TokenKey($0) })
        let record = try await stored { () async throws(StoreError) in
            try await store.insert(new, limit: policy.tokensPerAccountMax)
        }
        guard let record else { throw try await cannotHaveMore(account) }
        return (record, token)
    }

    /// One access token of an account.
    /// - Throws: `notFound`.
    public func accessToken(_ key: TokenKey, of account: String) async throws(IdentityError) -> AccessTokenRecord {
        guard let record = try await accessTokens(key.kind, of: account).first(where: { $0.key == key }) else {
            throw Self.noToken(key)
        }
        return record
    }

    /// Ends an access token at once, and gives what it was.
    /// - Throws: `notFound`.
    @discardableResult
    public func revokeAccessToken(
        _ key: TokenKey, of account: String
    ) async throws(IdentityError) -> AccessTokenRecord {
        if case .scopedToken(let id) = key, !UUIDText.isValid(id) { throw Self.noToken(key) }
        let record = try await changing { () async throws(StoreError) in
            try await store.deleteAccessToken(key, of: account)
        }
        guard let record else { throw Self.noToken(key) }
        return record
    }

    private static func noToken(_ key: TokenKey) -> IdentityError {
        switch key {
        case .accessToken(let number): .notFound(what: "access token \(number)")
        case .scopedToken: .notFound(what: "such scoped access token")
        }
    }

    private func newToken() throws(IdentityError) -> Secret<String> {
        try sealed { () throws(IdentityCryptoError) in
            try crypto.token(prefix: AccessTokenForm.prefix, bytes: AccessTokenForm.randomBytes)
        }
    }

    private func checkEnd(_ end: Timestamp?, _ now: Timestamp) throws(IdentityError) {
        if let end, end <= now { throw .invalid("a token must end in the future: choose a later time") }
    }

    /// When the token that a credential is ends; nil for sessions and for tokens without end.
    public func end(of credential: Principal.Credential, _ account: String) async throws(IdentityError) -> Timestamp? {
        guard let key = TokenKey(credential) else { return nil }
        return try await accessToken(key, of: account).expiresAt
    }

    private func checkEnd(
        _ end: Timestamp?, ofMaker credential: Principal.Credential?, _ account: String
    ) async throws(IdentityError) {
        guard let credential, let latest = try await self.end(of: credential, account) else { return }
        if let end, end <= latest { return }
        throw .forbidden(
            "an access token cannot make one that lasts longer than itself: give an expires_at that is not after its "
                + "own")
    }

    private func checkedScope(_ limits: TokenLimits) throws(IdentityError) -> TokenScope {
        guard !limits.permissions.isEmpty else { throw .invalid("a scoped token needs at least one permission") }
        let most = Self.scopeEntriesMax
        guard limits.organizationSlugs?.count ?? 1 <= most, limits.projectRefs?.count ?? 1 <= most else {
            throw .invalid("a scoped token can name at most \(most) organizations and \(most) projects")
        }
        for slug in limits.organizationSlugs ?? [] { _ = try IdentityText.name(slug, of: "an organization") }
        return TokenScope(
            tokenID: try sealed { () throws(IdentityCryptoError) in try crypto.uuid() },
            permissions: limits.permissions, organizationSlugs: limits.organizationSlugs,
            projectRefs: limits.projectRefs)
    }

    /// Why a store took no further token.
    private func cannotHaveMore(_ account: String) async throws(IdentityError) -> IdentityError {
        _ = try await self.account(account)
        return .conflict(
            "an account can have at most \(policy.tokensPerAccountMax) access tokens of a kind: revoke one first")
    }
}

/// The text form of UUIDs.
enum UUIDText {
    /// Whether a text is a UUID in lower case.
    static func isValid(_ text: String) -> Bool {
        let groups = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        return groups.map(\.count) == [8, 4, 4, 4, 12]
            && groups.allSatisfy { $0.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) } }
    }
}
