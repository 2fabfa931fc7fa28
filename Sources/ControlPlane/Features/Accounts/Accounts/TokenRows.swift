import APIKit
import Identity
import ProjectModel

/// A personal access token in lists: its alias, never the token.
struct AccessTokenRow: Encodable, Sendable, Documented {
    let id: Int64
    let name: String
    let tokenAlias: String
    let createdAt: String
    let expiresAt: Nullable<String>
    let lastUsedAt: Nullable<String>
    let scope = "V0"
    /// The token itself, in the answer to its creation and never again.
    let token: String?

    init(_ record: AccessTokenRecord, token: Secret<String>? = nil) {
        id = record.number
        name = record.name
        tokenAlias = record.alias
        createdAt = record.createdAt.rfc3339
        expiresAt = Nullable(record.expiresAt?.rfc3339)
        lastUsedAt = Nullable(record.lastUsedAt?.rfc3339)
        self.token = token?.reveal()
    }

    static let schema = Schema.named(
        "AccessToken",
        .fields(
            .init("id", .integer()), .init("name", .text), .init("token_alias", .text), .init("created_at", .time),
            .init("expires_at", .nullable(.time)), .init("last_used_at", .nullable(.time)),
            .optional("scope", .choice(["V0"]))))

    /// The same with the token.
    static let created = Schema.named(
        "CreatedAccessToken", schema.inlined.adding([.init("token", .pattern("^sbp_[a-f0-9]{40}$"))]))

    enum CodingKeys: String, CodingKey {
        case id, name, scope, token
        case tokenAlias = "token_alias"
        case createdAt = "created_at"
        case expiresAt = "expires_at"
        case lastUsedAt = "last_used_at"
    }
}

/// A scoped access token in lists.
struct ScopedTokenRow: Encodable, Sendable, Documented {
    let id: String
    let name: String
    let permissions: [String]
    let tokenAlias: String
    let organizationSlugs: [String]?
    let projectRefs: [String]?
    let createdAt: String
    let expiresAt: Nullable<String>
    let lastUsedAt: Nullable<String>
    /// The token itself, in the answer to its creation and never again.
    let token: String?

    init(_ record: ScopedTokenRecord, token: Secret<String>? = nil) {
        id = record.id
        name = record.name
        permissions = record.permissions.map(\.rawValue).sorted()
        tokenAlias = record.alias
        organizationSlugs = record.organizationSlugs?.sorted()
        projectRefs = record.projectRefs?.map(\.text).sorted()
        createdAt = record.createdAt.rfc3339
        expiresAt = Nullable(record.expiresAt?.rfc3339)
        lastUsedAt = Nullable(record.lastUsedAt?.rfc3339)
        self.token = token?.reveal()
    }

    static let schema = Schema.named(
        "ScopedAccessToken",
        .fields(
            .init("id", .uuid), .init("name", .text),
            .init("permissions", .array(.choice(Permission.allCases.map(\.rawValue)))), .init("token_alias", .text),
            .optional("organization_slugs", .array(.text)), .optional("project_refs", .array(.ref)),
            .init("created_at", .time), .init("expires_at", .nullable(.time)),
            .init("last_used_at", .nullable(.time))))

    /// The same with the token.
    static let created = Schema.named(
        "CreatedScopedAccessToken", schema.inlined.adding([.init("token", .pattern("^sbp_[a-f0-9]{40}$"))]))

    enum CodingKeys: String, CodingKey {
        case id, name, permissions, token
        case tokenAlias = "token_alias"
        case organizationSlugs = "organization_slugs"
        case projectRefs = "project_refs"
        case createdAt = "created_at"
        case expiresAt = "expires_at"
        case lastUsedAt = "last_used_at"
    }
}
