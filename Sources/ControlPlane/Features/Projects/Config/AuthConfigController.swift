import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel
import SettingTables

/// The configuration of auth: lower-case keys in `/v1`, the same keys in capitals for Studio.
///
/// Secrets are null in every response, set or not: Terraform keeps its own value, and a mail server's password cannot
/// be read back.
struct AuthConfigController: Sendable {
    let editor: SettingsEditor

    var routes: [Route] {
        let lower = SettingsJSON.schema(AuthSettings.table.settings, isRequired: true)
        let studio = "/platform/auth/{ref}/config"
        return [
            Route(
                .get, "/v1/projects/{ref}/config/auth", access: .permission(.authConfigRead),
                operation: Operation(summary: "The configuration of auth; secrets are null", answer: .json(lower))
            ) { try APIResponse(json: try await read($0)) },
            Route(
                .patch, "/v1/projects/{ref}/config/auth", access: .permission(.authConfigWrite),
                effect: .change("config.auth"),
                operation: Operation(
                    summary: "Change the configuration of auth", body: .json(Self.body(lower)), answer: .json(lower))
            ) { try APIResponse(json: try await change($0, try SettingsJSON.values(try $0.decode(JSON.self)))) }
            .takingLargeBody,
            Route(
                .get, studio, access: .permission(.authConfigRead),
                operation: Operation(summary: "The configuration of auth in capitals", answer: .json(lower.capitalised))
            ) { try APIResponse(json: try await read($0).capitalised) },
            Route(
                .patch, studio, access: .permission(.authConfigWrite), effect: .change("config.auth"),
                operation: Operation(
                    summary: "Change the configuration of auth", body: .json(Self.body(lower.capitalised)),
                    answer: .json(lower.capitalised)), handler: changeCapitals
            ).takingLargeBody,
            Route(
                .patch, "\(studio)/hooks", access: .permission(.authConfigWrite), effect: .change("config.auth"),
                operation: Operation(
                    summary: "Change the hooks of auth", body: .json(Self.body(lower.capitalised)),
                    answer: .json(lower.capitalised)), handler: changeHooks),
        ]
    }

    /// The shape of a change: any of the keys.
    private static func body(_ schema: Schema) -> Schema {
        guard case .object(let fields) = schema else { return schema }
        return .object(fields.map { .optional($0.name, $0.schema) })
    }

    /// Callers who may not change the configuration see URLs without user names and passwords, and no fixed codes.
    private func read(_ request: APIRequest) async throws -> JSON {
        let record = try request.project()
        let permissions = try request.caller().permissions(in: record.organizationSlug, project: record.ref)
        return try await editor.object(
            AuthSettings.table, of: record.ref, forReaders: !permissions.contains(.authConfigWrite))
    }

    private func change(_ request: APIRequest, _ wanted: [String: SettingValue]) async throws -> JSON {
        try await editor.change(AuthSettings.table, to: wanted, request: request) {
            wanted, present throws(CatalogError) in
            try AuthSettings.changes(wanted, present: present)
        }
    }

    private func changeCapitals(_ request: APIRequest) async throws -> APIResponse {
        try APIResponse(json: try await change(request, try Self.lowered(request)).capitalised)
    }

    private func changeHooks(_ request: APIRequest) async throws -> APIResponse {
        let wanted = try Self.lowered(request)
        if let stranger = wanted.keys.sorted().first(where: { !$0.hasPrefix("hook_") }) {
            throw APIError(.badRequest, "\(stranger.uppercased()) is not a setting of a hook")
        }
        return try APIResponse(json: try await change(request, wanted).capitalised)
    }

    private static func lowered(_ request: APIRequest) throws(APIError) -> [String: SettingValue] {
        let wanted = try SettingsJSON.values(try request.decode(JSON.self))
        return Dictionary(wanted.map { ($0.key.lowercased(), $0.value) }) { _, last in last }
    }
}

extension JSON {
    /// The object with its keys in capitals.
    fileprivate var capitalised: JSON {
        guard let fields else { return self }
        return .object(Dictionary(fields.map { ($0.key.uppercased(), $0.value) }) { _, last in last })
    }
}

extension Schema {
    /// The same object with its fields in capitals.
    fileprivate var capitalised: Schema {
        guard case .object(let fields) = self else { return self }
        return .object(
            fields.map { field in
                let name = field.name.uppercased()
                return field.isRequired ? Schema.Field(name, field.schema) : .optional(name, field.schema)
            })
    }
}
