import APIKit
import FeatureKit
import HTTPTypes
import Identity

/// The parts of a project, as its pages lead to them.
enum ProjectSection: String, CaseIterable, Sendable {
    case overview, data, sql, users, storage, usage, settings

    var label: String {
        switch self {
        case .overview: "Overview"
        case .data: "Tables"
        case .sql: "SQL"
        case .users: "Users"
        case .storage: "Storage"
        case .usage: "Usage"
        case .settings: "Settings"
        }
    }

    /// What the caller needs to see it.
    var permission: Permission {
        switch self {
        case .overview, .settings: .projectAdminRead
        case .data, .sql: .databaseRead
        case .users: .databaseWrite
        case .storage: .storageRead
        case .usage: .analyticsUsageRead
        }
    }

    /// Behind the path of the project.
    var suffix: String { self == .overview ? "" : "/\(rawValue)" }
}

/// Pages of one project: each begins with the same head, which leads to the others.
struct ProjectPages: Sendable {
    let pages: Pages
    let calls: InternalCalls

    /// A page of a project.
    ///
    /// - Parameter detail: the project, where it is known.
    func page(
        _ name: String, in section: ProjectSection, title: String, _ fields: [String: PageValue],
        for request: APIRequest, status: HTTPResponse.Status = .ok
    ) async throws -> APIResponse {
        let detail = try await calls.json(.get, "/platform/projects/\(try request.ref())", for: request)
        var all = fields
        all["project"] = PageValue(detail)
        all["sections"] = try sections(request, section)
        let project = PageText.visible(detail["name"]?.text ?? "")
        return try pages.page(name, title: "\(title) · \(project)", all, for: request, status: status)
    }

    /// The parts of a project that the caller may see.
    func sections(_ request: APIRequest, _ current: ProjectSection) throws -> PageValue {
        let ref = try request.ref()
        let granted = try granted(request)
        return .list(
            ProjectSection.allCases.filter { granted.contains($0.permission) }.map { section in
                .object([
                    "label": .text(section.label), "path": .text("\(Pages.home)/projects/\(ref)\(section.suffix)"),
                    "is_current": .flag(section == current),
                ])
            })
    }

    /// What the caller may do in the project.
    func granted(_ request: APIRequest) throws -> Set<Permission> {
        Set(
            try request.caller().permissions(
                in: request.admitted?.organizationSlug ?? "", project: try request.ref()))
    }

    /// Leads to a page of the project.
    func see(_ suffix: String, of request: APIRequest) throws -> APIResponse {
        pages.see("\(Pages.home)/projects/\(try request.ref())\(suffix)")
    }
}

extension APIError {
    /// A refusal that the caller can do something about and that a form shows; throws any other error.
    static func refusal(_ error: any Error) throws -> APIError {
        let refusal = APIError(anything: error)
        guard refusal.status.kind == .clientError, ![.unauthorized, .notFound].contains(refusal.status) else {
            throw error
        }
        return refusal
    }
}
