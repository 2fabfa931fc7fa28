import APIKit
import FeatureKit
import FoundationEssentials
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// Users of a project, as Studio's authentication page changes them: thin calls to the project's own auth (GoTrue) as
/// the service role. Lists and searches are SQL and go elsewhere.
struct AuthUsersController: Sendable {
    let reach: ProjectReach

    private static let service = ServiceRole.auth
    /// Most second factors that one request removes.
    private static let factorsMax = 100

    var routes: [Route] { userRoutes + messageRoutes + otherRoutes }

    private var userRoutes: [Route] {
        let path = "/platform/auth/{ref}/users"
        return [
            change(
                .post, path: path, action: "auth.user.create", summary: "Create a user", body: AuthUserBody.schema,
                answer: .json(Self.user, .created), handler: create),
            change(
                .patch, path: "\(path)/{id}", action: "auth.user.update", summary: "Change a user, or ban them",
                body: AuthUserBody.schema,
                answer: .json(Self.user), handler: update),
            change(
                .delete, path: "\(path)/{id}", action: "auth.user.delete", summary: "Delete a user", query: [Self.soft],
                answer: .empty(.ok),
                handler: delete),
            change(
                .delete, path: "\(path)/{id}/factors", action: "auth.user.factors.delete",
                summary: "Remove a user's second factors",
                answer: .empty(.ok), handler: deleteFactors),
        ]
    }

    private static let soft = Operation.Parameter(
        name: "soft_delete", schema: .boolean, description: "Keep the row, without the personal data")

    private static let user = Schema.named(
        "AuthUser",
        .fields(
            .init("id", .uuid), .optional("email", .nullable(.text)), .optional("phone", .nullable(.text)),
            .optional("role", .nullable(.text)), .optional("banned_until", .nullable(.text))))

    private func change(
        _ method: HTTPRequest.Method, path: String, action: String, summary: String, body: Schema? = nil,
        query: [Operation.Parameter] = [], answer: Operation.Answer, handler: @escaping Route.Handler
    ) -> Route {
        Route(
            method, path, access: .permission(.databaseWrite), effect: .external(action),
            operation: Operation(
                summary: summary, query: query, body: body.map { .json($0) } ?? .none, answer: answer,
                refusals: Operation.Refusal.upstream), handler: handler)
    }

    // MARK: Users

    private func create(_ request: APIRequest) async throws -> APIResponse {
        let body = try request.decode(AuthUserBody.self)
        let answer = try await reach.json(
            "POST", "/auth/v1/admin/users", body: body.json, to: try request.project(), service: Self.service)
        if let id = try answer.value(by: Self.service)["id"]?.text { request.audit.target("user", id) }
        return try answer.response(.created, by: Self.service)
    }

    private func update(_ request: APIRequest) async throws -> APIResponse {
        let body = try request.decode(AuthUserBody.self)
        let answer = try await reach.json(
            "PUT", try userPath(request), body: body.json, to: try request.project(), service: Self.service)
        return try answer.response(.ok, by: Self.service)
    }

    private func delete(_ request: APIRequest) async throws -> APIResponse {
        let isSoft = try request.query.flag("soft_delete", default: false)
        _ = try await reach.json(
            "DELETE", try userPath(request), body: ["should_soft_delete": .boolean(isSoft)],
            to: try request.project(), service: Self.service)
        return APIResponse(.ok)
    }

    private func deleteFactors(_ request: APIRequest) async throws -> APIResponse {
        let path = try userPath(request) + "/factors"
        let record = try request.project()
        let answer = try await reach.json("GET", path, to: record, service: Self.service)
        let factors = try answer.value(by: Self.service).elements ?? []
        for factor in factors.prefix(Self.factorsMax) {
            guard let id = factor["id"]?.text else { continue }
            _ = try await reach.json(
                "DELETE", "\(path)/\(GatewayRequest.encoded(id))", to: record, service: Self.service)
        }
        return APIResponse(.ok)
    }

    private func userPath(_ request: APIRequest) throws(APIError) -> String {
        let id = try request.uuid("id")
        request.audit.target("user", id)
        return "/auth/v1/admin/users/\(id)"
    }

    // MARK: Messages

    private var messageRoutes: [Route] {
        [
            message("invite", field: "email", "Invite a user by mail"),
            message("magiclink", field: "email", "Send a link that signs in"),
            message("recover", field: "email", "Send a link that resets the password"),
            message("otp", field: "phone", "Send a code by text message"),
        ]
    }

    private func message(_ name: String, field: String, _ summary: String) -> Route {
        change(
            .post, path: "/platform/auth/{ref}/\(name)", action: "auth.user.\(name)", summary: summary,
            body: .fields(.init(field, .text)), answer: .empty(.created)
        ) { request in
            guard let value = try request.decode(JSON.self)[field]?.text, !value.isEmpty else {
                throw APIError(.badRequest, "\(field) is missing")
            }
            _ = try await reach.json(
                "POST", "/auth/v1/\(name)", body: [field: .string(value)], to: try request.project(),
                service: Self.service)
            return APIResponse(.created)
        }
    }

    // MARK: The rest

    private var otherRoutes: [Route] {
        [
            Route(
                .post, "/platform/auth/{ref}/validate/spam", access: .permission(.authConfigRead),
                operation: Operation(
                    summary: "Spam score of a mail: there is no filter, so none",
                    body: .json(.fields(.init("subject", .text), .init("content", .text))),
                    answer: .json(
                        .fields(
                            .init(
                                "rules",
                                .array(
                                    .fields(.init("name", .text), .init("desc", .text), .init("score", .number)))))))
            ) { _ in try APIResponse(json: JSON.object(["rules": []])) }
            .takingLargeBody.supported(as: .empty),
            Route(
                .get, "/platform/auth/{ref}/templates/{template}", access: .permission(.authConfigRead),
                operation: Operation(summary: "Not offered: the text of a mail", answer: .json(.object([])))
            ) { _ in
                throw APIError.unoffered(
                    "a mail's own text", "auth reads templates from an address that its environment names")
            }.supported(as: .refused),
        ]
    }
}

/// What to set about a user. Fields that GoTrue knows; others are ignored.
struct AuthUserBody: Decodable, Sendable {
    let json: JSON

    private static let texts = ["email", "phone", "password", "ban_duration", "role"]
    private static let flags = ["email_confirm", "phone_confirm"]
    private static let objects = ["user_metadata", "app_metadata"]

    static let schema = Schema.object(
        texts.map { .optional($0, .text) } + flags.map { .optional($0, .boolean) }
            + objects.map { .optional($0, .object([])) })

    init(from decoder: any Decoder) throws {
        let fields = try decoder.singleValueContainer().decode([String: JSON].self)
        var kept: [String: JSON] = [:]
        for (names, isRight) in Self.forms {
            for name in names {
                guard let value = fields[name], value != .null else { continue }
                guard isRight(value) else {
                    throw DecodingError.dataCorrupted(
                        .init(codingPath: [FieldName(stringValue: name)], debugDescription: "wrong type"))
                }
                kept[name] = value
            }
        }
        json = .object(kept)
    }

    private static var forms: [([String], (JSON) -> Bool)] {
        [
            (texts, { $0.text != nil }), (flags, { $0 == true || $0 == false }), (objects, { $0.fields != nil }),
        ]
    }

    /// A key for messages about a field.
    private struct FieldName: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}
