import APIKit
import Identity
import ProjectModel

/// How one kind of access token is shown.
protocol TokenRow: EncodableBody {
    init(_ record: AccessTokenRecord)
}

/// A personal access token in lists: its alias, never the token.
struct AccessTokenRow: TokenRow {
    let record: AccessTokenRecord

    init(_ record: AccessTokenRecord) { self.record = record }

    static let shape = BodyShape<Self>(
        "AccessToken",
        [
            .init("id", of: \.record.number),
            .init("name", of: \.record.name),
            .init("token_alias", of: \.record.alias),
            .init("created_at", .time, of: \.record.createdAt.rfc3339),
            .nullable("expires_at", .time, of: \.record.expiresAt?.rfc3339),
            .nullable("last_used_at", .time, of: \.record.lastUsedAt?.rfc3339),
            .optional("scope", .choice(["V0"])) { _ in "V0" },
        ])
}

/// A scoped access token in lists.
struct ScopedTokenRow: TokenRow {
    let record: AccessTokenRecord

    init(_ record: AccessTokenRecord) { self.record = record }

    static let shape = BodyShape<Self>(
        "ScopedAccessToken",
        [
            .init("id", .uuid) { $0.record.scope?.tokenID ?? "" },
            .init("name", of: \.record.name),
            .init("permissions", .array(.choice(Permission.allCases.map(\.rawValue)))) {
                $0.record.scope?.permissions.map(\.rawValue).sorted() ?? []
            },
            .init("token_alias", of: \.record.alias),
            .optional("organization_slugs") { $0.record.scope?.organizationSlugs?.sorted() },
            .optional("project_refs", .array(.ref)) { $0.record.scope?.projectRefs?.map(\.text).sorted() },
            .init("created_at", .time, of: \.record.createdAt.rfc3339),
            .nullable("expires_at", .time, of: \.record.expiresAt?.rfc3339),
            .nullable("last_used_at", .time, of: \.record.lastUsedAt?.rfc3339),
        ])
}

/// A token with its text, in the answer to its creation and never again.
struct CreatedToken<Row: TokenRow>: EncodableBody {
    let row: Row
    let token: Secret<String>

    static var shape: BodyShape<Self> {
        BodyShape(
            "Created\(Row.shape.name ?? "")", including: \.row,
            [.init("token", .pattern("^sbp_[a-f0-9]{40}$")) { $0.token.reveal() }])
    }
}
