import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel
import ProjectSQL

/// `/v1/projects/{ref}/cli/login-role`: a database role with a short life, for a command line that knows no password.
struct LoginRoleController: Sendable {
    let reach: ProjectReach

    /// How long the role can log in. The command line may have to fetch an image between asking and logging in.
    static let life: Duration = .seconds(3_600)
    /// Characters of its password.
    private static let passwordLength = 32

    var routes: [Route] {
        let path = "/v1/projects/{ref}/cli/login-role"
        return [
            Route(
                .post, path, access: .permission(.databaseWrite), effect: .external("database.login_role.create"),
                operation: Operation(
                    summary: "Make a role that can log in for an hour", body: .json(LoginRoleBody.schema),
                    answer: .json(
                        .fields(
                            .init("role", .text(1...63)), .init("password", .text(1...255)),
                            .init("ttl_seconds", .integer(1...Int64(Int32.max)))), .created)), handler: create
            ).showing(.shownOnce),
            Route(
                .delete, path, access: .permission(.databaseWrite), effect: .external("database.login_role.delete"),
                operation: Operation(
                    summary: "Remove these roles and end their sessions",
                    answer: .json(.fields(.init("message", .choice(["ok"]))))), handler: delete),
        ]
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        let body = try request.decode(LoginRoleBody.self)
        let password = RandomText.alphanumeric(Self.passwordLength)
        let record = try request.project()
        let database = try await reach.catalog.stack(of: record).database()
        guard let role = LoginRole(of: database, readOnly: body.isReadOnly) else {
            throw CatalogError.unsupported(record.ref, .readOnlyRole)
        }
        let verifier = try reach.catalog.databaseVerifier(of: Secret(password))
        try await run(try role.create(verifier: verifier, ttl: Self.life), request)
        request.audit.target("role", role.name)
        return try APIResponse(
            .created,
            json: JSON.object([
                "role": .string(role.name), "password": .string(password),
                "ttl_seconds": .integer(Self.life.components.seconds),
            ]))
    }

    private func delete(_ request: APIRequest) async throws -> APIResponse {
        let record = try request.project()
        try await run(try LoginRole.dropAll(of: try await reach.catalog.stack(of: record).database()), request)
        return try APIResponse(json: ["message": "ok"])
    }

    /// A failure of our own SQL is not the caller's fault.
    private func run(_ query: ProjectQueryText, _ request: APIRequest) async throws {
        do {
            _ = try await reach.run(
                query, on: try request.project(), as: .administrator, for: try request.caller())
        } catch ProjectDatabaseError.query(let failure) {
            throw APIError(
                .internalServerError, "the project's database refused to change its roles: \(failure.message)")
        }
    }
}

/// The requested role.
struct LoginRoleBody: DecodableBody {
    let isReadOnly: Bool

    init(fields: BodyReader) throws {
        isReadOnly = try fields.read("read_only")
    }
}
