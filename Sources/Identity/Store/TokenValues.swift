public import ProjectModel

/// A personal access token to be stored.
public struct NewAccessToken: Sendable, Equatable {
    /// Identifier of the account.
    public var account: String
    /// What it is for.
    public var name: String
    /// Its beginning and end.
    public var alias: String
    /// SHA-256 in hex.
    public var digest: String
    /// From when on it does not count.
    public var expiresAt: Timestamp?
    /// Creation time.
    public var at: Timestamp

    /// A token.
    public init(
        account: String, name: String, alias: String, digest: String, expiresAt: Timestamp?, at: Timestamp
    ) {
        self.account = account
        self.name = name
        self.alias = alias
        self.digest = digest
        self.expiresAt = expiresAt
        self.at = at
    }
}

/// A scoped access token to be stored.
public struct NewScopedToken: Sendable, Equatable {
    /// Identifier of the account.
    public var account: String
    /// What it is for.
    public var name: String
    /// Its beginning and end.
    public var alias: String
    /// SHA-256 in hex.
    public var digest: String
    /// What it is limited to; its ``TokenScope/tokenID`` is the token's identifier.
    public var scope: TokenScope
    /// From when on it does not count.
    public var expiresAt: Timestamp?
    /// Creation time.
    public var at: Timestamp

    /// A token.
    public init(
        account: String, name: String, alias: String, digest: String, scope: TokenScope, expiresAt: Timestamp?,
        at: Timestamp
    ) {
        self.account = account
        self.name = name
        self.alias = alias
        self.digest = digest
        self.scope = scope
        self.expiresAt = expiresAt
        self.at = at
    }
}

/// Whose an access token is, and when it was last used.
public struct TokenBearer: Sendable, Equatable {
    /// Who asks.
    public var principal: Principal
    /// Last use that is noted.
    public var lastUsedAt: Timestamp?

    /// A bearer.
    public init(principal: Principal, lastUsedAt: Timestamp?) {
        self.principal = principal
        self.lastUsedAt = lastUsedAt
    }
}
