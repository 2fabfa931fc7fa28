public import Identity
public import Orchestrator
public import ProjectModel

extension InMemoryIdentityStore {
    /// The principal of a session.
    public func principal(
        session: String, of account: String, at time: Timestamp
    ) async throws(StoreError) -> Principal? {
        try await transaction { $0.principal(session: session, of: account, at: time) }
    }

    /// The bearer of a token.
    public func bearer(ofTokenDigest digest: String, at time: Timestamp) async throws(StoreError) -> TokenBearer? {
        try await transaction { $0.bearer(of: digest, at: time) }
    }

    /// Whether a session or token counts.
    public func hold(
        _ credential: Principal.Credential, of account: String, at time: Timestamp
    ) async throws(StoreError) -> Bool {
        try await transaction { $0.counts(credential, of: account, at: time) }
    }

    public func noteUse(
        of credential: Principal.Credential, at time: Timestamp, unlessSince earlier: Timestamp
    ) async throws(StoreError) {
        try await transaction { $0.noteUse(credential, at: time, unlessSince: earlier) }
    }

    /// Stores a personal access token.
    public func insert(_ token: NewAccessToken, limit: Int) async throws(StoreError) -> AccessTokenRecord? {
        try await transaction { $0.insert(token, limit: limit) }
    }

    /// Personal access tokens, newest first.
    public func accessTokens(of account: String) async throws(StoreError) -> [AccessTokenRecord] {
        try await transaction { $0.accessTokens(of: account) }
    }

    /// Deletes a personal access token.
    public func deleteAccessToken(
        _ number: Int64, of account: String
    ) async throws(StoreError) -> AccessTokenRecord? {
        try await transaction { $0.deleteAccessToken(number, of: account) }
    }

    /// Stores a scoped token.
    public func insert(_ token: NewScopedToken, limit: Int) async throws(StoreError) -> ScopedTokenRecord? {
        try await transaction { $0.insert(token, limit: limit) }
    }

    /// Scoped tokens, newest first.
    public func scopedTokens(of account: String) async throws(StoreError) -> [ScopedTokenRecord] {
        try await transaction { $0.scopedTokens(of: account) }
    }

    public func deleteScopedToken(_ id: String, of account: String) async throws(StoreError) -> ScopedTokenRecord? {
        try await transaction { $0.deleteScopedToken(id, of: account) }
    }
}
