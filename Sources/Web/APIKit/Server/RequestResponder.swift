import Clients
package import HTTPBounds
import HTTPTypes
package import Hummingbird
import Identity
package import Logging
package import NIOCore
import Orchestrator
import ProjectModel

/// The connection that a request came in on.
package struct ConnectionContext: InitializableFromSource {
    package let channel: any Channel
    package let logger: Logger

    package init(source: ApplicationRequestContextSource) {
        channel = source.channel
        logger = source.logger
    }
}

/// Takes every request through the same steps: find the route, check the caller, read the body, handle, respond. It is
/// the only place that touches the connection, and reads each body exactly once.
package struct RequestResponder: HTTPResponder {
    package let api: APIPipeline
    package let limits: ServerLimits
    package let connections: ConnectionRegistry
    package let bodies: ByteBudget
    package let answers: ByteBudget
    package let streams: StreamPlaces

    package func respond(to request: Request, context: ConnectionContext) async throws -> Response {
        let started = ContinuousClock.now
        connections.beginRequest(on: context.channel)
        let id = RequestIdentifier(headers: request.headers)
        var logger = context.logger
        // Hummingbird's own number of the request would only stand beside ours.
        logger[metadataKey: "hb.request.id"] = nil
        logger[metadataKey: "request_id"] = "\(id)"
        let visit = Visit(
            request: request, channel: context.channel, id: id,
            address: api.proxies.client(of: request.headers, peer: context.peer), logger: logger)
        var answer: Answer
        let found = find(request)
        let deadline = limits.deadline((try? found?.get())?.route.span ?? .seconds)
        if let timely = try await withDeadline(deadline, { try await self.answer(visit, found) }) {
            answer = timely
        } else {
            answer = await tooSlow(visit, deadline)
            logger.warning(
                "a request took too long and was given up",
                metadata: ["route": "\((try? found?.get())?.route.name ?? "-")", "deadline": "\(deadline)"])
        }
        let share = answers.share(beyond: limits.answerBytesFree)
        if !share.grow(to: answer.response.body.readableBytes) {
            answer = Answer(APIError.unavailable("too many large answers wait to be read"), route: answer.route)
        }
        answer.response.headers[.requestIdentifier] = id.text
        if let site = api.site, site.owns(request.uri.path) {
            // Pages are for this origin alone.
            let visit = BrowserSite.Visit(
                path: request.uri.path, headers: request.headers, method: request.method,
                hasQuery: request.uri.query?.isEmpty == false)
            answer.response = site.dressed(answer.response, to: visit)
        } else {
            answer.response.protect(for: request.headers[.origin], api.cors)
        }
        api.metrics.count(
            answer.route, status: answer.response.status.code, duration: ContinuousClock.now - started)
        logger.debug(
            "request answered",
            metadata: [
                "method": "\(request.method.rawValue)", "route": "\(answer.route)",
                "status": "\(answer.response.status.code)", "duration": "\(ContinuousClock.now - started)",
            ])
        let (channel, closes) = (context.channel, answer.closesConnection)
        let writer = answer.reader.map { reader in
            StreamWriter(
                limits: limits, logger: logger, place: reader.place,
                isAllowed: { await mayRead(reader.admission, request) })
        }
        return answer.response.wire(
            isHead: request.method == .head, closes: closes, streaming: writer
        ) { [connections] in
            share.release()
            if closes { channel.close(mode: .all, promise: nil) } else { connections.endRequest(on: channel) }
        }
    }

    /// A request in progress.
    private struct Visit: Sendable {
        let request: Request
        let channel: any Channel
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
        /// The reader of a streamed body.
        var reader: Reader?

        struct Reader: Sendable {
            let admission: Admission
            let place: StreamPlaces.Place
        }

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
    private func tooSlow(_ visit: Visit, _ deadline: Duration) async -> Answer {
        do {
            _ = try await api.mutations.settle(visit.unfinished, within: limits.unfinishedDeedDeadline)
        } catch {
            visit.logger.error(
                "a request was given up, and its audit entry could not be written",
                metadata: [
                    "action": "\(visit.unfinished.deed?.action ?? "-")", "error": "\(type(of: error))",
                ])
        }
        return Answer(APIError.requestTooSlow(deadline))
    }

    /// The route of a request; nil for the question of a browser, which is for a path and not for one of its routes.
    private func find(_ request: Request) -> Result<RouteTable.Found, APIError>? {
        guard request.method != .options else { return nil }
        let path = request.uri.path
        let routes = api.site.flatMap { $0.owns(path) ? $0.routes : nil } ?? api.routes
        return Result { () throws(APIError) in try routes.find(request.method, path) }
    }

    private func answer(_ visit: Visit, _ route: Result<RouteTable.Found, APIError>?) async throws -> Answer {
        let request = visit.request
        let found: RouteTable.Found
        switch route {
        case nil: return try await preflight(visit)
        case .failure(let error): return try await refuse(visit, unrouted: error)
        case .success(let known): found = known
        }
        do throws(Authorizer.Refusal) {
            let (admission, verdict) = try await api.authorizer.admit(
                found, request.headers, authority: request.head.authority, from: visit.address)
            var answer = await answer(visit, admission)
            for field in verdict?.fields ?? [:] { answer.response.headers.append(field) }
            return answer
        } catch {
            return try await refuse(visit, error.error, fields: error.verdict?.fields ?? [:])
        }
    }

    /// Reads what is left of a refused request, so that its sender reads the answer.
    private func refuse(_ visit: Visit, _ error: APIError, fields: HTTPFields) async throws -> Answer {
        // One who asks too often gets no more time than a small body needs.
        let deadline = error.status == .tooManyRequests ? limits.bodyPace.deadline(of: 0) : bodyDeadline(visit)
        let body = try await receive(visit, keeping: 0, within: deadline)
        var answer = Answer(error, closesConnection: !body.isFinished)
        for field in fields { answer.response.headers.append(field) }
        return answer
    }

    private func refuse(_ visit: Visit, unrouted error: APIError) async throws -> Answer {
        let refusal = api.authorizer.refuseUnrouted(error, from: visit.address)
        return try await refuse(visit, refusal.error, fields: refusal.verdict?.fields ?? [:])
    }

    /// What a browser asks before a page of another origin may call.
    private func preflight(_ visit: Visit) async throws -> Answer {
        let request = visit.request
        do throws(APIError) {
            var response = APIResponse(.noContent)
            response.headers = api.cors.preflightFields(for: request.headers[.origin])
            let methods = try api.routes.methods(request.uri.path)
            response.headers[.allow] = methods.map(\.rawValue).joined(separator: ", ")
            return Answer(response)
        } catch { return try await refuse(visit, unrouted: error) }
    }

    private func answer(_ visit: Visit, _ admission: Admission) async -> Answer {
        guard admission.found.route.bodySize != .streamed else { return await answerWhileReading(visit, admission) }
        return await bodies.withShare(beyond: limits.bodyBytesMax) {
            await answer(visit, admission: admission, share: $0)
        }
    }

    private func answer(_ visit: Visit, admission: Admission, share: ByteBudget.Share) async -> Answer {
        let route = admission.found.route
        let bytesMax = limits.bytesMax(route.bodySize)
        let began = ContinuousClock.now
        let deadline = bodyDeadline(visit)
        let received: ReceivedBody
        do { received = try await receive(visit, keeping: bytesMax, of: share, within: deadline) } catch {
            // The connection ended in the middle of the body: this response is not read.
            return Answer(APIError(.badRequest, "the request body ended early"), closesConnection: true)
        }
        switch received {
        case .complete(let body):
            do throws(APIError) {
                let confirmed = try await api.authorizer.confirm(
                    admission, visit.request.headers, authority: visit.request.head.authority,
                    after: ContinuousClock.now - began)
                return try answer(await handle(visit, body: body, admission: confirmed), to: confirmed)
            } catch { return Answer(error, route: route.name) }
        case .tooLarge(let isFinished):
            return Answer(APIError.bodyTooLarge(bytesMax), route: route.name, closesConnection: !isFinished)
        case .overBudget(let isFinished):
            let error = APIError.unavailable("too many large requests at once")
            return Answer(error, route: route.name, closesConnection: !isFinished)
        case .tooSlow: return Answer(APIError.bodyTooSlow(deadline), route: route.name)
        }
    }

    /// The handler reads the body. What it leaves is thrown away before the answer.
    private func answerWhileReading(_ visit: Visit, _ admission: Admission) async -> Answer {
        let stream = StreamedRequest(
            of: visit.request, on: visit.channel, connections: connections, limits: limits
        ) { time in
            _ = try await api.authorizer.confirm(
                admission, visit.request.headers, authority: visit.request.head.authority, after: time)
        }
        let response = await handle(visit, body: ByteBuffer(), stream: stream, admission: admission)
        await stream.discard()
        return Answer(response, route: admission.found.route.name, closesConnection: !stream.isFinished)
    }

    /// A streamed response needs a place for as long as it is written.
    private func answer(_ response: APIResponse, to admission: Admission) throws(APIError) -> Answer {
        var answer = Answer(response, route: admission.found.route.name)
        guard response.stream != nil else { return answer }
        let account = admission.principal?.account.id ?? ""
        answer.reader = Answer.Reader(admission: admission, place: try streams.take(for: account))
        return answer
    }

    /// Whether a stream may continue. A short outage of the manager's database does not end it.
    private func mayRead(_ admission: Admission, _ request: Request) async -> Bool {
        do throws(APIError) {
            _ = try await api.authorizer.confirm(
                admission, request.headers, authority: request.head.authority, after: limits.streamKeepAlive)
            return true
        } catch { return error.status.kind == .serverError }
    }

    private func receive(
        _ visit: Visit, keeping keptMax: Int, of share: ByteBudget.Share? = nil, within deadline: Duration
    ) async throws -> ReceivedBody {
        try await connections.receive(
            visit.request, on: visit.channel, keeping: keptMax, of: share, discarding: limits.discardedBytesMax,
            within: deadline)
    }

    private func bodyDeadline(_ visit: Visit) -> Duration {
        limits.bodyPace.deadline(of: visit.request.headers[.contentLength].flatMap { Int($0) })
    }

    private func handle(
        _ visit: Visit, body: ByteBuffer, stream: StreamedRequest? = nil, admission: Admission
    ) async -> APIResponse {
        let request = visit.request
        let route = admission.found.route
        do {
            let query = try QueryParameters(request.uri.query ?? "")
            if route.refusesUnknownQuery { try query.require(only: route.operation.query.map(\.name)) }
            var call = APIRequest(
                parameters: admission.found.parameters, query: query,
                headers: request.headers, body: body, json: await json(of: body, for: route),
                principal: admission.principal, admitted: admission.project, address: visit.address)
            call.unfinished = visit.unfinished
            call.stream = stream
            if stream != nil, request.headers[.idempotencyKey] != nil {
                throw APIError(.badRequest, "this operation takes no Idempotency-Key: its body is read while it comes")
            }
            if route.isPage { try api.authorizer.browsers?.requireFormToken(call, for: route) }
            let key = try admission.principal.flatMap { principal throws(APIError) in
                try IdempotencyKey(
                    request.headers, method: request.method.rawValue, path: request.uri.path,
                    query: request.uri.query ?? "", body: body, principal: principal)
            }
            let mutation = MutationRunner.Call(
                route: route, request: call, identifier: visit.id, key: key, unfinished: visit.unfinished)
            return try await PasswordClient.$network.withValue(ClientAddress.network(of: visit.address)) {
                try await api.mutations.run(mutation)
            }
        } catch let cause {
            let error = APIError(anything: cause)
            if error.status.kind == .serverError {
                report(error, cause: cause, admission: admission, logger: visit.logger)
            }
            return APIResponse(error)
        }
    }

    /// The JSON of a body, read once and before the handler runs.
    private func json(of body: ByteBuffer, for route: Route) async -> Result<JSON, APIError>? {
        guard body.readableBytes > 0, route.operation.body.isJSON else { return nil }
        return await api.parser.parse(body, limits: route.bodySize.jsonLimits)
    }

    private func report(_ error: APIError, cause: any Error, admission: Admission, logger: Logger) {
        guard !Task.isCancelled else {
            // Its client has gone, or its time is up, and is answered elsewhere: what failed was given up.
            return logger.debug("request given up", metadata: ["route": "\(admission.found.route.name)"])
        }
        logger.error(
            "request failed",
            metadata: [
                "route": "\(admission.found.route.name)",
                "reason": "\(error.detail ?? error.message)",
                // The type alone: what an unknown error prints may hold a secret.
                "error": "\(type(of: cause))", "account": "\(admission.principal?.account.id ?? "-")",
            ])
    }
}
