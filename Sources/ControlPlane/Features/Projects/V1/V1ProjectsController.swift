import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import Reconciler

/// `/v1/projects`: what the Supabase CLI and the Terraform provider use.
struct V1ProjectsController: Sendable {
    let catalog: ProjectCatalog
    let publicHost: String
    private let answers = ListResponseCache()

    var routes: [Route] {
        let one = "/v1/projects/{ref}"
        return [
            Route(
                .get, "/v1/projects", access: .permission(.projectsRead),
                operation: Operation(summary: "The projects that you see", answer: .of([V1Project].self)), handler: list
            ),
            Route(
                .post, "/v1/projects", access: .permission(.projectsCreate), effect: .change("project.create"),
                operation: Operation(
                    summary: "Create a project", body: .json(CreateProjectBody.schema),
                    answer: .of(V1Project.self, .created), refusals: CreateProjectBody.refusals), handler: create
            ).checking(CreateProjectBody.check),
            Route(
                .get, one, access: .permission(.projectAdminRead),
                operation: Operation(summary: "One project", answer: .of(V1Project.self)), handler: read),
            Route(
                .delete, one, access: .permission(.projectAdminWrite), effect: .change("project.delete"),
                operation: Operation.deletion, handler: catalog.acceptDeletion
            ).refusingUnknownQuery,
            lifecycle("\(one)/pause", event: .pauseRequested, action: "project.pause", summary: "Pause a project")
                .needing(.removal),
            lifecycle(
                "\(one)/restore", event: .resumeRequested, action: "project.resume", summary: "Resume a paused project"),
            lifecycle(
                "\(one)/restart", event: .restartRequested, action: "project.restart", summary: "Restart a project"),
        ]
    }

    private func lifecycle(
        _ path: String, event: ProjectLifecycle.Event, action: String, summary: String
    ) -> Route {
        Route(
            .post, path, access: .permission(.projectAdminWrite), effect: .change(action),
            operation: Operation(
                summary: summary, body: .optionalJSON(.object([])), answer: .empty(.ok),
                refusals: [.conflict, .noLease])
        ) { request in
            let record = try await catalog.accept(event, request)
            return try await APIResponse(.ok).naming(operationOf: record.ref, in: catalog)
        }
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        let caller = try request.caller()
        // The list has no pages on this API.
        var query = ProjectQuery(limit: ProjectQuery.wholeListMax, sort: .createdAscending)
        query.visibility = caller.projectVisibility
        let page = try await catalog.projects(query)
        return try await answers.answer(page, to: query, for: caller) {
            var rows: [V1Project] = []
            for record in page.projects { rows.append(V1Project(record, database: try await database(of: record))) }
            return try APIResponse(json: rows)
        }
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        let record = try await catalog.create(request, body: try request.decode(CreateProjectBody.self))
        return try await APIResponse(.created, json: V1Project(record, database: nil))
            .naming(operationOf: record.ref, in: catalog)
    }

    private func read(_ request: APIRequest) async throws -> APIResponse {
        let record = try request.project()
        return try APIResponse(json: V1Project(record, database: try await database(of: record)))
    }

    private func database(of record: ProjectRecord) async throws(CatalogError) -> V1Project.Database {
        V1Project.Database(try await catalog.stack(of: record).roles, publicHost)
    }
}
