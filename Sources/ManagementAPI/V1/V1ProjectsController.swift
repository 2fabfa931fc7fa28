import HTTPTypes
import Orchestrator
import Reconciler

/// `/v1/projects`: what the Supabase CLI and the Terraform provider use.
struct V1ProjectsController: Sendable {
    let catalog: ProjectCatalog
    let configuration: ManagementAPIConfiguration

    /// Most projects that the list, which has no pages on this API, holds.
    static let projectsMax = 10_000

    var routes: [Route] {
        let one = "/v1/projects/{ref}"
        return [
            Route(.get, "/v1/projects", .permission(.projectsRead), list),
            Route(.post, "/v1/projects", .permission(.projectsCreate), create),
            Route(.get, one, .permission(.projectAdminRead), read),
            Route(.delete, one, .permission(.projectAdminWrite), delete),
            Route(.post, "\(one)/pause", .permission(.projectAdminWrite)) { try await accept(.pauseRequested, $0) },
            Route(.post, "\(one)/restore", .permission(.projectAdminWrite)) { try await accept(.resumeRequested, $0) },
            Route(.post, "\(one)/restart", .permission(.projectAdminWrite)) { try await accept(.restartRequested, $0) },
        ]
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        var records: [ProjectRecord] = []
        var page = try await catalog.projects(ProjectQuery(sort: .createdAscending))
        while !page.projects.isEmpty, records.count < Self.projectsMax {
            records += page.projects
            guard records.count < page.count else { break }
            page = try await catalog.projects(ProjectQuery(offset: records.count, sort: .createdAscending))
        }
        let database = V1Project.Database(configuration)
        return try APIResponse(json: records.map { V1Project($0, database: database) })
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        let body = try request.decode(CreateProjectBody.self)
        let record = try await catalog.create(try body.request())
        return try APIResponse(.created, json: V1Project(record, database: nil))
    }

    private func read(_ request: APIRequest) async throws -> APIResponse {
        let record = try await catalog.project(try request.ref())
        return try APIResponse(json: V1Project(record, database: V1Project.Database(configuration)))
    }

    private func delete(_ request: APIRequest) async throws -> APIResponse {
        try APIResponse(json: DeletedProject(try await catalog.request(.deleteRequested, of: try request.ref())))
    }

    private func accept(_ event: ProjectLifecycle.Event, _ request: APIRequest) async throws -> APIResponse {
        _ = try await catalog.request(event, of: try request.ref())
        return APIResponse(.ok)
    }
}
