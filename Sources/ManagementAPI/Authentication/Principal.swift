/// Who makes a request, and what they may do.
public struct Principal: Sendable, Equatable {
    /// A name for logs; never a token.
    public let name: String
    /// What they may do.
    public let permissions: Set<Permission>

    /// A principal.
    public init(name: String, permissions: Set<Permission>) {
        self.name = name
        self.permissions = permissions
    }

    /// Whoever holds the bootstrap token: everything is allowed.
    public static let administrator = Principal(name: "administrator", permissions: Set(Permission.allCases))
}

/// What a route asks of a principal. The raw values are the permission names of the Management API's access tokens.
public enum Permission: String, Sendable, CaseIterable {
    case projectsRead = "projects_read"
    case projectsCreate = "organization_projects_create"
    case projectAdminRead = "project_admin_read"
    case projectAdminWrite = "project_admin_write"
    case apiKeysRead = "api_gateway_keys_read"
}
