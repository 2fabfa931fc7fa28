import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel
import SettingTables

/// The configuration of the REST API (PostgREST).
struct DataAPIController: Sendable {
    let editor: SettingsEditor

    private static let fields: [Schema.Field] = [
        .init("db_schema", .text), .init("db_extra_search_path", .text), .init("max_rows", .integer()),
        .init("db_pool", .nullable(.integer())),
    ]
    private static let body = SettingsJSON.schema(StackSettings.rest.settings, isRequired: false)

    var routes: [Route] {
        [read("/v1/projects/{ref}/postgrest"), change("/v1/projects/{ref}/postgrest")]
            + [
                readStudio("/platform/projects/{ref}/config/postgrest"),
                change("/platform/projects/{ref}/config/postgrest"),
            ]
    }

    private func read(_ path: String) -> Route {
        Route(
            .get, path, access: .permission(.dataAPIConfigRead), effect: .seen("config.postgrest.read"),
            operation: Operation(
                summary: "The configuration of the REST API; the JWT secret for those who may see signing keys",
                answer: .json(.object(Self.fields + [.optional("jwt_secret", .text)])))
        ) { request in
            var object = try await editor.object(StackSettings.rest, of: try request.project().ref).fields ?? [:]
            if let secret = try await jwtSecret(request) { object["jwt_secret"] = .string(secret) }
            return try APIResponse(json: object)
        }
    }

    /// Studio's form names the role and the claim too, and always has a field for the secret.
    private func readStudio(_ path: String) -> Route {
        Route(
            .get, path, access: .permission(.dataAPIConfigRead), effect: .seen("config.postgrest.read"),
            operation: Operation(
                summary: "The configuration of the REST API as Studio reads it",
                answer: .json(
                    .object(
                        Self.fields + [
                            .init("db_anon_role", .text), .init("role_claim_key", .text), .init("jwt_secret", .text),
                        ])))
        ) { request in
            var object = try await editor.object(StackSettings.rest, of: try request.project().ref).fields ?? [:]
            let roles = try await editor.catalog.stack(of: try request.project()).roles
            object["db_anon_role"] = .string(roles.claim(of: .anon))
            object["role_claim_key"] = ".role"
            object["jwt_secret"] = .string(try await jwtSecret(request) ?? "")
            return try APIResponse(json: object)
        }
    }

    private func change(_ path: String) -> Route {
        Route(
            .patch, path, access: .permission(.dataAPIConfigWrite), effect: .change("config.postgrest"),
            operation: Operation(
                summary: "Change the configuration of the REST API", body: .json(Self.body),
                answer: .json(.object(Self.fields)))
        ) { request in
            let wanted = try SettingsJSON.values(try request.decode(JSON.self))
            return try APIResponse(json: try await editor.change(StackSettings.rest, to: wanted, request: request))
        }
    }

    private func jwtSecret(_ request: APIRequest) async throws -> String? {
        let record = try request.project()
        let granted = try request.caller().permissions(in: record.organizationSlug, project: record.ref)
        guard granted.contains(.signingKeysRead) else { return nil }
        let keys = try await ClientKeys(of: record, in: editor.catalog, for: [.signingKeysRead])
        request.audit.show(keys.secretNames)
        return keys.jwtSecret?.reveal()
    }
}
