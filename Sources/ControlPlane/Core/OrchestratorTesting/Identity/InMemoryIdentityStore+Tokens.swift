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

    public func insert(_ token: NewAccessToken, limit: Int) async throws(StoreError) -> AccessTokenRecord? {
        try await transaction { $0.insert(token, limit: limit) }
    }

    /// Access tokens of a kind, newest first.
    public func accessTokens(
        _ kind: TokenKind, of account: String
    ) async throws(StoreError) -> [AccessTokenRecord] {
        try await transaction { $0.accessTokens(kind, of: account) }
    }

    public func deleteAccessToken(
        _ key: TokenKey, of account: String
    ) async throws(StoreError) -> AccessTokenRecord? {
        try await transaction { $0.deleteAccessToken(key, of: account) }
    }
}
