public import ProjectModel

/// A kind of access token. The API calls them by different names and gives them different identifiers; the rest is one.
public enum TokenKind: Sendable, Equatable {
    /// Allows all that its account may do.
    case personal
    /// Allows some permissions, in some organizations or projects.
    case scoped
}

/// What tells one access token from another.
public enum TokenKey: Sendable, Equatable {
    /// A personal access token, by its number.
    case accessToken(Int64)
    /// A scoped access token, by its identifier, a UUID.
    case scopedToken(String)

    /// The token of a credential; nil for a session, which ends without ending what was made in it.
    public init?(_ credential: Principal.Credential) {
        switch credential {
        case .session: return nil
        case .accessToken(let number): self = .accessToken(number)
        case .scopedToken(let scope): self = .scopedToken(scope.tokenID)
        }
    }

    public var kind: TokenKind {
        switch self {
        case .accessToken: .personal
        case .scopedToken: .scoped
        }
    }
}

/// What a scoped token is to be limited to.
public struct TokenLimits: Sendable, Equatable {
    public let permissions: Set<Permission>
    /// Nil stands for every organization of the account.
    public let organizationSlugs: Set<String>?
    /// Nil stands for every project.
    public let projectRefs: Set<ProjectRef>?

    public init(permissions: Set<Permission>, organizationSlugs: Set<String>?, projectRefs: Set<ProjectRef>?) {
        self.permissions = permissions
        self.organizationSlugs = organizationSlugs
        self.projectRefs = projectRefs
    }
}

/// An access token as lists show it; the token itself is stored nowhere.
public struct AccessTokenRecord: Sendable, Equatable {
    /// Number among those of its kind. Studio calls that of a personal token `id`.
    public var number: Int64
    /// Its name, chosen by the owner.
    public var name: String
    /// Its beginning and end, such as `sbp_ab12...cd34`.
    public var alias: String
    /// What it is limited to; nil for a personal token.
    public var scope: TokenScope?
    /// When it was made.
    public var createdAt: Timestamp
    /// When it expires; nil for never.
    public var expiresAt: Timestamp?
    /// Its last use, to the minute.
    public var lastUsedAt: Timestamp?

    public init(
        number: Int64, name: String, alias: String, scope: TokenScope? = nil, createdAt: Timestamp,
        expiresAt: Timestamp? = nil, lastUsedAt: Timestamp? = nil
    ) {
        self.number = number
        self.name = name
        self.alias = alias
        self.scope = scope
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.lastUsedAt = lastUsedAt
    }

    public var key: TokenKey { scope.map { .scopedToken($0.tokenID) } ?? .accessToken(number) }
}

/// The form of access tokens: `sbp_` and forty hexadecimal digits, as the Supabase CLI requires.
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
