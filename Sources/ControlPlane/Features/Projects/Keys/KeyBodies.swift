import APIKit
import HTTPTypes
import Orchestrator
import ProjectModel

/// A key to create.
struct NewKeyBody: DecodableBody {
    let type: String
    let name: String
    let description: String?
    let template: KeyTemplate?

    init(fields: BodyReader) throws {
        type = try fields.read("type", .choice(APIKeyKind.allCases.map(\.rawValue)))
        name = try fields.read("name", .pattern("^[a-z_][a-z0-9_]{3,63}$"))
        description = try fields.readIfPresent("description", .nullable(.text))
        template = try fields.readIfPresent("secret_jwt_template", .nullable(KeyTemplate.schema))
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
struct KeyEditBody: DecodableBody {
    let name: String?
    let description: String??
    let template: KeyTemplate?

    init(fields: BodyReader) throws {
        name = try fields.readIfPresent("name", .pattern("^[a-z_][a-z0-9_]{3,63}$"))
        let text: String? = try fields.readIfPresent("description", .nullable(.text))
        description = fields.contains("description") ? .some(text) : nil
        template = try fields.readIfPresent("secret_jwt_template", .nullable(KeyTemplate.schema))
    }
}

/// The claims that stand behind a secret key. Here they are always those of `service_role`.
struct KeyTemplate: DecodableBody {
    let role: String?

    init(fields: BodyReader) throws {
        role = try fields.readIfPresent("role", .choice([TokenRole.serviceRole.rawValue]))
    }

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
