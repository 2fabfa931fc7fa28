import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator

/// `GET /platform/projects/{ref}/compose`: the project for other tools, ours alone.
struct ExportController: Sendable {
    let catalog: ProjectCatalog

    /// What a caller needs beyond reading, to see the values: they open everything in the project.
    private static let revealing: Set<Permission> = [
        .apiKeysRead, .signingKeysRead, .functionSecretsRead, .projectAdminWrite,
    ]

    var routes: [Route] {
        [
            Route(
                .get, "/platform/projects/{ref}/compose", access: .permission(.projectAdminRead),
                effect: .seen("project.export"),
                operation: Operation(
                    summary: "The project as a Compose file with its variables and files; values are masked",
                    query: [
                        .init(
                            name: "reveal", schema: .boolean,
                            description: "Show the values and the files' contents, for those who may change the project"
                        )
                    ], answer: .of(ProjectExport.self)), handler: export)
        ]
    }

    private func export(_ request: APIRequest) async throws -> APIResponse {
        let record = try request.project()
        let reveals = try request.query.flag("reveal", default: false)
        if reveals {
            let granted = try request.caller().permissions(in: record.organizationSlug, project: record.ref)
            guard granted.isSuperset(of: Self.revealing) else {
                throw APIError(
                    .forbidden,
                    "the values of a project are for those who may change it and see its keys and secrets: leave "
                        + "reveal out, or ask an administrator of the organization")
            }
            request.audit.show(["all secrets"])
        }
        return try APIResponse(
            json: ProjectExport(record, try await catalog.export(of: record.ref), reveals: reveals))
    }
}
