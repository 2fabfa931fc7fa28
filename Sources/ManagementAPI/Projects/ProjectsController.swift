import HTTPTypes
import Orchestrator
import ProjectModel
import Reconciler

/// `/platform/projects`: list, create, read, delete.
struct ProjectsController: Sendable {
    let catalog: ProjectCatalog
    let configuration: ManagementAPIConfiguration

    /// Longest accepted search text in bytes.
    static let searchLengthMax = 256

    var routes: [Route] {
        [
            Route(.get, "/platform/projects", .permission(.projectsRead), list),
            Route(.post, "/platform/projects", .permission(.projectsCreate), create),
            Route(.get, "/platform/projects/{ref}", .permission(.projectAdminRead), read),
            Route(.delete, "/platform/projects/{ref}", .permission(.projectAdminWrite), delete),
        ]
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        let query = try Self.projectQuery(request.query)
        return try APIResponse(json: ProjectListBody(try await catalog.projects(query), of: query))
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        let body = try request.decode(CreateProjectBody.self)
        let record = try await catalog.create(try body.request())
        let keys = try await ClientKeys(of: record.ref, in: catalog, configuration)
        let created = CreatedProject(
            row: ProjectRow(record), endpoint: catalog.apiURL(of: record) ?? "",
            anonKey: keys.anon?.reveal() ?? "", serviceKey: keys.service?.reveal() ?? "")
        return try APIResponse(.created, json: created)
    }

    private func read(_ request: APIRequest) async throws -> APIResponse {
        let record = try await catalog.project(try request.ref())
        return try APIResponse(json: ProjectDetail(record, apiURL: catalog.apiURL(of: record), configuration))
    }

    private func delete(_ request: APIRequest) async throws -> APIResponse {
        try APIResponse(json: DeletedProject(try await catalog.request(.deleteRequested, of: try request.ref())))
    }

    private static func projectQuery(_ query: QueryParameters) throws(APIError) -> ProjectQuery {
        var result = ProjectQuery()
        result.limit = try query.number("limit", in: 1...ProjectQuery.limitMax, default: ProjectQuery.limitMax)
        result.offset = try query.number("offset", in: 0...Int(Int32.max), default: 0)
        if let text = query["sort"] {
            guard let sort = ProjectQuery.Sort(rawValue: text) else {
                let known = ProjectQuery.Sort.allCases.map(\.rawValue).joined(separator: ", ")
                throw APIError(.badRequest, "sort must be one of \(known)")
            }
            result.sort = sort
        }
        if let search = query["search"], !search.isEmpty {
            guard search.utf8.count <= searchLengthMax, !search.utf8.contains(0) else {
                throw APIError(.badRequest, "search must be at most \(searchLengthMax) bytes of text")
            }
            result.search = search
        }
        return result
    }
}
