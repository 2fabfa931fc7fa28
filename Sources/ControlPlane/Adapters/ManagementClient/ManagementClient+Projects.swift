import CurlKit
public import ProjectModel

// Projects.
extension ManagementClient {
    /// Most projects of one page.
    static let pageLength = 100
    /// Most pages that are read for one list.
    static let pagesMax = 100

    /// All projects that the account sees, by name.
    ///
    /// - Parameter search: part of the name or the ref.
    public func projects(search: String? = nil) async throws(ClientError) -> [ProjectSummary] {
        var projects: [ProjectSummary] = []
        for page in 0..<Self.pagesMax {
            var query = [("limit", "\(Self.pageLength)"), ("offset", "\(page * Self.pageLength)")]
            if let search { query.append(("search", search)) }
            let answer: ProjectPage = try await answer(.get("platform", "projects", query: query))
            projects += answer.projects
            if projects.count >= answer.pagination.count || answer.projects.isEmpty { return projects }
        }
        throw .failed("there are more than \(Self.pagesMax * Self.pageLength) projects: narrow the list down")
    }

    /// The project that a person means by a ref or by a name.
    ///
    /// - Throws: ``ClientError/notFound(_:)`` when there is none, ``ClientError/invalid(_:)`` when several have the
    ///   name.
    public func project(named text: String) async throws(ClientError) -> ProjectDetail {
        if let ref = ProjectRef(text) {
            do throws(ClientError) {
                return try await detail(of: ref)
            } catch {
                guard case .refused(let refusal) = error, refusal.status == 404 else { throw error }
            }
        }
        let found = try await projects(search: text).filter { $0.name == text }
        guard let project = found.first, let ref = ProjectRef(project.ref) else {
            let near = Suggestion.nearest(to: text, among: try await projects().map(\.name))
            throw .notFound(
                "there is no project \(DisplayText.quoted(text))"
                    + (near.map { "; did you mean \(DisplayText.quoted($0))?" }
                        ?? ": `supamanager projects list` shows all"))
        }
        guard found.count == 1 else {
            let refs = found.map(\.ref).joined(separator: ", ")
            throw .invalid("\(found.count) projects are called \(DisplayText.quoted(text)): give a ref, \(refs)")
        }
        return try await detail(of: ref)
    }

    /// A project.
    public func detail(of ref: ProjectRef) async throws(ClientError) -> ProjectDetail {
        try await answer(.get("platform", "projects", ref.text))
    }

    /// Creates a project.
    public func create(_ order: ProjectOrder) async throws(ClientError) -> CreatedProject {
        struct Body: Encodable {
            let name, organization_slug: String
            let region, db_pass: String?
            let stack: String?
            let services: [String]?
            let attach_volumes_of: String?
        }
        let body = Body(
            name: order.name, organization_slug: order.organizationSlug, region: order.region,
            db_pass: order.databasePassword?.reveal(), stack: order.stack, services: order.services,
            attach_volumes_of: order.attachVolumesOf)
        return try await answer(.post("platform", "projects", json: body))
    }

    /// The lifecycle requests.
    public enum ProjectAction: String, Sendable {
        /// Stop its containers and keep its data.
        case pause
        /// Start it again, after a pause or a failure.
        case resume = "restore"
        /// Stop and start its containers.
        case restart
    }

    /// Asks for a change; the answer comes before it is carried out.
    public func request(_ action: ProjectAction, of ref: ProjectRef) async throws(ClientError) {
        try await send(.post("platform", "projects", ref.text, action.rawValue))
    }

    /// The status of a project, in the API's words.
    public func status(of ref: ProjectRef) async throws(ClientError) -> String {
        struct Body: Decodable {
            let status: String
        }
        return try await answer(.get("platform", "projects", ref.text, "status"), as: Body.self).status
    }

    /// A project service by service.
    public func progress(of ref: ProjectRef) async throws(ClientError) -> ProjectProgress {
        try await answer(.get("platform", "projects", ref.text, "services"))
    }

    /// The latest lines of a project's history, oldest first.
    public func events(of ref: ProjectRef, limit: Int) async throws(ClientError) -> [ProjectEvent] {
        struct Body: Decodable {
            let events: [ProjectEvent]
        }
        let call = APICall.get("platform", "projects", ref.text, "events", query: [("limit", "\(limit)")])
        return try await answer(call, as: Body.self).events.reversed()
    }

    /// Passwords of a project's database and dashboard.
    public func credentials(of ref: ProjectRef) async throws(ClientError) -> ProjectCredentials {
        try await answer(.get("platform", "projects", ref.text, "credentials"))
    }

    /// A project's stack as files, the values of its variables in the clear or masked.
    public func export(of ref: ProjectRef, isRevealed: Bool) async throws(ClientError) -> ProjectExport {
        try await answer(
            .get("platform", "projects", ref.text, "compose", query: [("reveal", isRevealed ? "true" : "false")]))
    }

    /// The API keys of a project.
    public func keys(of ref: ProjectRef, isRevealed: Bool) async throws(ClientError) -> [ProjectKey] {
        try await answer(
            .get("v1", "projects", ref.text, "api-keys", query: [("reveal", isRevealed ? "true" : "false")]))
    }

    /// The end of a service's log, as text.
    public func logs(of service: ServiceName, in ref: ProjectRef, tail: Int) async throws(ClientError) -> String {
        let call = APICall.get(
            "platform", "projects", ref.text, "services", service.text, "logs", query: [("tail", "\(tail)")])
        return String(decoding: try await send(call).body, as: UTF8.self)
    }
}
