public import ProjectModel

/// A project in a list.
public struct ProjectSummary: Codable, Sendable, Equatable {
    /// Identifier: twenty letters.
    public var ref: String
    /// Name; unique in its organization.
    public var name: String
    /// Status, in the API's words.
    public var status: String
    /// Region label.
    public var region: String
    /// The organization's name in addresses.
    public var organizationSlug: String?
    /// When it was created, in RFC 3339.
    public var insertedAt: String?
    /// Stack, and the template version that it is pinned to; absent while that is not known.
    public var stack, templateVersion: String?
    /// Whether another version of the stack is installed.
    public var upgradeAvailable: Bool?

    enum CodingKeys: String, CodingKey {
        case ref, name, status, region, stack
        case organizationSlug = "organization_slug"
        case insertedAt = "inserted_at"
        case templateVersion = "template_version"
        case upgradeAvailable = "upgrade_available"
    }
}

/// One page of a list of projects.
struct ProjectPage: Decodable, Sendable {
    struct Pagination: Decodable, Sendable {
        let count: Int
    }

    let pagination: Pagination
    let projects: [ProjectSummary]
}

/// A project on its own.
public struct ProjectDetail: Codable, Sendable, Equatable {
    /// Identifier.
    public var ref: String
    public var name: String
    /// Status, in the API's words.
    public var status: String
    /// Region label.
    public var region: String
    /// When it was created, in RFC 3339.
    public var insertedAt: String?
    public var databaseHost: String?
    public var databaseVersion: String?
    /// Address of its REST API; empty while it has no ports.
    public var restURL: String
    /// Stack, and the template version that it is pinned to; absent while that is not known.
    public var stack, templateVersion: String?
    /// Whether another version of the stack is installed.
    public var upgradeAvailable: Bool?

    enum CodingKeys: String, CodingKey {
        case ref, name, status, region, stack
        case templateVersion = "template_version"
        case upgradeAvailable = "upgrade_available"
        case insertedAt = "inserted_at"
        case databaseHost = "db_host"
        case databaseVersion = "dbVersion"
        case restURL = "restUrl"
    }

    /// Base address of the project, where its dashboard is too; nil while it has no ports.
    public var url: String? {
        guard !restURL.isEmpty else { return nil }
        guard let path = restURL.firstRange(of: "/rest/v1") else { return restURL }
        return String(restURL[..<path.lowerBound])
    }
}

/// A project that was just created. The keys that come with it are left where they are: `projects keys` shows them.
public struct CreatedProject: Codable, Sendable, Equatable {
    /// Identifier.
    public var ref: String
    public var name: String
    /// Status, in the API's words.
    public var status: String
    /// Region label.
    public var region: String
    /// The organization's name in addresses.
    public var organizationSlug: String?
    /// Base address of the project.
    public var endpoint: String

    enum CodingKeys: String, CodingKey {
        case ref, name, status, region, endpoint
        case organizationSlug = "organization_slug"
    }
}

/// A request for a new project.
public struct ProjectOrder: Sendable, Equatable {
    public var name: String
    /// The organization's name in addresses.
    public var organizationSlug: String
    /// Region label; the API's own when nil.
    public var region: String?
    /// Stack; the installation's own when nil.
    public var stack: String?
    /// Services; all of the template's when nil.
    public var services: [String]?
    /// Password of the database; minted when nil.
    public var databasePassword: Secret<String>?
    /// Ref of a deleted project whose kept volumes it gets.
    public var attachVolumesOf: String?

    public init(
        name: String, organizationSlug: String, region: String? = nil, services: [String]? = nil,
        databasePassword: Secret<String>? = nil
    ) {
        self.name = name
        self.organizationSlug = organizationSlug
        self.region = region
        self.services = services
        self.databasePassword = databasePassword
    }
}

public struct ProjectKey: Decodable, Sendable, Equatable {
    /// What it is called: `anon`, `service_role`, …
    public let name: String
    /// `legacy`, `publishable` or `secret`.
    public let type: String
    /// The key; nil when the API does not show it.
    public let key: Secret<String>?

    enum CodingKeys: String, CodingKey {
        case name, type
        case key = "api_key"
    }

    /// Reads the answer of the API.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        name = try container.decode(String.self, forKey: .name)
        type = try container.decodeIfPresent(String.self, forKey: .type) ?? "legacy"
        key = try container.decodeIfPresent(String.self, forKey: .key).map { Secret($0) }
    }
}
