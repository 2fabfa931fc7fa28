import Orchestrator
public import ProjectModel

extension AccountDirectory {
    /// Most organizations, and most projects, that a scoped token can name.
    public static let scopeEntriesMax = 100

    /// The scoped access tokens of an account, newest first.
    public func scopedTokens(of account: String) async throws(IdentityError) -> [ScopedTokenRecord] {
        try await stored { () async throws(StoreError) in try await store.scopedTokens(of: account) }
    }

    /// Creates a scoped access token: it allows what its account may do, as far as `permissions` and the lists go; a
    /// list that is nil stands for everything. The second value is the token, which is shown once. The caller checks
    /// that it is no wider than the credential it is made with; ``Principal/ceiling`` helps.
    /// - Throws: `invalid`, `conflict` when the account has too many, `notFound`.
    public func createScopedToken(
        of account: String, name: String, permissions: Set<Permission>, organizationSlugs: Set<String>?,
        projectRefs: Set<ProjectRef>?, expiresAt: Timestamp?, with credential: Principal.Credential? = nil
    ) async throws(IdentityError) -> (ScopedTokenRecord, Secret<String>) {
        let (name, now) = (try IdentityText.name(name, of: "a token"), time.now())
        try checkEnd(expiresAt, now)
        try await checkEnd(expiresAt, ofMaker: credential, account)
        try checkScope(permissions, slugs: organizationSlugs, refs: projectRefs)
        let token = try newToken()
        let scope = TokenScope(
            tokenID: try sealed { () throws(IdentityCryptoError) in try crypto.uuid() }, permissions: permissions,
            organizationSlugs: organizationSlugs, projectRefs: projectRefs)
        let new = NewScopedToken(
            account: account, name: name, alias: AccessTokenForm.alias(token), digest: try digest(of: token),
            scope: scope, expiresAt: expiresAt, at: now, maker: credential.flatMap { TokenMaker($0) })
        let record = try await stored { () async throws(StoreError) in
            try await store.insert(new, limit: policy.tokensPerAccountMax)
        }
        guard let record else { throw try await cannotHaveMore(account) }
        return (record, token)
    }

    /// One scoped access token of an account, by its UUID.
    /// - Throws: `notFound`.
    public func scopedToken(_ id: String, of account: String) async throws(IdentityError) -> ScopedTokenRecord {
        guard let record = try await scopedTokens(of: account).first(where: { $0.id == id }) else {
            throw Self.noScopedToken
        }
        return record
    }

    /// Ends a scoped access token at once, and gives what it was.
    /// - Throws: `notFound`.
    @discardableResult
    public func revokeScopedToken(_ id: String, of account: String) async throws(IdentityError) -> ScopedTokenRecord {
        guard UUIDText.isValid(id) else { throw Self.noScopedToken }
        let record = try await changing { () async throws(StoreError) in
            try await store.deleteScopedToken(id, of: account)
        }
        guard let record else { throw Self.noScopedToken }
        return record
    }

    private static let noScopedToken = IdentityError.notFound(what: "such scoped access token")
}
