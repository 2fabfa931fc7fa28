import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// `/v1/projects/{ref}/config/auth/signing-keys`: one key signs the tokens of a project, its JWT secret.
struct SigningKeysController: Sendable {
    private static let refusal = APIError.unoffered(
        "a second signing key", "a project signs with its JWT secret, which PATCH config/secrets replaces")

    var routes: [Route] {
        let path = "/v1/projects/{ref}/config/auth/signing-keys"
        return [
            Route(
                .get, path, access: .permission(.signingKeysRead),
                operation: Operation(
                    summary: "The keys that sign a project's tokens",
                    answer: .json(.fields(.init("keys", .array(SigningKey.schema)))))
            ) { try APIResponse(json: ["keys": [SigningKey(of: try $0.project())]]) },
            Route(
                .get, "\(path)/legacy", access: .permission(.signingKeysRead),
                operation: Operation(summary: "The JWT secret as a signing key", answer: .of(SigningKey.self))
            ) { try APIResponse(json: SigningKey(of: try $0.project())) },
            Route(
                .get, "\(path)/{id}", access: .permission(.signingKeysRead),
                operation: Operation(summary: "One signing key", answer: .of(SigningKey.self))
            ) { request in
                let key = SigningKey(of: try request.project())
                guard try request.uuid("id") == key.id else {
                    throw APIError(.notFound, "the project has no signing key with this id")
                }
                return try APIResponse(json: key)
            },
            refused(.post, path: path, status: .created), refused(.post, path: "\(path)/legacy", status: .created),
            refused(.patch, path: "\(path)/{id}", status: .ok), refused(.delete, path: "\(path)/{id}", status: .ok),
        ]
    }

    private func refused(_ method: HTTPRequest.Method, path: String, status: HTTPResponse.Status) -> Route {
        Route(
            method, path, access: .permission(.signingKeysWrite),
            operation: Operation(
                summary: "Not offered: a project has one signing key", answer: .of(SigningKey.self, status))
        ) { _ in throw Self.refusal }.supported(as: .refused)
    }
}

/// A key that signs tokens, without the key itself.
struct SigningKey: Encodable, Sendable, Documented {
    let id: String
    let algorithm = "HS256"
    let status = "in_use"
    let publicJWK = Nullable<String>(nil)
    let createdAt: String
    let updatedAt: String

    init(of record: ProjectRecord) {
        id = APIKey.identifier(of: "signing key", in: record.ref)
        createdAt = record.insertedAt.rfc3339
        updatedAt = record.insertedAt.rfc3339
    }

    static let schema = Schema.named(
        "SigningKey",
        .fields(
            .init("id", .uuid), .init("algorithm", .choice(["EdDSA", "ES256", "RS256", "HS256"])),
            .init("status", .choice(["in_use", "previously_used", "revoked", "standby"])),
            .optional("public_jwk", .anything), .init("created_at", .time), .init("updated_at", .time)))

    enum CodingKeys: String, CodingKey {
        case id, algorithm, status
        case publicJWK = "public_jwk"
        case createdAt = "created_at"
        case updatedAt = "updated_at"
    }
}
