import APIKit
import HTTPTypes
import Orchestrator
import ProjectModel

/// A key to create.
struct NewKeyBody: Decodable, Sendable {
    let type: String
    let name: String
    let description: String?
    let template: KeyTemplate?

    static let schema = Schema.fields(
        .init("type", .choice(APIKeyKind.allCases.map(\.rawValue))),
        .init("name", .pattern("^[a-z_][a-z0-9_]{3,63}$")), .optional("description", .nullable(.text)),
        .optional("secret_jwt_template", .nullable(KeyTemplate.schema)))

    enum CodingKeys: String, CodingKey {
        case type, name, description
        case template = "secret_jwt_template"
    }

    /// The kind, once it is certain that the key can be what is asked for.
    func kind() throws(APIError) -> APIKeyKind {
        guard let kind = APIKeyKind(rawValue: type) else {
            throw APIError(.badRequest, "type must be publishable or secret")
        }
        try template?.check(kind)
        return kind
    }
}

/// A change of a key. Absent fields are kept; a null description is removed.
struct KeyEditBody: Decodable, Sendable {
    let name: String?
    let description: String??
    let template: KeyTemplate?

    static let schema = Schema.fields(
        .optional("name", .pattern("^[a-z_][a-z0-9_]{3,63}$")), .optional("description", .nullable(.text)),
        .optional("secret_jwt_template", .nullable(KeyTemplate.schema)))

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: NewKeyBody.CodingKeys.self)
        name = try container.decodeIfPresent(String.self, forKey: .name)
        description =
            container.contains(.description)
            ? .some(try container.decodeIfPresent(String.self, forKey: .description)) : nil
        template = try container.decodeIfPresent(KeyTemplate.self, forKey: .template)
    }
}

/// The claims that stand behind a secret key. Here they are always those of `service_role`.
struct KeyTemplate: Decodable, Sendable {
    let role: String?

    static let schema = Schema.fields(.optional("role", .choice([TokenRole.serviceRole.rawValue])))

    /// Refuses what the gateway cannot do.
    func check(_ kind: APIKeyKind) throws(APIError) {
        guard kind == .secret else {
            throw APIError(.badRequest, "secret_jwt_template belongs to secret keys only")
        }
        guard role == nil || role == TokenRole.serviceRole.rawValue else {
            throw APIError(.badRequest, "secret_jwt_template.role must be service_role")
        }
    }
}
