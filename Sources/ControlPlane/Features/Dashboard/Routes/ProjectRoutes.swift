import APIKit
import FeatureKit
import HTTPTypes
import Identity

/// The page of one project, and what it is made of.
struct ProjectRoutes: Sendable {
    let pages: Pages
    let calls: InternalCalls

    static let path = "\(Pages.home)/projects/{ref}"

    /// Lines of the history that a page shows.
    private static let eventsShown = 50
    private static let operationsShown = 10

    var routes: [Route] {
        [
            Route(
                .get, Self.path, access: .permission(.projectAdminRead), operation: .page("A project"),
                handler: show),
            Route(
                .get, "\(Self.path)/parts", access: .permission(.projectAdminRead),
                operation: .page("What changes on the page of a project")
            ) { try pages.part("project-live", try await fields($0), for: $0) },
            Route(
                .get, "\(Self.path)/live", access: .permission(.projectAdminRead),
                operation: Operation(
                    summary: "An event for each change of a project", answer: .raw("text/event-stream")),
                handler: live),
            Route(
                .post, "\(Self.path)/keys", access: .permission(.apiKeysRead),
                operation: .form("Show the keys and passwords of a project"), handler: keys),
            Route(
                .get, "\(Self.path)/operations/{identifier}", access: .permission(.projectAdminRead),
                operation: .page("Why an operation has not come further, or how it ended"), handler: explain),
        ]
    }

    private func show(_ request: APIRequest) async throws -> APIResponse {
        var fields = try await fields(request)
        fields["sections"] = try ProjectPages(pages: pages, calls: calls).sections(request, .overview)
        return try pages.page(
            "project", title: fields["project"]?["name"].string ?? "Project", fields, for: request)
    }

    /// What the page shows, and which of its forms are of use to the caller.
    private func fields(_ request: APIRequest) async throws -> [String: PageValue] {
        var fields = try await view(request).fields
        let granted = try request.caller().permissions(
            in: request.admitted?.organizationSlug ?? "", project: try request.ref())
        fields["can_write"] = .flag(granted.contains(.projectAdminWrite))
        fields["can_read_keys"] = .flag(granted.contains(.apiKeysRead))
        fields["can_read_logs"] = .flag(granted.contains(.analyticsLogsRead))
        return fields
    }

    private func view(_ request: APIRequest) async throws -> ProjectView {
        let path = "/platform/projects/\(try request.ref())"
        return ProjectView(
            detail: try await calls.json(.get, path, for: request),
            progress: try await calls.json(.get, "\(path)/services", for: request),
            events: try await calls.json(.get, "\(path)/events?limit=\(Self.eventsShown)", for: request),
            operations: try await calls.json(.get, "\(path)/operations?limit=\(Self.operationsShown)", for: request),
            databases: try await databases(path, request))
    }

    /// Nil for a stack without a database, which the API refuses.
    private func databases(_ path: String, _ request: APIRequest) async throws -> JSON? {
        do { return try await calls.json(.get, "\(path)/databases", for: request) } catch {
            guard APIError(anything: error).status.kind == .clientError else { throw error }
            return nil
        }
    }

    /// The API's stream of the project; of each batch the page learns only that there is something new.
    private func live(_ request: APIRequest) async throws -> APIResponse {
        let path = "/platform/projects/\(try request.ref())/events/stream"
        guard let source = try await calls.send(.get, path, for: request).stream else {
            throw APIError(.internalServerError, "the stream of events is none")
        }
        let batches = EventBatches(source.events)
        return APIResponse(streaming: StreamedBody { try await batches.next() })
    }

    private func keys(_ request: APIRequest) async throws -> APIResponse {
        let ref = try request.ref()
        let path = "/platform/projects/\(ref)"
        let detail = try await calls.json(.get, path, for: request)
        let keys = try await calls.json(.get, "/v1/projects/\(ref)/api-keys?reveal=true", for: request)
        let credentials = try await calls.json(.get, "\(path)/credentials", for: request)
        return try pages.page(
            "keys", title: "Keys",
            ["project": PageValue(detail), "keys": PageValue(keys), "credentials": PageValue(credentials)],
            for: request)
    }

    private func explain(_ request: APIRequest) async throws -> APIResponse {
        let (ref, id) = (try request.ref(), try request.uuid("identifier"))
        let answer = try await calls.json(
            .get, "/platform/projects/\(ref)/operations/\(id)/explain", for: request)
        let isOpen = answer["operation"]?["finished_at"]?.text == nil
        var fields = StatusWord.fields(of: answer["status"]?.text)
        fields["operation"] = PageValue(answer["operation"]).adding(["is_open": .flag(isOpen)])
        fields["blocking"] = PageValue(answer["blocking"])
        fields["is_overdue"] = PageValue(answer["is_overdue"])
        return try pages.page("operation", title: "Operation", fields, for: request)
    }
}

/// Batches of a stream, each as one event without data; pulled by one reader.
private actor EventBatches {
    private var iterator: AsyncThrowingStream<[ServerSentEvent], any Error>.AsyncIterator?

    init(_ events: AsyncThrowingStream<[ServerSentEvent], any Error>) { iterator = events.makeAsyncIterator() }

    func next() async throws -> [ServerSentEvent]? {
        guard var batches = iterator else { return nil }
        iterator = nil
        let batch = try await batches.next(isolation: self)
        iterator = batches
        return batch.map { _ in [LiveEvent.changed] }
    }
}
