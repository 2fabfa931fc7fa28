import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// The settings of a project's services, its secrets for functions, and its upgrade.
struct SettingsRoutes: Sendable {
    let frame: ProjectPages

    static let path = "\(ProjectRoutes.path)/settings"

    /// A service whose settings have a page.
    struct Service: Sendable {
        let name: String
        let label: String
        let area: SettingName.Area
        /// Behind `/v1/projects/{ref}`.
        let suffix: String
        let method: HTTPRequest.Method
        let read: Permission
        let write: Permission
    }

    static let services = [
        Service(
            name: "auth", label: "Auth", area: .auth, suffix: "/config/auth", method: .patch, read: .authConfigRead,
            write: .authConfigWrite),
        Service(
            name: "api", label: "Data API", area: .rest, suffix: "/postgrest", method: .patch,
            read: .dataAPIConfigRead, write: .dataAPIConfigWrite),
        Service(
            name: "storage", label: "Storage", area: .storage, suffix: "/config/storage", method: .patch,
            read: .storageConfigRead, write: .storageConfigWrite),
        Service(
            name: "realtime", label: "Realtime", area: .realtime, suffix: "/config/realtime", method: .patch,
            read: .realtimeConfigRead, write: .realtimeConfigWrite),
        Service(
            name: "database", label: "Database", area: .database, suffix: "/config/database/postgres", method: .put,
            read: .databaseConfigRead, write: .databaseConfigWrite),
    ]

    var routes: [Route] { [overview] + Self.services.flatMap(routes(of:)) + secretRoutes + [upgrade] }

    private var overview: Route {
        Route(
            .get, Self.path, access: .permission(.projectAdminRead), operation: .page("The settings of a project")
        ) { try await show($0) }
    }

    private func routes(of service: Service) -> [Route] {
        let path = "\(Self.path)/\(service.name)"
        return [
            Route(
                .get, path, access: .permission(service.read), operation: .page("The settings of \(service.label)")
            ) { try await show(service, $0) },
            Route(
                .post, path, access: .permission(service.write), operation: .form("Change settings of \(service.label)")
            ) { try await change(service, $0) }.takingLargeBody,
        ]
    }

    /// The pages of services that the caller may read.
    private func tabs(_ request: APIRequest, current: String) throws -> PageValue {
        let granted = try frame.granted(request)
        let all =
            [("", "General")] + Self.services.filter { granted.contains($0.read) }.map { ("/\($0.name)", $0.label) }
        return .list(
            all.map { suffix, label in
                .object(["suffix": .text(suffix), "label": .text(label), "is_current": .flag(suffix == current)])
            })
    }

    private func form(_ service: Service, _ request: APIRequest) async throws -> SettingsForm {
        let path = "/v1/projects/\(try request.ref())\(service.suffix)"
        var values = SettingsForm.flat(try await frame.calls.json(.get, path, for: request))
        if service.area == .database {
            // The API leaves out what is not set.
            for key in SettingsForm.keys(of: .database) where values[key] == nil { values[key] = .null }
        }
        return SettingsForm(area: service.area, values: values)
    }

    private func show(
        _ service: Service, _ request: APIRequest, given: FormFields? = nil, problem: APIError? = nil
    ) async throws -> APIResponse {
        let groups = try await form(service, request).fields(given: given, problem: problem?.message)
        return try await show(service, request, groups: groups, problem: problem)
    }

    private func show(
        _ service: Service, _ request: APIRequest, groups: PageValue, problem: APIError?
    ) async throws -> APIResponse {
        try await frame.page(
            "settings-service", in: .settings, title: "\(service.label) settings",
            [
                "tabs": try tabs(request, current: "/\(service.name)"), "service": .text(service.name),
                "label": .text(service.label), "groups": groups,
                "can_write": .flag(try frame.granted(request).contains(service.write)),
                "restarts": .flag(service.area == .database), "is_saved": .flag(request.query["saved"] == "1"),
            ], for: request, status: problem?.status ?? .ok)
    }

    private func change(_ service: Service, _ request: APIRequest) async throws -> APIResponse {
        let given = try request.form()
        let form = try await form(service, request)
        guard let group = form.groups.first(where: { $0.name == given["group"] ?? "" }) else {
            throw APIError(.notFound, "there is no such group of settings")
        }
        let conflicts = form.conflicts(given, group: group)
        if !conflicts.isEmpty {
            let problem = Self.conflict(conflicts)
            // Of the values that were compared: what is changed from here on is found by the next save.
            let groups = form.fields(given: given, problem: problem.message, conflicts: conflicts)
            return try await show(service, request, groups: groups, problem: problem)
        }
        guard let body = form.change(given, group: group) else {
            return try frame.see("/settings/\(service.name)", of: request)
        }
        do {
            let path = "/v1/projects/\(try request.ref())\(service.suffix)"
            _ = try await frame.calls.send(service.method, path, body: body, for: request)
        } catch {
            return try await show(service, request, given: given, problem: try APIError.refusal(error))
        }
        return try frame.see("/settings/\(service.name)?saved=1", of: request)
    }

    private static func conflict(_ keys: [String]) -> APIError {
        let (were, values) = keys.count == 1 ? ("was", "your value replaces it") : ("were", "your values replace them")
        return APIError(
            .conflict,
            "nothing was saved: \(keys.joined(separator: ", ")) \(were) changed after this page was opened. Saved once "
                + "more, \(values); open the page again to see first what is there")
    }

    // MARK: General

    private func show(_ request: APIRequest, problem: APIError? = nil) async throws -> APIResponse {
        let ref = try request.ref()
        let granted = try frame.granted(request)
        var fields: [String: PageValue] = [
            "tabs": try tabs(request, current: ""), "problem": .visible(problem?.message),
            "can_upgrade": .flag(granted.contains(.projectAdminWrite)),
            "can_write_secrets": .flag(granted.contains(.functionSecretsWrite)),
        ]
        let upgrade = try await frame.calls.json(.get, "/v1/projects/\(ref)/upgrade/eligibility", for: request)
        fields["upgrade"] = PageValue(upgrade).adding([
            "reasons": .list((upgrade["reasons"]?.elements ?? []).map { .object(["text": .visible($0.text)]) })
        ])
        if granted.contains(.functionSecretsRead) {
            fields["has_secrets"] = true
            fields["secrets"] = PageValue(
                try await frame.calls.json(.get, "/v1/projects/\(ref)/secrets", for: request))
        }
        return try await frame.page(
            "settings", in: .settings, title: "Settings", fields, for: request, status: problem?.status ?? .ok)
    }

    private var secretRoutes: [Route] {
        [
            Route(
                .post, "\(Self.path)/secrets", access: .permission(.functionSecretsWrite),
                operation: .form("Set a secret of functions")
            ) { request in
                let form = try request.form()
                let secret: JSON = ["name": .string(form.trimmed("name")), "value": .string(form["value"] ?? "")]
                return try await general(request, .post, path: "/secrets", body: .array([secret]))
            }.takingLargeBody,
            Route(
                .post, "\(Self.path)/secrets/delete", access: .permission(.functionSecretsWrite),
                operation: .form("Forget a secret of functions")
            ) { request in
                let name = JSON.string(try request.form()["name"] ?? "")
                return try await general(request, .delete, path: "/secrets", body: .array([name]))
            },
        ]
    }

    private var upgrade: Route {
        Route(
            .post, "\(Self.path)/upgrade", access: .permission(.projectAdminWrite),
            operation: .form("Upgrade a project to the installed template")
        ) { request in
            let version = try request.form()["version"] ?? ""
            return try await general(
                request, .post, path: "/upgrade", body: ["target_version": .string(version)], then: "")
        }
    }

    private func general(
        _ request: APIRequest, _ method: HTTPRequest.Method, path suffix: String, body: JSON,
        then place: String = "/settings"
    ) async throws -> APIResponse {
        do {
            _ = try await frame.calls.send(
                method, "/v1/projects/\(try request.ref())\(suffix)", body: body, for: request)
        } catch { return try await show(request, problem: try APIError.refusal(error)) }
        return try frame.see(place, of: request)
    }
}
