import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// `GET /platform/projects/{ref}/services/{service}/logs`: what one service wrote last. The contract has nothing like
/// it; it is what people look for first when a service does not start.
struct ServiceLogsController: Sendable {
    let logs: any ServiceLogs

    /// Lines of an answer when nothing is asked for.
    static let linesDefault = 100

    var routes: [Route] {
        [
            Route(
                .get, "/platform/projects/{ref}/services/{service}/logs", .permission(.analyticsLogsRead),
                Operation(
                    summary: "The last lines that a service wrote, without the project's secrets",
                    query: [
                        Operation.Parameter(
                            name: "tail", schema: .integer(1...Int64(ProjectCatalog.logLinesMax)),
                            description: "Lines wanted")
                    ], answer: .raw("text/plain")), read)
        ]
    }

    private func read(_ request: APIRequest) async throws -> APIResponse {
        let record = try request.project()
        let lines = try request.query.number("tail", in: 1...ProjectCatalog.logLinesMax, default: Self.linesDefault)
        guard let service = ServiceName(try request.parameter("service")), record.services.contains(service) else {
            let known = record.services.sorted().map(\.text).joined(separator: ", ")
            throw APIError(.notFound, "project \(record.ref) has no such service; it has \(known)")
        }
        do throws(ServiceLogsError) {
            return APIResponse(text: try await logs.tail(of: service, in: record.ref, lines: lines))
        } catch {
            throw APIError(error)
        }
    }
}

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
