public import ProjectModel

/// The signed-in account.
public struct ServerProfile: Codable, Sendable, Equatable {
    /// Identifier of the account: a UUID.
    public var id: String
    /// E-mail address.
    public var email: String
    /// The account's name.
    public var username: String

    enum CodingKeys: String, CodingKey {
        case id = "gotrue_id"
        case email = "primary_email"
        case username
    }
}

/// An organization in a list.
public struct OrganizationSummary: Codable, Sendable, Equatable {
    /// Number.
    public var id: Int64
    /// Name in addresses.
    public var slug: String
    /// Display name.
    public var name: String
    /// Whether the caller is one of its owners.
    public var isOwner: Bool?

    enum CodingKeys: String, CodingKey {
        case id, slug, name
        case isOwner = "is_owner"
    }
}

/// A personal access token, without the token itself.
public struct AccessTokenSummary: Codable, Sendable, Equatable {
    /// Number.
    public var id: Int64
    /// Its name, chosen by the owner.
    public var name: String
    /// Its beginning and end, to distinguish tokens.
    public var alias: String?
    /// When it was made, in RFC 3339.
    public var createdAt: String?
    /// When it ends, in RFC 3339; never when absent.
    public var expiresAt: String?
    /// When it was last used, in RFC 3339.
    public var lastUsedAt: String?

    enum CodingKeys: String, CodingKey {
        case id, name
        case alias = "token_alias"
        case createdAt = "created_at"
        case expiresAt = "expires_at"
        case lastUsedAt = "last_used_at"
    }
}

/// A personal access token that was just made: the only time that it is seen.
public struct MadeAccessToken: Decodable, Sendable {
    /// What is known of it later.
    public let summary: AccessTokenSummary
    public let token: Secret<String>

    enum CodingKeys: String, CodingKey {
        case token
    }

    /// Reads the answer of the API.
    public init(from decoder: any Decoder) throws {
        summary = try AccessTokenSummary(from: decoder)
        token = Secret(try decoder.container(keyedBy: CodingKeys.self).decode(String.self, forKey: .token))
    }
}

/// A session that began with a password.
struct PasswordSession: Decodable, Sendable {
    let accessToken: Secret<String>

    enum CodingKeys: String, CodingKey {
        case accessToken = "access_token"
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        accessToken = Secret(try container.decode(String.self, forKey: .accessToken))
    }
}
