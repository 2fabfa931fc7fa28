import Orchestrator
public import ProjectModel

extension AccountDirectory {
    /// The personal access tokens of an account, newest first.
    public func accessTokens(of account: String) async throws(IdentityError) -> [AccessTokenRecord] {
        try await stored { () async throws(StoreError) in try await store.accessTokens(of: account) }
    }

    /// Creates a personal access token; it allows all that its account may do. The second value is the token, which is
    /// shown once.
    /// - Parameter credential: what it is made with. A token that another one makes ends with it: at the latest when
    ///   that one expires, and when it is revoked. Nil stands for the operator.
    /// - Throws: `invalid` for a name or an end in the past, `forbidden` for an end after the maker's, `conflict` when
    ///   the account has too many, `notFound`.
    public func createAccessToken(
        of account: String, name: String, expiresAt: Timestamp?, with credential: Principal.Credential? = nil
    ) async throws(IdentityError) -> (AccessTokenRecord, Secret<String>) {
        let (name, now) = (try IdentityText.name(name, of: "a token"), time.now())
        try checkEnd(expiresAt, now)
        try await checkEnd(expiresAt, ofMaker: credential, account)
        let token = try newToken()
        let new = NewAccessToken(
            account: account, name: name, alias: AccessTokenForm.alias(token), digest: try digest(of: token),
            expiresAt: expiresAt, at: now, maker: credential.flatMap { TokenMaker($0) })
        let record = try await stored { () async throws(StoreError) in
            try await store.insert(new, limit: policy.tokensPerAccountMax)
        }
        guard let record else { throw try await cannotHaveMore(account) }
        return (record, token)
    }

    /// One personal access token of an account.
    /// - Throws: `notFound`.
    public func accessToken(_ number: Int64, of account: String) async throws(IdentityError) -> AccessTokenRecord {
        guard let record = try await accessTokens(of: account).first(where: { $0.number == number }) else {
            throw .notFound(what: "access token \(number)")
        }
        return record
    }

    /// Ends a personal access token at once, and gives what it was.
    /// - Throws: `notFound`.
    @discardableResult
    public func revokeAccessToken(
        _ number: Int64, of account: String
    ) async throws(IdentityError) -> AccessTokenRecord {
        let record = try await changing { () async throws(StoreError) in
            try await store.deleteAccessToken(number, of: account)
        }
        guard let record else { throw .notFound(what: "access token \(number)") }
        return record
    }
}

// MARK: - Tokens of both kinds

extension AccountDirectory {
    func newToken() throws(IdentityError) -> Secret<String> {
        try sealed { () throws(IdentityCryptoError) in
            try crypto.token(prefix: AccessTokenForm.prefix, bytes: AccessTokenForm.randomBytes)
        }
    }

    func checkEnd(_ end: Timestamp?, _ now: Timestamp) throws(IdentityError) {
        if let end, end <= now { throw .invalid("a token must end in the future: choose a later time") }
    }

    /// When the token that a credential is ends; nil for sessions and for tokens without end.
    public func end(of credential: Principal.Credential, _ account: String) async throws(IdentityError) -> Timestamp? {
        switch credential {
        case .session: nil
        case .accessToken(let number): try await accessToken(number, of: account).expiresAt
        case .scopedToken(let scope): try await scopedToken(scope.tokenID, of: account).expiresAt
        }
    }

    func checkEnd(
        _ end: Timestamp?, ofMaker credential: Principal.Credential?, _ account: String
    ) async throws(IdentityError) {
        guard let credential, let latest = try await self.end(of: credential, account) else { return }
        if let end, end <= latest { return }
        throw .forbidden(
            "an access token cannot make one that lasts longer than itself: give an expires_at that is not after its "
                + "own")
    }

    func checkScope(
        _ permissions: Set<Permission>, slugs: Set<String>?, refs: Set<ProjectRef>?
    ) throws(IdentityError) {
        guard !permissions.isEmpty else { throw .invalid("a scoped token needs at least one permission") }
        let most = Self.scopeEntriesMax
        guard slugs?.count ?? 1 <= most, refs?.count ?? 1 <= most else {
            throw .invalid("a scoped token can name at most \(most) organizations and \(most) projects")
        }
        for slug in slugs ?? [] { _ = try IdentityText.name(slug, of: "an organization") }
    }

    /// Why a store took no further token.
    func cannotHaveMore(_ account: String) async throws(IdentityError) -> IdentityError {
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
