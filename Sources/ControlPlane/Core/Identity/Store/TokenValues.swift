public import ProjectModel

/// A token that made another.
public enum TokenMaker: Sendable, Equatable {
    /// A personal access token, by its number.
    case accessToken(Int64)
    /// A scoped access token, by its identifier.
    case scopedToken(String)

    /// The token of a credential; nil for a session, which ends without ending what was made in it.
    public init?(_ credential: Principal.Credential) {
        switch credential {
        case .session: return nil
        case .accessToken(let number): self = .accessToken(number)
        case .scopedToken(let scope): self = .scopedToken(scope.tokenID)
        }
    }
}

/// A personal access token to be stored.
public struct NewAccessToken: Sendable, Equatable {
    /// Identifier of the account.
    public var account: String
    /// Its name.
    public var name: String
    /// Its beginning and end.
    public var alias: String
    /// SHA-256 in hex.
    public var digest: String
    /// When it expires.
    public var expiresAt: Timestamp?
    /// Creation time.
    public var at: Timestamp
    /// The token that it is made with: it ends with it. Nil for one that is made by a session or an operator.
    public var maker: TokenMaker?

    /// A token.
    public init(
        account: String, name: String, alias: String, digest: String, expiresAt: Timestamp?, at: Timestamp,
        maker: TokenMaker? = nil
    ) {
        self.account = account
        self.name = name
        self.alias = alias
        self.digest = digest
        self.expiresAt = expiresAt
        self.at = at
        self.maker = maker
    }
}

/// A scoped access token to be stored.
public struct NewScopedToken: Sendable, Equatable {
    /// Identifier of the account.
    public var account: String
    /// Its name.
    public var name: String
    /// Its beginning and end.
    public var alias: String
    /// SHA-256 in hex.
    public var digest: String
    /// What it is limited to; its ``TokenScope/tokenID`` is the token's identifier.
    public var scope: TokenScope
    /// When it expires.
    public var expiresAt: Timestamp?
    /// Creation time.
    public var at: Timestamp
    /// The token that it is made with: it ends with it. Nil for one that is made by a session or an operator.
    public var maker: TokenMaker?

    /// A token.
    public init(
        account: String, name: String, alias: String, digest: String, scope: TokenScope, expiresAt: Timestamp?,
        at: Timestamp, maker: TokenMaker? = nil
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
