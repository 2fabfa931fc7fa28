import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// What Hummingbird tells about the connection that a request came in on.
struct ConnectionContext: InitializableFromSource {
    let channel: any Channel
    let logger: Logger

    init(source: ApplicationRequestContextSource) {
        channel = source.channel
        logger = source.logger
    }
}

/// Takes a request through the same steps whatever its path: find the route, check who asks, take the body in,
/// handle, answer. It is the only place that touches the connection, and reads each body exactly once.
struct RequestResponder: HTTPResponder {
    let api: ManagementAPI
    let limits: ServerLimits

    func respond(to request: Request, context: ConnectionContext) async throws -> Response {
        let started = ContinuousClock.now
        let id = RequestIdentifier(headers: request.headers)
        var logger = context.logger
        // Hummingbird's own number of the request would only stand beside ours.
        logger[metadataKey: "hb.request.id"] = nil
        logger[metadataKey: "request_id"] = "\(id)"
        var answer =
            try await withDeadline(limits.requestDeadline) { [logger] in
                try await self.answer(request, logger)
            } ?? Answer(APIError.requestTooSlow(limits.requestDeadline))
        answer.response.headers[.requestIdentifier] = id.text
        logger.debug(
            "request answered",
            metadata: [
                "method": "\(request.method.rawValue)", "route": "\(answer.route)",
                "status": "\(answer.response.status.code)", "duration": "\(ContinuousClock.now - started)",
            ])
        return answer.response.wire(closing: answer.closesConnection ? context.channel : nil)
    }

    /// An answer before it is written.
    private struct Answer: Sendable {
        var response: APIResponse
        var route = "-"
        var closesConnection = false

        init(_ response: APIResponse, route: String = "-", closesConnection: Bool = false) {
            self.response = response
            self.route = route
            self.closesConnection = closesConnection
        }

        init(_ error: APIError, route: String = "-", closesConnection: Bool = false) {
            self.init(
                APIResponse(error), route: route, closesConnection: closesConnection || error.closesConnection)
        }
    }

    /// A request that may go on to its handler.
    private struct Admission: Sendable {
        let found: RouteTable.Found
        let principal: Principal?
    }

    private func answer(_ request: Request, _ logger: Logger) async throws -> Answer {
        let admission: Admission
        do throws(APIError) {
            admission = try await admit(request)
        } catch {
            let body = try await receive(request.body, keeping: 0)
            return Answer(error, closesConnection: !body.isFinished)
        }
        let route = admission.found.route
        switch try await receive(request.body, keeping: limits.bodyBytesMax) {
        case .complete(let body):
            return Answer(await handle(request, body, admission, logger), route: route.name)
        case .tooLarge(let isFinished):
            let error = APIError.bodyTooLarge(limits.bodyBytesMax)
            return Answer(error, route: route.name, closesConnection: !isFinished)
        case .tooSlow:
            return Answer(APIError.bodyTooSlow(limits.bodyDeadline), route: route.name)
        }
    }

    private func admit(_ request: Request) async throws(APIError) -> Admission {
        let found = try api.routes.find(request.method, request.uri.path)
        return Admission(
            found: found, principal: try await found.route.access.admit(request.headers, by: api.verifier))
    }

    private func receive(_ body: RequestBody, keeping keptMax: Int) async throws -> ReceivedBody {
        try await ReceivedBody.receive(
            body, keeping: keptMax, discarding: limits.discardedBytesMax, within: limits.bodyDeadline)
    }

    private func handle(
        _ request: Request, _ body: ByteBuffer, _ admission: Admission, _ logger: Logger
    ) async -> APIResponse {
        do {
            let query = try QueryParameters(request.uri.query ?? "")
            let call = APIRequest(
                parameters: admission.found.parameters, query: query, body: body, principal: admission.principal)
            return try await admission.found.route.handle(call)
        } catch let cause {
            let error = APIError(anything: cause)
            if error.status.kind == .serverError {
                logger.error(
                    "request failed",
                    metadata: [
                        "route": "\(admission.found.route.name)", "reason": "\(error.message)",
                        // The type alone: what an unknown error prints may hold a secret.
                        "error": "\(type(of: cause))", "principal": "\(admission.principal?.name ?? "-")",
                    ])
            }
            return APIResponse(error)
        }
    }
}
