import HTTPTypes
import Orchestrator

/// `GET /platform/projects/{ref}/settings`, and the passwords that Studio has no place for.
struct SettingsController: Sendable {
    let catalog: ProjectCatalog
    let configuration: ManagementAPIConfiguration

    var routes: [Route] {
        [
            Route(.get, "/platform/projects/{ref}/settings", .permission(.apiKeysRead), read),
            Route(.get, "/platform/projects/{ref}/credentials", .permission(.apiKeysRead), credentials),
        ]
    }

    private func read(_ request: APIRequest) async throws -> APIResponse {
        let record = try await catalog.project(try request.ref())
        let keys = try await ClientKeys(of: record.ref, in: catalog, configuration)
        let settings = ProjectSettings(record, keys: keys, apiURL: catalog.apiURL(of: record), configuration)
        return try APIResponse(json: settings)
    }

    private func credentials(_ request: APIRequest) async throws -> APIResponse {
        let record = try await catalog.project(try request.ref())
        let secrets = try await catalog.secrets(of: record.ref)
        return try APIResponse(
            json: ProjectCredentials(record, secrets, apiURL: catalog.apiURL(of: record), configuration))
    }
}
