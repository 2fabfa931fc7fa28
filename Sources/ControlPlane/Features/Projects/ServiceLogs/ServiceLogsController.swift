import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// `GET /platform/projects/{ref}/services/{service}/logs`: the log of one service. The contract has no counterpart; it
/// is the first step when a service does not start.
struct ServiceLogsController: Sendable {
    let logs: any ServiceLogs
    let follower: ServiceLogFollower

    /// Lines of an answer when nothing is asked for.
    static let linesDefault = 100

    var routes: [Route] {
        [
            Route(
                .get, "/platform/projects/{ref}/services/{service}/logs", access: .permission(.analyticsLogsRead),
                operation: Operation(
                    summary: "The last lines that a service wrote, without the project's secrets",
                    query: [
                        Operation.Parameter(
                            name: "tail", schema: .integer(1...Int64(ProjectCatalog.logLinesMax)),
                            description: "Number of lines"),
                        Operation.Parameter(
                            name: "follow", schema: .boolean,
                            description: """
                                Instead of a text a stream of server-sent events: `log` for each line, the past ones \
                                first, with the time of the line as its id (send it as `Last-Event-ID` to continue after \
                                it), and `end` with the reason when the stream ends
                                """),
                        Operation.Parameter(
                            name: "past", schema: .boolean,
                            description: "The same stream with the lines that are there alone; it ends after them"),
                    ], answer: .raw("text/plain")), handler: read)
        ]
    }

    private func read(_ request: APIRequest) async throws -> APIResponse {
        let record = try request.project()
        let lines = try request.query.number("tail", in: 1...ProjectCatalog.logLinesMax, default: Self.linesDefault)
        let follows = try request.query.flag("follow", default: false)
        let isPast = try request.query.flag("past", default: false)
        guard let service = ServiceName(try request.parameter("service")), record.services.contains(service) else {
            let known = record.services.sorted().map(\.text).joined(separator: ", ")
            throw APIError(.notFound, "project \(record.ref) has no such service; it has \(known)")
        }
        if follows || isPast {
            let start = try start(request, lines)
            let lines =
                isPast
                ? follower.pastLines(of: service, in: record.ref, from: start)
                : follower.lines(of: service, in: record.ref, from: start)
            let source = FollowedLines(lines)
            return APIResponse(streaming: StreamedBody { try await source.next() })
        }
        do throws(ServiceLogsError) {
            return APIResponse(text: try await logs.tail(of: service, in: record.ref, lines: lines))
        } catch {
            throw APIError(error)
        }
    }

    private func start(_ request: APIRequest, _ lines: Int) throws(APIError) -> LogStart {
        guard let last = request.headers[.lastEventIdentifier] else { return .last(lines: lines) }
        guard let moment = LogMoment(last) else {
            throw APIError(.badRequest, "Last-Event-ID must be the id of an event of this stream")
        }
        return .after(moment)
    }

}

/// Lines as events; pulled by one reader.
private actor FollowedLines {
    private var iterator: AsyncThrowingStream<[LogLine], any Error>.AsyncIterator?

    init(_ lines: AsyncThrowingStream<[LogLine], any Error>) { iterator = lines.makeAsyncIterator() }

    func next() async throws -> [ServerSentEvent]? {
        guard var lines = iterator else { return nil }
        iterator = nil
        let batch = try await lines.next(isolation: self)
        iterator = lines
        return batch?.map { ServerSentEvent(name: "log", id: $0.at?.text, data: $0.text) }
    }
}

extension ServiceLogsError: StreamFailure {}

extension APIError {
    /// Why a log could not be read.
    init(_ error: ServiceLogsError) {
        switch error {
        case .noContainer: self.init(.notFound, "\(error)")
        case .engine: self = .unavailable("\(error)")
        case .catalog(let error): self.init(error)
        }
    }
}
