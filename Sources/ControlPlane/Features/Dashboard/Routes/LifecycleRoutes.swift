import APIKit
import FeatureKit
import HTTPTypes
import Identity
import ProjectModel

/// What a person asks of a project: pause, resume, restart, cancel, delete. Each leads back to its page.
struct LifecycleRoutes: Sendable {
    let pages: Pages
    let calls: InternalCalls

    var routes: [Route] {
        let path = ProjectRoutes.path
        return ["pause", "resume", "restart"].map(route) + [
            Route(
                .post, "\(path)/operations/{identifier}/cancel", access: .permission(.projectAdminWrite),
                operation: .form("Cancel an operation")
            ) { request in
                let id = try request.uuid("identifier")
                return try await ask(request, "operations/\(id)/cancel")
            },
            Route(
                .get, "\(path)/delete", access: .permission(.projectAdminWrite),
                operation: .page("What deleting a project means")
            ) { try await confirm($0, FormFields("")) },
            Route(
                .post, "\(path)/delete", access: .permission(.projectAdminWrite),
                operation: .form("Delete a project"), handler: delete),
            Route(
                .get, "\(path)/deletion", access: .permission(.projectAdminRead),
                operation: .page("What a deletion destroyed and kept")
            ) { request in
                let receipt = try await calls.json(
                    .get, "/platform/projects/\(try request.ref())/deletion-receipt", for: request)
                var fields = StatusWord.fields(of: receipt["status"]?.text)
                fields["receipt"] = PageValue(receipt)
                fields["ref"] = .text(try request.ref().text)
                return try pages.page("deletion", title: "Deletion", fields, for: request)
            }.reachingDeleted,
        ]
    }

    private func route(_ verb: String) -> Route {
        Route(
            .post, "\(ProjectRoutes.path)/\(verb)", access: .permission(.projectAdminWrite),
            operation: .form("Ask for a \(verb)")
        ) { try await ask($0, verb) }
    }

    private func ask(_ request: APIRequest, _ what: String) async throws -> APIResponse {
        let ref = try request.ref()
        _ = try await calls.send(.post, "/platform/projects/\(ref)/\(what)", for: request)
        return pages.see("\(Pages.home)/projects/\(ref)")
    }

    private func confirm(
        _ request: APIRequest, _ given: FormFields, problem: String? = nil
    ) async throws -> APIResponse {
        let detail = try await calls.json(.get, "/platform/projects/\(try request.ref())", for: request)
        return try pages.page(
            "confirm-delete", title: "Delete a project",
            [
                "project": PageValue(detail), "problem": .visible(problem), "typed": .visible(given["name"]),
                "keeps": .flag(given["data"] != "destroy"),
            ], for: request, status: problem == nil ? .ok : .badRequest)
    }

    /// Deletes a project whose name was typed, with the fate of its data that was chosen. A form that says neither
    /// deletes nothing.
    private func delete(_ request: APIRequest) async throws -> APIResponse {
        let (ref, given) = (try request.ref(), try request.form())
        let detail = try await calls.json(.get, "/platform/projects/\(ref)", for: request)
        guard let name = detail["name"]?.text, given.trimmed("name") == name else {
            return try await confirm(
                request, given, problem: "this is not the name of the project; nothing was deleted")
        }
        guard let data = given["data"], ["keep", "destroy"].contains(data) else {
            return try await confirm(request, given, problem: "choose what happens to the data; nothing was deleted")
        }
        _ = try await calls.send(
            .delete, "/platform/projects/\(ref)?keep_volumes=\(data == "keep")", for: request)
        return pages.see("\(Pages.home)/projects/\(ref)/deletion")
    }
}
