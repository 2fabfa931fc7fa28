import APIKit
import FeatureKit
import FoundationEssentials
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// `/v1/projects/{ref}/api-keys`: the two signed keys of old, and opaque keys by name.
struct KeysController: Sendable {
    let catalog: ProjectCatalog

    private static let reveal = Operation.Parameter(
        name: "reveal", schema: .boolean,
        description: "Show secret keys in full; to change or delete one shows it to those who may read keys")

    var routes: [Route] {
        let path = "/v1/projects/{ref}/api-keys"
        return keyRoutes(path) + [
            Route(
                .get, "\(path)/legacy", access: .permission(.apiKeysRead),
                operation: Operation(summary: "Whether the signed keys are accepted", answer: Self.legacy),
                handler: readLegacy),
            Route(
                .put, "\(path)/legacy", access: .permission(.apiKeysWrite), effect: .change("api_key.legacy"),
                operation: Operation(
                    summary: "Accept or refuse the signed keys",
                    query: [
                        .init(name: "enabled", schema: .boolean, description: "Accept them", isRequired: true)
                    ], answer: Self.legacy), handler: writeLegacy
            ).takingAccess,
        ]
    }

    private static let legacy = Operation.Answer.json(.fields(.init("enabled", .boolean)))

    private func keyRoutes(_ path: String) -> [Route] {
        [
            Route(
                .get, path, access: .permission(.apiKeysRead), effect: .seen("api_key.reveal"),
                operation: Operation(
                    summary: "The API keys of a project", query: [Self.reveal], answer: .of([APIKey].self)),
                handler: list),
            Route(
                .post, path, access: .permission(.apiKeysWrite), effect: .change("api_key.create"),
                operation: Operation(
                    summary: "Make an API key", query: [Self.reveal], body: .json(NewKeyBody.schema),
                    answer: .of(APIKey.self, .created)), handler: create
            ).showing(.fields(["api_key"])),
            Route(
                .get, "\(path)/{id}", access: .permission(.apiKeysRead), effect: .seen("api_key.reveal"),
                operation: Operation(summary: "One API key", query: [Self.reveal], answer: .of(APIKey.self)),
                handler: read),
            Route(
                .patch, "\(path)/{id}", access: .permission(.apiKeysWrite), effect: .change("api_key.update"),
                operation: Operation(
                    summary: "Change the name or the description of an API key", query: [Self.reveal],
                    body: .json(KeyEditBody.schema), answer: .of(APIKey.self)), handler: update
            ).showing(.fields(["api_key"])),
            Route(
                .delete, "\(path)/{id}", access: .permission(.apiKeysWrite), effect: .change("api_key.delete"),
                operation: Operation(
                    summary: "Delete an API key",
                    query: [
                        Self.reveal, .init(name: "was_compromised", schema: .boolean, description: "Why"),
                        .init(name: "reason", schema: .text, description: "The reason, as text"),
                    ], answer: .of(APIKey.self)), handler: delete
            ).showing(.fields(["api_key"])).takingAccess,
        ]
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        let reveals = try request.reveals()
        let record = try request.project()
        let keys =
            try await legacyKeys(of: record)
            + catalog.apiKeys(of: record.ref).map { APIKey($0, reveals: reveals) }
        request.audit.show(keys.compactMap(\.shownSecret))
        return try APIResponse(json: keys)
    }

    private func read(_ request: APIRequest) async throws -> APIResponse {
        let reveals = try request.reveals()
        let record = try request.project()
        let id = try request.uuid("id")
        let signed = try await legacyKeys(of: record).first { $0.id == id }
        let key: APIKey
        if let signed {
            key = signed
        } else {
            key = APIKey(try await catalog.apiKey(id, of: record.ref), reveals: reveals)
        }
        return try answer(request, showing: key)
    }

    /// An answer with one key, noted where it shows it.
    private func answer(
        _ request: APIRequest, _ status: HTTPResponse.Status = .ok, showing key: APIKey
    ) throws -> APIResponse {
        request.audit.show([key.shownSecret].compactMap { $0 })
        return try APIResponse(status, json: key)
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        let reveals = try request.reveals()
        let body = try request.decode(NewKeyBody.self)
        let kind = try body.kind()
        let ref = try request.project().ref
        let key = try await catalog.createAPIKey(
            of: ref, kind: kind, name: body.name, description: body.description)
        request.audit.target("api_key", key.id)
        request.audit.change("name", from: nil, to: "\(kind.rawValue) \(key.name)")
        return try answer(request, .created, showing: APIKey(key, reveals: reveals))
    }

    private func update(_ request: APIRequest) async throws -> APIResponse {
        let reveals = try request.reveals()
        let body = try request.decode(KeyEditBody.self)
        let record = try request.project()
        let id = try await opaqueID(request, record)
        let before = try await catalog.apiKey(id, of: record.ref)
        try body.template?.check(before.kind)
        let key = try await catalog.updateAPIKey(
            id, of: record.ref, APIKeyEdit(name: body.name, description: body.description))
        request.audit.change("name", from: before.name, to: key.name)
        return try answer(request, showing: APIKey(key, reveals: try reveals && request.seesKeys(of: record)))
    }

    private func delete(_ request: APIRequest) async throws -> APIResponse {
        let reveals = try request.reveals()
        let record = try request.project()
        let compromised = try request.query.flag("was_compromised", default: false)
        let key = try await catalog.deleteAPIKey(try await opaqueID(request, record), of: record.ref)
        request.audit.change("name", from: "\(key.kind.rawValue) \(key.name)", to: nil)
        if compromised { request.audit.target("was_compromised", "true") }
        return try answer(request, showing: APIKey(key, reveals: try reveals && request.seesKeys(of: record)))
    }

    private func readLegacy(_ request: APIRequest) async throws -> APIResponse {
        try APIResponse(json: ["enabled": try await catalog.legacyKeysEnabled(of: try request.project().ref)])
    }

    private func writeLegacy(_ request: APIRequest) async throws -> APIResponse {
        guard request.query["enabled"] != nil else { throw APIError(.badRequest, "enabled is missing in the query") }
        let enabled = try request.query.flag("enabled", default: true)
        let ref = try request.project().ref
        let before = try await catalog.legacyKeysEnabled(of: ref)
        try await catalog.setLegacyKeys(enabled: enabled, of: ref)
        request.audit.change("legacy_keys", from: before ? "accepted" : "refused", to: enabled ? "accepted" : "refused")
        return try APIResponse(json: ["enabled": enabled])
    }

    private func legacyKeys(of record: ProjectRecord) async throws -> [APIKey] {
        try await ClientKeys(of: record, in: catalog).byRole.map {
            APIKey(role: $0.role, key: $0.key, of: record)
        }
    }

    /// The id of an opaque key; the two signed keys can only be turned on and off, or replaced with the JWT secret.
    private func opaqueID(_ request: APIRequest, _ record: ProjectRecord) async throws -> String {
        let id = try request.uuid("id")
        guard try await !legacyKeys(of: record).contains(where: { $0.id == id }) else {
            throw APIError(
                .badRequest,
                "the keys anon and service_role cannot be changed or deleted one by one: turn both off "
                    + "with PUT api-keys/legacy?enabled=false, or change the JWT secret")
        }
        request.audit.target("api_key", id)
        return id
    }
}

extension APIRequest {
    fileprivate func reveals() throws(APIError) -> Bool { try query.flag("reveal", default: false) }

    /// Whether the caller may read keys that are there: to change one, or to make one and see it once, is less.
    fileprivate func seesKeys(of record: ProjectRecord) throws -> Bool {
        try caller().permissions(in: record.organizationSlug, project: record.ref).contains(.apiKeysRead)
    }
}
