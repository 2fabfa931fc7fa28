import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel
import Reconciler

/// `/platform/projects`: list, create, read, rename, delete.
struct ProjectsController: Sendable {
    let catalog: ProjectCatalog
    let publicHost: String
    private let answers = ListResponseCache()

    var routes: [Route] {
        let one = "/platform/projects/{ref}"
        return [
            Route(
                .get, "/platform/projects", access: .permission(.projectsRead),
                operation: Operation(
                    summary: "The projects that you see", query: ProjectListQuery.parameters,
                    answer: .of(ProjectListBody.self)), handler: list),
            Route(
                .post, "/platform/projects", access: .permission(.projectsCreate), effect: .change("project.create"),
                operation: Operation(
                    summary: "Create a project", body: .json(CreateProjectBody.schema),
                    answer: .of(CreatedProject.self, .created), refusals: CreateProjectBody.refusals), handler: create
            ).checking(CreateProjectBody.check).showing(.fields(["service_key"])),
            Route(
                .get, one, access: .permission(.projectAdminRead),
                operation: Operation(summary: "One project", answer: .of(ProjectDetail.self)), handler: read),
            Route(
                .delete, one, access: .permission(.projectAdminWrite), effect: .change("project.delete"),
                operation: Operation.deletion, handler: catalog.acceptDeletion
            ).refusingUnknownQuery,
        ]
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        let caller = try request.caller()
        var query = try ProjectListQuery.parse(request.query)
        query.visibility = caller.projectVisibility
        let page = try await catalog.projects(query)
        return try await answers.answer(page, to: query, for: caller) {
            try APIResponse(json: ProjectListBody(page, of: query, for: caller) { catalog.isUpgradeAvailable(for: $0) })
        }
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        let record = try await catalog.create(request, body: try request.decode(CreateProjectBody.self))
        let keys = try await ClientKeys(of: record, in: catalog)
        // Who may create a project need not be allowed to see its keys.
        let granted = try request.caller().permissions(in: record.organizationSlug, project: record.ref)
        let serviceKey = granted.contains(.apiKeysRead) ? keys.service : nil
        if serviceKey != nil { request.audit.show(["service_role"]) }
        let created = CreatedProject(
            row: ProjectRow(
                record, organization: try request.organizationNumber(of: record),
                isUpgradeAvailable: catalog.isUpgradeAvailable(for: record)),
            endpoint: try await catalog.endpoint(of: record)?.url ?? "", anonKey: keys.anon?.reveal() ?? "",
            serviceKey: serviceKey?.reveal() ?? "")
        return try await APIResponse(.created, json: created).naming(operationOf: record.ref, in: catalog)
    }

    private func read(_ request: APIRequest) async throws -> APIResponse {
        let record = try request.project()
        return try APIResponse(
            json: ProjectDetail(
                try await catalog.stack(of: record), organization: try request.organizationNumber(of: record),
                endpoint: try await catalog.endpoint(of: record),
                isUpgradeAvailable: catalog.isUpgradeAvailable(for: record),
                publicHost))
    }
}

extension ProjectCatalog {
    /// Creates the project that a body asks for. Whether the caller may is for ``CreateProjectBody/check(_:)``.
    func create(_ request: APIRequest, body: CreateProjectBody) async throws -> ProjectRecord {
        let caller = try request.caller()
        var wanted = try body.request(for: caller)
        wanted.requestedBy = caller.account.email
        let record = try await create(wanted)
        request.audit.scope(organization: record.organizationSlug)
        request.audit.target("project", record.ref.text)
        request.audit.change("name", from: nil, to: record.name.text)
        if let source = wanted.attachVolumesOf { request.audit.target("volumes_of", source.text) }
        return record
    }

    /// Asks for a change of status of the project that the path names, and notes it for the audit trail.
    func accept(_ event: ProjectLifecycle.Event, _ request: APIRequest) async throws -> ProjectRecord {
        let before = try request.project()
        let record = try await self.request(event, of: before.ref, by: try request.caller().account.email)
        request.audit.change("status", from: before.status.rawValue, to: record.status.rawValue)
        return record
    }
}

extension CreateProjectBody {
    /// Refuses callers who may not create projects in the organization that the body names, or take over the volumes of
    /// the project that it names.
    static let check: Route.Check = { request in
        let caller = try request.caller()
        let wanted = try request.decode(CreateProjectBody.self).request(for: caller)
        try caller.require([.projectsCreate], in: wanted.organizationSlug)
        guard let source = wanted.attachVolumesOf else { return }
        try caller.require([.projectAdminWrite], in: wanted.organizationSlug, project: source)
    }
}

extension Operation.Refusal {
    /// 409 for what the present status does not allow.
    static let conflict = Operation.Refusal(status: .conflict, meaning: "not possible in the present status")
}
