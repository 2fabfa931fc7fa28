import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator

/// The installation, for those who administer it: what is wrong, what is left over, what runs.
struct InstallationRoutes: Sendable {
    let pages: Pages
    let calls: InternalCalls

    static let path = "\(Pages.home)/installation"

    /// Jobs that the page lists.
    private static let jobsShown = 50

    var routes: [Route] {
        [
            Route(
                .get, Self.path, access: .installation(.organizationAdminWrite), operation: .page("The installation")
            ) { try await show($0) },
            Route(
                .get, "\(Self.path)/jobs", access: .installation(.organizationAdminWrite),
                operation: .page("The jobs of the manager"), handler: jobs),
            change("/orphans/{id}/remove", "Remove an orphan") { request in
                (.post, "/platform/orphans/\(try request.number("id"))/remove", nil)
            },
            change("/volumes/destroy", "Destroy a kept volume") { request in
                let form = try request.form()
                let name = GatewayRequest.encoded(form["name"] ?? "")
                let slug = GatewayRequest.encoded(form["organization"] ?? "")
                return (.delete, "/platform/organizations/\(slug)/kept-volumes/\(name)", nil)
            },
            change("/registries", "Store a login for a registry") { request in
                let form = try request.form()
                let body: JSON = [
                    "username": .string(form.trimmed("username")), "password": .string(form["password"] ?? ""),
                ]
                return (.put, "/platform/registries/\(GatewayRequest.encoded(form.trimmed("registry")))", body)
            },
            change("/registries/forget", "Forget the login for a registry") { request in
                let name = GatewayRequest.encoded(try request.form()["registry"] ?? "")
                return (.delete, "/platform/registries/\(name)", nil)
            },
        ]
    }

    private typealias Call = (HTTPRequest.Method, String, JSON?)

    private func change(
        _ suffix: String, _ summary: String, call: @escaping @Sendable (APIRequest) throws -> Call
    ) -> Route {
        Route(
            .post, Self.path + suffix, access: .installation(.organizationAdminWrite), operation: .form(summary)
        ) { request in
            do {
                let (method, path, body) = try call(request)
                _ = try await calls.send(method, path, body: body, for: request)
            } catch { return try await show(request, problem: try APIError.refusal(error)) }
            return pages.see(Self.path)
        }
    }

    private func show(_ request: APIRequest, problem: APIError? = nil) async throws -> APIResponse {
        let report = try await calls.json(.post, "/platform/debug/consistency", for: request)
        var volumes: [PageValue] = []
        for slug in try request.caller().organizationSlugs {
            let granted = try request.caller().permissions(in: slug)
            guard granted.contains(.organizationProjectsRead) else { continue }
            let kept = try await calls.json(.get, "/platform/organizations/\(slug)/kept-volumes", for: request)
            volumes += (kept.elements ?? []).map { volume in
                PageValue(volume).adding([
                    "organization": .visible(slug), "can_destroy": .flag(granted.contains(.projectAdminWrite)),
                ])
            }
        }
        return try pages.page(
            "installation", title: "Installation",
            [
                "problem": .visible(problem?.message), "report": PageValue(report),
                "findings": .list((report["findings"]?.elements ?? []).map(Self.finding)),
                "orphans": PageValue(try await calls.json(.get, "/platform/orphans", for: request)),
                "registries": PageValue(try await calls.json(.get, "/platform/registries", for: request)),
                "volumes": .list(volumes),
            ], for: request, status: problem?.status ?? .ok)
    }

    private static func finding(_ finding: JSON) -> PageValue {
        let severity = finding["severity"]?.text ?? ""
        return PageValue(finding).adding([
            "kind": .text(["error": "bad", "warning": "busy"][severity] ?? "good")
        ])
    }

    private func jobs(_ request: APIRequest) async throws -> APIResponse {
        let jobs = try await calls.json(.get, "/platform/jobs?limit=\(Self.jobsShown)", for: request)
        return try pages.page(
            "jobs", title: "Jobs",
            [
                "jobs": .list(
                    (jobs.elements ?? []).map { job in
                        let isBad = job["state"]?.text == "failed" || job["error"]?.text != nil
                        let kind = isBad ? "bad" : job["state"]?.text == "running" ? "busy" : "idle"
                        return PageValue(job).adding(["colour": .text(kind)])
                    })
            ], for: request)
    }
}
