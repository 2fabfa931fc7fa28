public import ProjectModel

/// An access token to be stored.
public struct NewAccessToken: Sendable, Equatable {
    /// Identifier of the account.
    public var account: String
    /// Its name.
    public var name: String
    /// Its beginning and end.
    public var alias: String
    /// SHA-256 in hex.
    public var digest: String
    /// What it is limited to, with its identifier; nil for a personal token.
    public var scope: TokenScope?
    /// When it expires.
    public var expiresAt: Timestamp?
    /// Creation time.
    public var at: Timestamp
    /// The token that it is made with: it ends with it. Nil for one that is made by a session or an operator.
    public var maker: TokenKey?

    public init(
        account: String, name: String, alias: String, digest: String, scope: TokenScope? = nil, expiresAt: Timestamp?,
        at: Timestamp, maker: TokenKey? = nil
    ) {
        self.account = account
        self.name = name
        self.alias = alias
        self.digest = digest
        self.scope = scope
        self.expiresAt = expiresAt
        self.at = at
        self.maker = maker
    }

    public var kind: TokenKind { scope == nil ? .personal : .scoped }
}

/// The bearer of an access token, and when it was last used.
public struct TokenBearer: Sendable, Equatable {
    /// The caller.
    public var principal: Principal
    /// Last use that is noted.
    public var lastUsedAt: Timestamp?

    /// A bearer.
    public init(principal: Principal, lastUsedAt: Timestamp?) {
        self.principal = principal
        self.lastUsedAt = lastUsedAt
    }
}
