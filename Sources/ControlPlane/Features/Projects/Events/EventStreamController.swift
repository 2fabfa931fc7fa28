import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel
import Reconciler

/// `GET /platform/projects/{ref}/events/stream`: a project as it changes.
struct EventStreamController: Sendable {
    let catalog: ProjectCatalog
    let feed: any ProjectEventFeed
    let poll: SharedPoll

    /// Most past events that a stream begins with.
    static let pastMax = 200

    var routes: [Route] {
        [
            Route(
                .get, "/platform/projects/{ref}/events/stream", access: .permission(.projectAdminRead),
                operation: Operation(
                    summary: """
                        A project as it changes, as server-sent events: `progress` with status and services when one \
                        of them changes, `event` for each line of the history with its number as id (send it as \
                        `Last-Event-ID` to read on after it), and \
                        `end` with the reason (`finished`, `expired`, `stopping`, `refused`, `failed`)
                        """,
                    query: [
                        Operation.Parameter(
                            name: "past", schema: .integer(0...Int64(Self.pastMax)),
                            description: "Lines of the past history to begin with; 0 when absent")
                    ], answer: .raw("text/event-stream")), handler: stream)
        ]
    }

    private func stream(_ request: APIRequest) async throws -> APIResponse {
        let record = try request.project()
        let past = try request.query.number("past", in: 0...Self.pastMax, default: 0)
        let source = ProjectChanges(
            catalog: catalog, feed: feed, poll: poll, ref: record.ref, start: try start(request, past: past))
        return APIResponse(streaming: StreamedBody { try await source.next() })
    }

    private func start(_ request: APIRequest, past: Int) throws(APIError) -> ProjectChanges.Start {
        guard let last = request.headers[.lastEventIdentifier] else { return .last(past) }
        guard let number = Int64(last), number >= 0 else {
            throw APIError(.badRequest, "Last-Event-ID must be the id of an event of this stream")
        }
        return .after(number)
    }
}
