import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// `GET /platform/projects/{ref}/settings`, and the passwords that Studio has no place for.
struct SettingsController: Sendable {
    let catalog: ProjectCatalog
    let publicHost: String

    var routes: [Route] {
        [
            Route(
                .get, "/platform/projects/{ref}/settings", access: .permission(.projectAdminRead),
                effect: .seen("project.settings"),
                operation: Operation(
                    summary: "Connection data; with the keys and the JWT secret for those who may see them",
                    answer: .of(ProjectSettings.self)), handler: read),
            Route(
                .get, "/platform/projects/{ref}/credentials", access: .permission(.apiKeysRead),
                effect: .seen("project.credentials"),
                operation: Operation(
                    summary: "The passwords of the database and of the project's own dashboard",
                    answer: .of(ProjectCredentials.self)), handler: credentials),
        ]
    }

    private func read(_ request: APIRequest) async throws -> APIResponse {
        let record = try request.project()
        let granted = try request.caller().permissions(in: record.organizationSlug, project: record.ref)
        let keys = try await ClientKeys(of: record, in: catalog, for: granted)
        request.audit.show(keys.secretNames)
        let settings = ProjectSettings(
            try await catalog.stack(of: record), keys: keys, endpoint: try await catalog.endpoint(of: record),
            publicHost)
        return try APIResponse(json: settings)
    }

    private func credentials(_ request: APIRequest) async throws -> APIResponse {
        let record = try request.project()
        let secrets = try await catalog.secrets(of: record.ref)
        let stack = try await catalog.stack(of: record)
        let user = stack.roles.settings[.dashboardUser]
        let settings = user == nil ? nil : try await catalog.settings(of: record.ref)
        let credentials = ProjectCredentials(
            stack: stack, secrets: secrets, dashboardUser: user.flatMap { settings?[$0] },
            endpoint: try await catalog.endpoint(of: record), publicHost: publicHost)
        request.audit.show(credentials.secretNames)
        return try APIResponse(json: credentials)
    }
}
