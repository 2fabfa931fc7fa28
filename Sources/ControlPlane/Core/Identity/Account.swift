public import ProjectModel

/// A user account.
public struct Account: Sendable, Equatable, Hashable {
    /// Number that Studio's profile calls `id`.
    public var number: Int64
    /// Identifier, a UUID; the subject of access tokens, `gotrue_id` in Studio's words.
    public var id: String
    /// E-mail address, in lower case; unique. It is what its owner signs in with, and proves nothing about them unless
    /// ``isEmailVerified``.
    public var email: String
    /// Whether an administrator of the installation has vouched for ``email``: by making the account, by an invitation
    /// or by a confirmation. No mail is sent that could prove it.
    public var isEmailVerified: Bool
    /// The address that its owner wants instead. It counts for nothing until it is confirmed.
    public var pendingEmail: String?
    /// Name shown to others.
    public var username: String
    /// First name.
    public var firstName: String?
    /// Last name.
    public var lastName: String?
    /// Creation time.
    public var insertedAt: Timestamp
    /// Last change.
    public var updatedAt: Timestamp
    /// Last sign-in with the password.
    public var lastSignInAt: Timestamp?

    /// An account.
    public init(
        number: Int64, id: String, email: String, isEmailVerified: Bool = false, pendingEmail: String? = nil,
        username: String, firstName: String? = nil, lastName: String? = nil, insertedAt: Timestamp,
        updatedAt: Timestamp, lastSignInAt: Timestamp? = nil
    ) {
        self.number = number
        self.id = id
        self.email = email
        self.isEmailVerified = isEmailVerified
        self.pendingEmail = pendingEmail
        self.username = username
        self.firstName = firstName
        self.lastName = lastName
        self.insertedAt = insertedAt
        self.updatedAt = updatedAt
        self.lastSignInAt = lastSignInAt
    }
}
