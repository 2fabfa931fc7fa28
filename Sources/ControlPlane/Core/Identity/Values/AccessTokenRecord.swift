public import ProjectModel

/// A personal access token as lists show it; the token itself is stored nowhere.
public struct AccessTokenRecord: Sendable, Equatable {
    /// Number that Studio calls `id`.
    public var number: Int64
    /// Its name, chosen by the owner.
    public var name: String
    /// Its beginning and end, such as `sbp_ab12...cd34`.
    public var alias: String
    /// When it was made.
    public var createdAt: Timestamp
    /// When it expires; nil for never.
    public var expiresAt: Timestamp?
    /// Its last use, to the minute.
    public var lastUsedAt: Timestamp?

    /// A record.
    public init(
        number: Int64, name: String, alias: String, createdAt: Timestamp, expiresAt: Timestamp? = nil,
        lastUsedAt: Timestamp? = nil
    ) {
        self.number = number
        self.name = name
        self.alias = alias
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.lastUsedAt = lastUsedAt
    }
}

/// A scoped access token as lists show it.
public struct ScopedTokenRecord: Sendable, Equatable {
    /// Identifier, a UUID.
    public var id: String
    /// Its name, chosen by the owner.
    public var name: String
    /// Its permissions.
    public var permissions: Set<Permission>
    /// Its beginning and end.
    public var alias: String
    /// Organizations that it reaches; nil for all of its account.
    public var organizationSlugs: Set<String>?
    /// Projects that it reaches; nil for all.
    public var projectRefs: Set<ProjectRef>?
    /// When it was made.
    public var createdAt: Timestamp
    /// When it expires; nil for never.
    public var expiresAt: Timestamp?
    /// Its last use, to the minute.
    public var lastUsedAt: Timestamp?

    /// A record.
    public init(
        id: String, name: String, permissions: Set<Permission>, alias: String, organizationSlugs: Set<String>? = nil,
        projectRefs: Set<ProjectRef>? = nil, createdAt: Timestamp, expiresAt: Timestamp? = nil,
        lastUsedAt: Timestamp? = nil
    ) {
        self.id = id
        self.name = name
        self.permissions = permissions
        self.alias = alias
        self.organizationSlugs = organizationSlugs
        self.projectRefs = projectRefs
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.lastUsedAt = lastUsedAt
    }
}

/// The form of personal tokens: `sbp_` and forty hexadecimal digits, as the Supabase CLI requires.
enum AccessTokenForm {
    static let prefix = "sbp_"
    static let randomBytes = 20
    private static let headShown = 4
    private static let tailShown = 4

    /// Whether a text has the form of one. Others are refused without a query.
    static func matches(_ text: String) -> Bool {
        let digits = text.utf8.dropFirst(prefix.utf8.count)
        return text.hasPrefix(prefix) && digits.count == randomBytes * 2
            && digits.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    /// What may be shown of a token: its ends.
    static func alias(_ token: Secret<String>) -> String {
        let digits = token.reveal().dropFirst(prefix.count)
        return "\(prefix)\(digits.prefix(headShown))...\(digits.suffix(tailShown))"
    }
}
