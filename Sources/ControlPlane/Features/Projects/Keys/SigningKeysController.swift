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
struct SigningKey: EncodableBody {
    let record: ProjectRecord

    init(of record: ProjectRecord) { self.record = record }

    var id: String { APIKey.identifier(of: "signing key", in: record.ref) }

    static let shape = BodyShape<Self>(
        "SigningKey",
        [
            .init("id", .uuid, of: \.id),
            .constant("algorithm", "HS256", schema: .choice(["EdDSA", "ES256", "RS256", "HS256"])),
            .constant("status", "in_use", schema: .choice(["in_use", "previously_used", "revoked", "standby"])),
            .optional("public_jwk") { _ in JSON.null },
            .init("created_at", .time, of: \.record.insertedAt.rfc3339),
            .init("updated_at", .time, of: \.record.insertedAt.rfc3339),
        ])
}
