import Clients
import DataPlaneCore
import HTTPBounds
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import ServiceLifecycle

/// Serves one or several APIs by HTTP.
struct APIServer: ServiceLifecycle.Service {
    let service: any DataPlaneService
    /// Where WebSockets come in; nil where none are served.
    let sockets: SocketEntrance?
    let address: ServerAddress
    let limits: HTTPLimits
    /// The memory for answers.
    let answers: ByteBudget
    /// Requests whose answers are streamed.
    let streamed: StreamedRequests
    let logger: Logger

    func run() async throws {
        let watches = ConnectionWatches()
        let connections = ConnectionRegistry(
            limits: ConnectionLimits(
                total: limits.connectionsMax, perNetwork: limits.connectionsPerNetworkMax,
                perBlock: limits.connectionsPerBlockMax, reserved: limits.connectionsReserved),
            pace: limits.bodyPace,
            deadlines: ConnectionRegistry.Deadlines(
                firstHead: TimeAmount(limits.headDeadline), nextHead: .seconds(limits.idleSeconds),
                room: TimeAmount(limits.roomDeadline)),
            logger: logger, isProxy: { [proxies = limits.proxies] in proxies.contains(peer: $0) })
        let application = Application(
            responder: APIResponder(
                service: service, limits: limits, watches: watches, connections: connections,
                bodies: ByteBudget(bytesMax: limits.bodyBytesInFlightMax), answers: answers, streamed: streamed),
            server: server(connections, watches),
            configuration: ApplicationConfiguration(
                address: .hostname(address.host, port: address.port), backlog: limits.backlogMax,
                // Above the registry's own bound: it has to see a connection to decide about it.
                availableConnectionsDelegate: MaximumAvailableConnections(
                    limits.connectionsMax + limits.backlogMax, logger: logger)),
            logger: logger)
        try await application.run()
    }

    /// Plain HTTP, and WebSockets where there is an entrance.
    private func server(_ connections: ConnectionRegistry, _ watches: ConnectionWatches) -> HTTPServerBuilder {
        if let sockets {
            return HTTPServerBuilder { [limits] responder in
                UpgradableChannel(responder: responder, entrance: sockets, limits: limits, connections: connections) {
                    [connections.handler(), watches.handler()]
                }
            }
        }
        let configuration = HTTP1Channel.Configuration(
            additionalChannelHandlers: [connections.handler(), watches.handler()],
            idleTimeout: .seconds(limits.idleSeconds),
            httpDecoderConfiguration: HTTP1Channel.Configuration.DecoderConfiguration(
                maxHeaderFieldSize: limits.headerBytesMax, maxHeaderListSize: limits.headerBytesMax,
                maxHeaderFieldCount: limits.headersMax))
        return HTTPServerBuilder { responder in
            PlainChannel(base: HTTP1Channel(responder: responder, configuration: configuration))
        }
    }
}

/// Turns HTTP messages into those of the services and back.
struct APIResponder: HTTPResponder {
    struct Context: InitializableFromSource {
        let channel: any Channel

        init(source: ApplicationRequestContextSource) { channel = source.channel }
    }

    let service: any DataPlaneService
    let limits: HTTPLimits
    let watches: ConnectionWatches
    let connections: ConnectionRegistry
    let bodies: ByteBudget
    let answers: ByteBudget
    let streamed: StreamedRequests

    /// An answer, and whether the connection ends with it.
    private typealias Outcome = (answer: ServiceResponse, closes: Bool)

    func respond(to request: Request, context: Context) async throws -> Response {
        connections.beginRequest(on: context.channel)
        let head = ServiceRequest(
            method: request.method.rawValue, path: request.uri.path, query: request.uri.query ?? "",
            headers: request.headers.map { ($0.name.canonicalName, $0.value) }
                + (request.head.authority.map { [("host", $0)] } ?? []),
            body: [], peer: peer(of: request, on: context.channel))
        let channel = context.channel
        if service.streams(head), service.refusal(ofHead: head) == nil {
            return await respondByStream(to: head, request, on: channel)
        }
        let (made, closes) = try await self.answer(request, head, on: channel)
        let answer = withRoom(made)
        return Self.response(answer, isHead: request.method == .head, closes: closes, on: channel) { [connections] in
            if closes { channel.close(mode: .all, promise: nil) } else { connections.endRequest(on: channel) }
        }
    }

    /// Counts a body that was not counted while it was made.
    private func withRoom(_ made: ServiceResponse) -> ServiceResponse {
        guard made.share == nil else { return made }
        var answer = made
        let share = answers.share(beyond: limits.answerBytesFree)
        if !share.grow(to: answer.body.count) {
            answer = ServiceResponse(
                status: 503,
                json: .object([.init("message", .string("Too many large answers wait to be read. Try again."))]))
            answer.headers += made.headers.filter { $0.name.lowercased().hasPrefix("access-control-") }
            answer.set("Retry-After", "1")
        }
        answer.share = share
        return answer
    }

    private static let forwarded = HTTPField.Name("X-Forwarded-For")

    /// The client's address; behind a proxy that is trusted, the one that the proxy names.
    private func peer(of request: Request, on channel: any Channel) -> String? {
        guard let peer = channel.remoteAddress?.ipAddress, let name = Self.forwarded else { return nil }
        return limits.proxies.client(forwardedFor: request.headers[values: name].joined(separator: ","), peer: peer)
    }

    /// The token is looked at before the body is taken in: a stranger's body is thrown away as it comes.
    private func answer(
        _ request: Request, _ head: ServiceRequest, on channel: any Channel
    ) async throws -> Outcome {
        if let refusal = service.refusal(ofHead: head) {
            let body = try await receive(request, on: channel, keeping: 0)
            return (refusal, !body.isFinished)
        }
        if service.takesPieces(of: head) {
            return await withTaskExecutorPreference(globalConcurrentExecutor) {
                await respondInPieces(to: head, request, on: channel)
            }
        }
        return try await bodies.withShare(beyond: limits.uncountedBytes) { share in
            switch try await receive(request, on: channel, keeping: service.bodyBytesMax(for: head), of: share) {
            case .complete(let body):
                var message = head
                message.body = Array(body.readableBytesView)
                return (await respond(to: message, on: channel), false)
            case .tooLarge(let isFinished): return (service.refusal(ofBody: .tooLarge, head), !isFinished)
            case .overBudget(let isFinished): return (service.refusal(ofBody: .tooMany, head), !isFinished)
            case .tooSlow: return (service.refusal(ofBody: .tooSlow, head), true)
            }
        }
    }

    private func receive(
        _ request: Request, on channel: any Channel, keeping keptMax: Int, of share: ByteBudget.Share? = nil
    ) async throws -> ReceivedBody {
        let declared = request.headers[.contentLength].flatMap { Int($0) }
        return try await connections.receive(
            request, on: channel, keeping: keptMax, of: share, discarding: limits.discardedBytesMax,
            within: limits.bodyPace.deadline(of: declared))
    }

    /// The work for a client that goes meanwhile is cancelled with the connection's task.
    private func respond(to message: ServiceRequest, on channel: any Channel) async -> ServiceResponse {
        guard watches.watch(of: channel) != nil else { return ServiceResponse(status: 499) }
        if service.isBrief(message), message.body.count <= HTTPLimits.briefBodyBytesMax {
            return await service.respond(to: message)
        }
        // Long computations would hold up the other connections of the event loop.
        return await withTaskExecutorPreference(globalConcurrentExecutor) { await service.respond(to: message) }
    }

    /// - Parameter onEnd: called once the last byte is on its way, or in one piece about to be.
    static func response(
        _ answer: ServiceResponse, isHead: Bool, closes: Bool, on channel: any Channel,
        onEnd: @escaping @Sendable () -> Void
    ) -> Response {
        var fields = HTTPFields()
        for (name, value) in answer.headers {
            guard let name = HTTPField.Name(name) else { continue }
            fields.append(HTTPField(name: name, value: value))
        }
        if fields[.xContentTypeOptions] == nil { fields[.xContentTypeOptions] = "nosniff" }
        let status = HTTPResponse.Status(code: answer.status, reasonPhrase: Self.reason(answer))
        let hasBody = status.kind != .informational && status != .noContent
        // The length of a body that was never made is not known, and the end of a chunked one that has no chunks would
        // be taken for the next answer: so the connection ends.
        if closes || hasBody && isHead && answer.content == nil { fields[.connection] = "close" }
        if let content = answer.content {
            guard !isHead else {
                fields[.contentLength] = String(content.length)
                return Response(status: status, headers: fields, body: Self.noBody(onEnd: onEnd))
            }
            return Response(status: status, headers: fields, body: Self.body(of: content, on: channel, onEnd: onEnd))
        }
        let body = hasBody && !isHead ? answer.body : []
        // Head, body and end in one write.
        if !closes, !(hasBody && isHead), body.count <= HTTPLimits.wholeBodyBytes {
            onEnd()
            return Response(
                status: status, headers: fields, body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
        }
        let length = hasBody && isHead ? nil : body.count
        return Response(
            status: status, headers: fields,
            body: ResponseBody(contentLength: length) { writer in
                // No copy of all of it is made.
                for start in stride(from: 0, to: body.count, by: HTTPLimits.contentPieceBytes) {
                    let piece = body[start..<min(start + HTTPLimits.contentPieceBytes, body.count)]
                    try await writer.write(ByteBuffer(bytes: piece))
                    try await channel.takesMore()
                }
                try await writer.finish(nil)
                withExtendedLifetime(answer.share) {}
                onEnd()
            })
    }

    /// What follows the head of an answer to HEAD.
    private static func noBody(onEnd: @escaping @Sendable () -> Void) -> ResponseBody {
        ResponseBody(contentLength: nil) { writer in
            try await writer.finish(nil)
            onEnd()
        }
    }

    /// Line breaks would end the status line.
    private static func reason(_ answer: ServiceResponse) -> String {
        guard let reason = answer.reason else { return HTTPResponse.Status(code: answer.status).reasonPhrase }
        return String(reason.filter { $0.isASCII && !$0.isNewline })
    }
}

extension Channel {
    /// Returns when the event loop has taken what was written: only then a writer knows whether the client has room,
    /// and waits for it. A fast one would hand over everything before.
    func takesMore() async throws { try await eventLoop.submit {}.get() }
}

/// Whether the server lives and is ready, on a port of its own.
struct AdminServer: ServiceLifecycle.Service {
    let isReady: @Sendable () async -> Bool
    let address: ServerAddress
    let logger: Logger

    func run() async throws {
        let router = Router()
        router.get("live") { _, _ in HTTPResponse.Status.ok }
        router.get("ready") { [isReady] _, _ -> HTTPResponse.Status in
            await isReady() ? .ok : .serviceUnavailable
        }
        try await Application(
            router: router, configuration: .init(address: .hostname(address.host, port: address.port)), logger: logger
        ).run()
    }
}
