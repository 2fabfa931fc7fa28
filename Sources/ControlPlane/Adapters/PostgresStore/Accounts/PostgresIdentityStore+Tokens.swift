public import Identity
public import Orchestrator
import PostgresKit
public import ProjectModel

extension PostgresIdentityStore {
    /// Selects a principal by a live session.
    public func principal(
        session: String, of account: String, at time: Timestamp
    ) async throws(StoreError) -> Principal? {
        try await reading { try await PrincipalRows.principal(session: session, of: account, at: time, in: $0) }
    }

    /// Selects a principal by a token of either kind.
    public func bearer(ofTokenDigest digest: String, at time: Timestamp) async throws(StoreError) -> TokenBearer? {
        try await reading { try await PrincipalRows.bearer(ofTokenDigest: digest, at: time, in: $0) }
    }

    /// Selects a session or token and locks its row against deletion.
    public func hold(
        _ credential: Principal.Credential, of account: String, at time: Timestamp
    ) async throws(StoreError) -> Bool {
        try await reading { try await PrincipalRows.hold(credential, of: account, at: time, in: $0) }
    }

    /// Updates the time of the last use, in a savepoint when a unit of work is open, so that a failure does not abort
    /// it.
    public func noteUse(
        of credential: Principal.Credential, at time: Timestamp, unlessSince earlier: Timestamp
    ) async throws(StoreError) {
        try await transaction { transaction in
            try await TokenRows.noteUse(of: credential, at: time, unlessSince: earlier, in: transaction)
        }
    }

    /// Inserts an access token below the limit.
    public func insert(_ token: NewAccessToken, limit: Int) async throws(StoreError) -> AccessTokenRecord? {
        try await transaction { try await TokenRows.insert(token, limit: limit, in: $0) }
    }

    public func accessTokens(
        _ kind: TokenKind, of account: String
    ) async throws(StoreError) -> [AccessTokenRecord] {
        try await reading { try await TokenRows.select(kind, of: account, in: $0) }
    }

    public func deleteAccessToken(
        _ key: TokenKey, of account: String
    ) async throws(StoreError) -> AccessTokenRecord? {
        try await transaction { try await TokenRows.delete(key, of: account, in: $0) }
    }
}
