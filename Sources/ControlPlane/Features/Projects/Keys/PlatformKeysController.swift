import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// What Studio asks about keys besides: a key for a few minutes, and another JWT secret.
struct PlatformKeysController: Sendable {
    let catalog: ProjectCatalog

    /// Default lifetime of a temporary key, in seconds.
    private static let standardLife: Int64 = 60

    var routes: [Route] {
        let path = "/platform/projects/{ref}"
        return [
            Route(
                .post, "\(path)/api-keys/temporary", access: .permission(.apiKeysRead),
                effect: .seen("api_key.temporary"),
                operation: Operation(
                    summary: "A signed key that expires within the hour",
                    query: [
                        .init(
                            name: "authorization_exp", schema: .integer(1...3_600),
                            description: "Seconds until it expires; 60 by default"),
                        .init(
                            name: "claims", schema: .text,
                            description: "JSON with the role: anon, authenticated or service_role (default)"),
                    ], answer: .json(.fields(.init("api_key", .text)), .created)), handler: temporaryKey),
            Route(
                .patch, "\(path)/config/secrets", access: .permission(.signingKeysWrite),
                effect: .change("project.jwt_secret"),
                operation: Operation(
                    summary: "Replace the JWT secret: every token issued before is worth nothing then",
                    body: .json(RotationBody.schema), answer: .json(.fields(.init("message", .text)))), handler: rotate
            ).takingAccess,
            Route(
                .get, "\(path)/config/secrets/update-status", access: .permission(.projectAdminRead),
                operation: Operation(
                    summary: "Progress of a change of the JWT secret. Always null: see the project's status",
                    answer: .json(.fields(.init("update_status", .nullable(.object([]))))))
            ) { _ in try APIResponse(json: ["update_status": JSON.null]) },
        ]
    }

    private func temporaryKey(_ request: APIRequest) async throws -> APIResponse {
        let life = try request.query.number("authorization_exp", in: 1...3_600, default: Int(Self.standardLife))
        let role = try role(request.query["claims"])
        let key = try await catalog.temporaryKey(
            of: try request.project().ref, role: role, lifetime: .seconds(life))
        request.audit.target("role", role)
        request.audit.target("seconds", String(life))
        request.audit.show(["temporary key"])
        return try APIResponse(.created, json: ["api_key": key.reveal()])
    }

    /// The role that the claims name. Other claims would be signed unchecked, so there are none.
    private func role(_ claims: String?) throws(APIError) -> String {
        guard let claims else { return TokenRole.serviceRole.rawValue }
        guard let fields = JSON(bytes: Array(claims.utf8))?.fields, fields.keys.allSatisfy({ $0 == "role" }),
            let role = fields["role"]?.text
        else { throw APIError(.badRequest, #"claims must be JSON like {"role":"anon"}, with no other claim"#) }
        return role
    }

    private func rotate(_ request: APIRequest) async throws -> APIResponse {
        let body = try request.decode(RotationBody.self)
        try await catalog.rotateJWTSecret(of: try request.project().ref, to: body.secret.map { Secret($0) })
        if let tracking = body.tracking { request.audit.target("change_tracking_id", String(tracking.prefix(64))) }
        return try APIResponse(json: ["message": "the JWT secret was replaced: the services get new containers"])
    }
}

/// A new JWT secret.
struct RotationBody: DecodableBody {
    let secret: String?
    let tracking: String?

    init(fields: BodyReader) throws {
        secret = try fields.readIfPresent("jwt_secret", .text(ProjectCatalog.tokenSecretLengths))
        tracking = try fields.readIfPresent("change_tracking_id")
    }
}
