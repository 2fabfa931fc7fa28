import APIKit
import FeatureKit
import HTTPTypes
import Identity
import NIOCore
import Orchestrator
import ProjectModel

/// The front page: all projects that the caller sees.
struct ProjectListRoutes: Sendable {
    let pages: Pages
    let calls: InternalCalls
    /// Changes with every change of any project.
    let poll: SharedPoll

    var routes: [Route] {
        [
            Route(
                .get, Pages.home, access: .permission(.projectsRead),
                operation: .page("The projects", query: ["search", "filter"])
            ) { try pages.page("projects", title: "Projects", try await fields($0), for: $0) },
            Route(
                .get, "\(Pages.home)/projects", access: .permission(.projectsRead),
                operation: .page("The cards of the projects", query: ["search", "filter"])
            ) { try pages.part("projects-list", try await fields($0), for: $0) },
            Route(
                .get, "\(Pages.home)/live", access: .permission(.projectsRead),
                operation: Operation(
                    summary: "An event for each change in the list", answer: .raw("text/event-stream"))
            ) { request in
                let path = Self.path(search: "", filter: "")
                let changes = AnswerChanges(poll) { try await calls.send(.get, path, for: request) }
                return APIResponse(streaming: StreamedBody { try await changes.next() })
            },
        ]
    }

    /// The path of the API for a list.
    static func path(search: String, filter: String) -> String {
        var path = "/platform/projects?limit=\(ProjectQuery.limitMax)"
        if !search.isEmpty { path += "&search=\(GatewayRequest.encoded(search))" }
        if let known = StatusWord.filters.first(where: { $0.name == filter }) {
            path += "&statuses=\(known.statuses.map(\.rawValue).joined(separator: ","))"
        }
        return path
    }

    private func fields(_ request: APIRequest) async throws -> [String: PageValue] {
        let search = String((request.query["search"] ?? "").prefix(Self.searchShownMax))
        let filter = request.query["filter"] ?? ""
        let answer = PageValue(
            try await calls.json(.get, Self.path(search: search, filter: filter), for: request))
        let projects = answer["projects"].elements.map { project in
            project.adding(StatusWord.fields(of: project["status"].string))
        }
        let count = answer["pagination"]["count"].string ?? "0"
        return [
            "projects": .list(projects), "search": .visible(search), "filters": Self.filters(chosen: filter),
            "count": .text(count), "is_cut": .flag(count != "\(projects.count)"),
            "is_filtered": .flag(!search.isEmpty || !filter.isEmpty), "is_one": .flag(count == "1"),
        ]
    }

    /// Characters of a search that are looked for; a name has no more.
    private static let searchShownMax = 64

    private static func filters(chosen: String) -> PageValue {
        .list(
            StatusWord.filters.map { filter in
                .object([
                    "name": .text(filter.name), "label": .text(filter.label),
                    "is_chosen": .flag(filter.name == chosen),
                ])
            })
    }
}

/// Tells when an answer of the API is another one than before; pulled by one reader.
actor AnswerChanges {
    private let ask: @Sendable () async throws -> APIResponse
    private let poll: SharedPoll
    private var mark: String?
    private var known: [UInt8]?

    /// Time between two looks at the shared poll.
    private static let interval: Duration = .milliseconds(200)

    /// - Parameters:
    ///   - poll: changes whenever the answer may have; the answer itself is asked for only then.
    ///   - ask: the answer.
    init(_ poll: SharedPoll, _ ask: @escaping @Sendable () async throws -> APIResponse) {
        self.poll = poll
        self.ask = ask
    }

    /// One event for the next change. The first comes at once: a page is older than its stream.
    func next() async throws -> [ServerSentEvent]? {
        while true {
            let latest = try await poll.answer()
            if latest == nil || latest != mark || known == nil {
                let answer = try await Array(ask().body.readableBytesView)
                mark = latest
                defer { known = answer }
                if known != answer { return [LiveEvent.changed] }
            }
            try await Task.sleep(for: Self.interval)
        }
    }
}

/// Events for the pages' script.
enum LiveEvent {
    /// Something that the page shows has changed: it asks for its parts again.
    static let changed = ServerSentEvent(name: "changed", data: "")
}
