public import ProjectModel

/// An account to be stored.
public struct NewAccount: Sendable, Equatable {
    /// Identifier, a UUID.
    public var id: String
    /// E-mail address in lower case.
    public var email: String
    /// Whether an administrator of the installation vouches for the address.
    public var isEmailVerified: Bool
    /// Name shown to others.
    public var username: String
    /// First name.
    public var firstName: String?
    /// Last name.
    public var lastName: String?
    /// Verifier of the password; nil for an account that cannot sign in with one.
    public var passwordVerifier: Secret<String>?
    /// Creation time.
    public var at: Timestamp

    /// An account.
    public init(
        id: String, email: String, isEmailVerified: Bool = false, username: String, firstName: String? = nil,
        lastName: String? = nil, passwordVerifier: Secret<String>? = nil, at: Timestamp
    ) {
        self.id = id
        self.email = email
        self.isEmailVerified = isEmailVerified
        self.username = username
        self.firstName = firstName
        self.lastName = lastName
        self.passwordVerifier = passwordVerifier
        self.at = at
    }
}

/// An account and the verifier of its password.
public struct AccountCredentials: Sendable, Equatable {
    /// The account.
    public var account: Account
    /// The verifier, when a password is set.
    public var passwordVerifier: Secret<String>?

    /// An account and its verifier.
    public init(account: Account, passwordVerifier: Secret<String>?) {
        self.account = account
        self.passwordVerifier = passwordVerifier
    }
}

/// A change of a profile. What is nil stays; an empty first or last name is taken away.
public struct ProfileChange: Sendable, Equatable {
    /// First name.
    public var firstName: String?
    /// Last name.
    public var lastName: String?
    /// Name shown to others.
    public var username: String?

    /// A change.
    public init(firstName: String? = nil, lastName: String? = nil, username: String? = nil) {
        self.firstName = firstName
        self.lastName = lastName
        self.username = username
    }
}

/// The outcome of a change of an e-mail address.
public enum EmailOutcome: Sendable, Equatable {
    case updated(Account)
    case emailTaken
    case notFound
}

/// The outcome of a new password.
public enum PasswordOutcome: Sendable, Equatable {
    /// It is valid, and this many other access tokens of the account no longer are.
    case set(revokedTokens: Int)
    case notFound
}

/// The first account with what makes it the installation's administrator.
public struct Bootstrap: Sendable, Equatable {
    /// The account, should there be none yet from an earlier bootstrap. Its e-mail address names the first account and
    /// finds none: addresses are chosen by those who hold them.
    public var account: NewAccount
    /// Digest of the token of the installation's settings.
    public var tokenDigest: String
    /// Name of that token.
    public var tokenName: String
    /// Beginning and end of that token.
    public var tokenAlias: String

    /// Creates the value.
    public init(account: NewAccount, tokenDigest: String, tokenName: String, tokenAlias: String) {
        self.account = account
        self.tokenDigest = tokenDigest
        self.tokenName = tokenName
        self.tokenAlias = tokenAlias
    }
}
