public import ProjectModel

/// The result of a sign-in or a refresh.
public struct SessionGrant: Sendable, Equatable {
    /// JWT for the header `Authorization`.
    public var accessToken: Secret<String>
    /// Good for one refresh.
    public var refreshToken: Secret<String>
    /// Seconds until the access token ends.
    public var expiresIn: Int
    /// When the access token ends, in seconds since 1970.
    public var expiresAt: Int64
    /// The account that signed in.
    public var account: Account
    /// The session, a UUID.
    public var sessionID: String

    /// A grant.
    public init(
        accessToken: Secret<String>, refreshToken: Secret<String>, expiresIn: Int, expiresAt: Int64, account: Account,
        sessionID: String
    ) {
        self.accessToken = accessToken
        self.refreshToken = refreshToken
        self.expiresIn = expiresIn
        self.expiresAt = expiresAt
        self.account = account
        self.sessionID = sessionID
    }
}

/// Which sessions a sign-out ends; the words are GoTrue's.
public enum SignOutScope: String, Sendable, CaseIterable {
    /// The session of the request.
    case local
    /// All of the account.
    case global
    /// All of the account but that of the request.
    case others
}
