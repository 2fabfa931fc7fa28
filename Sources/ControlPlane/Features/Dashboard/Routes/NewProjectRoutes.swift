import APIKit
import FeatureKit
import HTTPTypes
import Identity

/// The form for a new project. Its page shows how the services come up.
struct NewProjectRoutes: Sendable {
    let pages: Pages
    let calls: InternalCalls
    let stacks: [String]

    private static let path = "\(Pages.home)/new"

    var routes: [Route] {
        [
            Route(
                .get, Self.path, access: .permission(.projectsCreate), operation: .page("A new project")
            ) { try form($0, FormFields("")) },
            Route(
                .post, Self.path, access: .permission(.projectsCreate), operation: .form("Create a project"),
                handler: create),
        ]
    }

    private func form(_ request: APIRequest, _ given: FormFields, problem: APIError? = nil) throws -> APIResponse {
        let caller = try request.caller()
        let organizations = caller.organizationSlugs.filter {
            caller.permissions(in: $0).contains(.projectsCreate)
        }
        return try pages.page(
            "new-project", title: "New project",
            [
                "name": .visible(given["name"]), "problem": .visible(problem?.message),
                "choices": Self.choices(organizations, chosen: given["organization"]),
                "has_choice": .flag(organizations.count > 1),
                "stacks": Self.choices(stacks, chosen: given["stack"]),
            ], for: request, status: problem?.status ?? .ok)
    }

    /// Choices of a form; the first is chosen where none is.
    private static func choices(_ names: [String], chosen: String?) -> PageValue {
        let selected = names.first { $0 == chosen } ?? names.first
        return .list(
            names.map { .object(["value": .visible($0), "is_chosen": .flag($0 == selected)]) })
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        let given = try request.form()
        let body = JSON.compact([
            "name": .string(given.trimmed("name")), "organization_slug": given["organization"].map { .string($0) },
            "stack": given["stack"].map { .string($0) },
        ])
        do {
            let created = try await calls.json(.post, "/platform/projects", body: body, for: request)
            return pages.see("\(Pages.home)/projects/\(created["ref"]?.text ?? "")")
        } catch {
            let refusal = APIError(anything: error)
            guard refusal.status.kind == .clientError else { throw error }
            return try form(request, given, problem: refusal)
        }
    }
}
