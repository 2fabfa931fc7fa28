import HTTPTypes
import Identity
import Orchestrator

/// `GET /platform/projects/{ref}/settings`, and the passwords that Studio has no place for.
struct SettingsController: Sendable {
    let catalog: ProjectCatalog
    let configuration: ManagementAPIConfiguration

    var routes: [Route] {
        [
            Route(
                .get, "/platform/projects/{ref}/settings", .permission(.projectAdminRead),
                Operation(
                    summary: "Connection data; with the keys for those who may see them",
                    answer: .of(ProjectSettings.self)), read),
            Route(
                .get, "/platform/projects/{ref}/credentials", .permission(.apiKeysRead), .seen("project.credentials"),
                Operation(
                    summary: "The passwords of the database and of the project's own dashboard",
                    answer: .of(ProjectCredentials.self)), credentials),
        ]
    }

    private func read(_ request: APIRequest) async throws -> APIResponse {
        let record = try request.project()
        let granted = try request.caller().permissions(in: record.organizationSlug, project: record.ref)
        let keys =
            granted.contains(.apiKeysRead)
            ? try await ClientKeys(of: record.ref, in: catalog, configuration) : .none
        let settings = ProjectSettings(record, keys: keys, apiURL: try await catalog.apiURL(of: record), configuration)
        return try APIResponse(json: settings)
    }

    private func credentials(_ request: APIRequest) async throws -> APIResponse {
        let record = try request.project()
        let secrets = try await catalog.secrets(of: record.ref)
        request.audit.noteAttempt()
        return try APIResponse(
            json: ProjectCredentials(record, secrets, apiURL: try await catalog.apiURL(of: record), configuration))
    }
}
