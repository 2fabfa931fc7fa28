import HTTPTypes
import Hummingbird
import Identity
import Logging
import NIOCore
import Orchestrator

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
        let visit = Visit(
            request: request, id: id, address: api.proxies.client(of: request.headers, peer: context.peer),
            logger: logger)
        var answer: Answer
        if let timely = try await withDeadline(limits.requestDeadline, { try await self.answer(visit) }) {
            answer = timely
        } else {
            answer = await tooSlow(visit)
        }
        answer.response.headers[.requestIdentifier] = id.text
        for field in api.cors.fields(for: request.headers[.origin]) { answer.response.headers.append(field) }
        api.metrics.count(
            answer.route, status: answer.response.status.code, duration: ContinuousClock.now - started)
        logger.debug(
            "request answered",
            metadata: [
                "method": "\(request.method.rawValue)", "route": "\(answer.route)",
                "status": "\(answer.response.status.code)", "duration": "\(ContinuousClock.now - started)",
            ])
        return answer.response.wire(
            isHead: request.method == .head, closing: answer.closesConnection ? context.channel : nil)
    }

    /// A request under way.
    private struct Visit: Sendable {
        let request: Request
        let id: RequestIdentifier
        let address: String
        let logger: Logger
        let unfinished = UnfinishedDeed()
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

    /// The answer to a request whose time is up. What it may have done outside of the database is written down as
    /// unknown; without that the audit trail would be silent about it.
    private func tooSlow(_ visit: Visit) async -> Answer {
        do {
            _ = try await api.mutations.settle(visit.unfinished, within: limits.unfinishedDeedDeadline)
        } catch {
            visit.logger.error(
                "a request was given up, and its audit entry could not be written",
                metadata: [
                    "action": "\(visit.unfinished.deed?.action ?? "-")", "error": "\(type(of: error))",
                ])
        }
        return Answer(APIError.requestTooSlow(limits.requestDeadline))
    }

    private func answer(_ visit: Visit) async throws -> Answer {
        let request = visit.request
        if request.method == .options { return try await preflight(request) }
        let found: RouteTable.Found
        do throws(APIError) { found = try api.routes.find(request.method, request.uri.path) } catch {
            return try await refuse(request, error, fields: [:])
        }
        do throws(Doorkeeper.Refusal) {
            let (admission, verdict) = try await api.doorkeeper.admit(found, request.headers, from: visit.address)
            var answer = try await answer(visit, admission)
            for field in verdict?.fields ?? [:] { answer.response.headers.append(field) }
            return answer
        } catch {
            return try await refuse(request, error.error, fields: error.verdict?.fields ?? [:])
        }
    }

    /// Reads what is left of a refused request, so that its sender reads the answer.
    private func refuse(_ request: Request, _ error: APIError, fields: HTTPFields) async throws -> Answer {
        let body = try await receive(request.body, keeping: 0)
        var answer = Answer(error, closesConnection: !body.isFinished)
        for field in fields { answer.response.headers.append(field) }
        return answer
    }

    /// What a browser asks before a page of another origin may call.
    private func preflight(_ request: Request) async throws -> Answer {
        do throws(APIError) {
            var response = APIResponse(.noContent)
            response.headers = api.cors.preflightFields(for: request.headers[.origin])
            let methods = try api.routes.methods(request.uri.path)
            response.headers[.allow] = methods.map(\.rawValue).joined(separator: ", ")
            return Answer(response)
        } catch { return try await refuse(request, error, fields: [:]) }
    }

    private func answer(_ visit: Visit, _ admission: Admission) async throws(Doorkeeper.Refusal) -> Answer {
        let route = admission.found.route
        let bytesMax = route.operation.body.isUpload ? limits.uploadBytesMax : limits.bodyBytesMax
        let received: ReceivedBody
        do { received = try await receive(visit.request.body, keeping: bytesMax) } catch {
            // The connection ended in the middle of the body: nobody reads this.
            return Answer(APIError(.badRequest, "the request body ended early"), closesConnection: true)
        }
        switch received {
        case .complete(let body): return Answer(await handle(visit, body, admission), route: route.name)
        case .tooLarge(let isFinished):
            return Answer(APIError.bodyTooLarge(bytesMax), route: route.name, closesConnection: !isFinished)
        case .tooSlow: return Answer(APIError.bodyTooSlow(limits.bodyDeadline), route: route.name)
        }
    }

    private func receive(_ body: RequestBody, keeping keptMax: Int) async throws -> ReceivedBody {
        try await ReceivedBody.receive(
            body, keeping: keptMax, discarding: limits.discardedBytesMax, within: limits.bodyDeadline)
    }

    private func handle(_ visit: Visit, _ body: ByteBuffer, _ admission: Admission) async -> APIResponse {
        let request = visit.request
        let route = admission.found.route
        do {
            let call = APIRequest(
                parameters: admission.found.parameters, query: try QueryParameters(request.uri.query ?? ""),
                headers: request.headers, body: body, principal: admission.principal, admitted: admission.project,
                address: visit.address)
            let key = try admission.principal.flatMap { principal throws(APIError) in
                try IdempotencyKey(
                    request.headers, method: request.method.rawValue, path: request.uri.path,
                    query: request.uri.query ?? "", body: body, principal: principal)
            }
            var answer = try await api.mutations.run(
                MutationRunner.Call(
                    route: route, request: call, identifier: visit.id, key: key, unfinished: visit.unfinished))
            // What is answered to somebody is for nobody else, and stays on no disk.
            if admission.principal != nil, answer.headers[.cacheControl] == nil {
                answer.headers[.cacheControl] = "no-store"
            }
            return answer
        } catch let cause {
            let error = APIError(anything: cause)
            if error.status.kind == .serverError { report(error, cause, admission, visit.logger) }
            return APIResponse(error)
        }
    }

    private func report(_ error: APIError, _ cause: any Error, _ admission: Admission, _ logger: Logger) {
        logger.error(
            "request failed",
            metadata: [
                "route": "\(admission.found.route.name)", "reason": "\(error.message)",
                // The type alone: what an unknown error prints may hold a secret.
                "error": "\(type(of: cause))", "account": "\(admission.principal?.account.id ?? "-")",
            ])
    }
}
