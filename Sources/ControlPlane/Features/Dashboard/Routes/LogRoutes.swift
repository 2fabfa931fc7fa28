import APIKit
import FeatureKit
import HTTPTypes
import Identity
import NIOCore
import ProjectModel

/// The log of a service, read and followed.
struct LogRoutes: Sendable {
    let pages: Pages
    let calls: InternalCalls

    /// Lines that a page begins with.
    private static let lines = 200

    var routes: [Route] {
        let base = "\(ProjectRoutes.path)/services/{service}/logs"
        return [
            Route(
                .get, base, access: .permission(.analyticsLogsRead), operation: .page("The log of a service"),
                handler: show),
            Route(
                .get, "\(base)/follow", access: .permission(.analyticsLogsRead),
                operation: Operation(
                    summary: "The log of a service as it is written", answer: .raw("text/event-stream"))
            ) { try await calls.send(.get, "\(try path(of: $0))&follow=true", for: $0) },
        ]
    }

    /// The path of the API for a log.
    private func path(of request: APIRequest) throws(APIError) -> String {
        guard let service = ServiceName(try request.parameter("service")) else {
            throw APIError(.notFound, "the project has no such service")
        }
        return "/platform/projects/\(try request.ref())/services/\(service)/logs?tail=\(Self.lines)"
    }

    private func show(_ request: APIRequest) async throws -> APIResponse {
        let ref = try request.ref()
        let detail = try await calls.json(.get, "/platform/projects/\(ref)", for: request)
        let answer = try await calls.send(.get, try path(of: request), for: request)
        let service = try request.parameter("service")
        return try pages.page(
            "logs", title: "Log of \(PageText.visible(service))",
            [
                "project": PageValue(detail), "service": .visible(service),
                "text": .visible(String(decoding: answer.body.readableBytesView, as: UTF8.self)),
            ], for: request)
    }
}
