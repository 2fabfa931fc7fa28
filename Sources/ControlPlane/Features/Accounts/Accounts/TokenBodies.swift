import APIKit
import HTTPTypes
import Identity
import ProjectModel

/// What a new personal access token is called and how long it lasts.
struct CreateTokenBody: DecodableBody {
    let name: String
    let expiresAt: String?

    /// Longest accepted name in characters.
    static let nameLengthMax = 256

    static let schemaName: String? = "CreateAccessToken"

    init(fields: BodyReader) throws {
        name = try fields.read("name", .text(1...Self.nameLengthMax))
        expiresAt = try fields.readIfPresent("expires_at", .time)
        fields.ignore("scope", .choice(["V0"]))
        fields.ignore("current_password", .text)
    }

    /// The name and the end, checked.
    func checked(at now: Timestamp) throws(APIError) -> (name: String, expiresAt: Timestamp?) {
        (try Self.name(name), try Self.end(expiresAt, after: now))
    }

    /// A token's name; 400 for an invalid one.
    static func name(_ text: String) throws(APIError) -> String {
        guard (1...nameLengthMax).contains(text.unicodeScalars.count), text.isOneLine else {
            throw APIError(.badRequest, "name must be one line of 1 to \(nameLengthMax) characters")
        }
        return text
    }

    /// A token's end; 400 for what is no time, or not in the future.
    static func end(_ text: String?, after now: Timestamp) throws(APIError) -> Timestamp? {
        guard let text else { return nil }
        guard let end = Timestamp(rfc3339: text) else {
            throw APIError(.badRequest, "expires_at must be a time such as 2027-01-31T12:00:00Z")
        }
        guard end > now else { throw APIError(.badRequest, "expires_at must be in the future") }
        return end
    }
}

/// The body of a new scoped access token.
struct CreateScopedTokenBody: DecodableBody {
    let name: String
    let permissions: [String]
    let organizationSlugs: [String]?
    let projectRefs: [String]?
    let expiresAt: String?

    /// Most organizations or projects that a token may name.
    static let namesMax = 100

    static let schemaName: String? = "CreateScopedAccessToken"

    init(fields: BodyReader) throws {
        name = try fields.read("name", .text(1...CreateTokenBody.nameLengthMax))
        permissions = try fields.read("permissions", .array(.choice(Permission.allCases.map(\.rawValue))))
        organizationSlugs = try fields.readIfPresent("organization_slugs")
        projectRefs = try fields.readIfPresent("project_refs", .array(.ref))
        expiresAt = try fields.readIfPresent("expires_at", .time)
        fields.ignore("current_password", .text)
    }

    /// What the token may and reaches; 400 for names that stand for nothing.
    func limits() throws(APIError) -> TokenLimits {
        var wanted: Set<Permission> = []
        for (index, name) in permissions.enumerated() {
            guard let permission = Permission(rawValue: name) else {
                throw APIError(.badRequest, "permissions[\(index)] is not the name of a permission")
            }
            wanted.insert(permission)
        }
        guard !wanted.isEmpty else { throw APIError(.badRequest, "permissions must name at least one permission") }
        return TokenLimits(
            permissions: wanted, organizationSlugs: try slugs(), projectRefs: try refs())
    }

    private func slugs() throws(APIError) -> Set<String>? {
        guard let organizationSlugs, !organizationSlugs.isEmpty else { return nil }
        guard organizationSlugs.count <= Self.namesMax else { throw Self.tooMany("organization_slugs") }
        return Set(organizationSlugs)
    }

    private func refs() throws(APIError) -> Set<ProjectRef>? {
        guard let projectRefs, !projectRefs.isEmpty else { return nil }
        guard projectRefs.count <= Self.namesMax else { throw Self.tooMany("project_refs") }
        return Set(try ProjectRef.list(projectRefs, field: "project_refs"))
    }

    private static func tooMany(_ field: String) -> APIError {
        APIError(.badRequest, "\(field) must name at most \(namesMax)")
    }
}

extension ProjectRef {
    /// The refs in a list of a body; 400 that names the first which is none.
    static func list(_ texts: [String], field: String) throws(APIError) -> [ProjectRef] {
        var refs: [ProjectRef] = []
        for (index, text) in texts.enumerated() {
            guard let ref = ProjectRef(text) else {
                throw APIError(.badRequest, "\(field)[\(index)] must be a project's ref: twenty letters from a to z")
            }
            refs.append(ref)
        }
        return refs
    }
}

extension AccountDirectory {
    /// Makes sure of the person before a token is made: by the age of the sign-in, or by the body's `current_password`.
    func confirmTokenMaker(_ request: APIRequest) async throws {
        let body = try request.decode(CurrentPassword.self)
        try await confirmTokenMaker(
            try request.caller(), password: body.currentPassword.map { Secret($0) }, from: request.address)
    }
}

/// The part of a body that proves presence.
private struct CurrentPassword: Decodable {
    let currentPassword: String?

    enum CodingKeys: String, CodingKey { case currentPassword = "current_password" }
}
