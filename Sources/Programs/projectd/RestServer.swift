import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import PostgresKit
import RestAPI
import ServiceLifecycle

/// Serves the REST API by HTTP.
struct RestServer: ServiceLifecycle.Service {
    let service: RestService
    let address: ServerAddress
    let limits: HTTPLimits
    let logger: Logger

    func run() async throws {
        let watches = ConnectionWatches()
        let application = Application(
            responder: RestResponder(service: service, limits: limits, watches: watches),
            server: .http1(
                configuration: HTTP1Channel.Configuration(
                    additionalChannelHandlers: [watches.handler()],
                    idleTimeout: .seconds(limits.idleSeconds),
                    httpDecoderConfiguration: HTTP1Channel.Configuration.DecoderConfiguration(
                        maxHeaderFieldSize: limits.headerBytesMax, maxHeaderListSize: limits.headerBytesMax,
                        maxHeaderFieldCount: limits.headersMax))),
            configuration: ApplicationConfiguration(
                address: .hostname(address.host, port: address.port), backlog: limits.connectionsMax,
                availableConnectionsDelegate: MaximumAvailableConnections(limits.connectionsMax, logger: logger)),
            logger: logger)
        try await application.run()
    }
}

/// Turns HTTP messages into those of the REST API and back.
struct RestResponder: HTTPResponder {
    struct Context: InitializableFromSource {
        let channel: any Channel

        init(source: ApplicationRequestContextSource) { channel = source.channel }
    }

    let service: RestService
    let limits: HTTPLimits
    let watches: ConnectionWatches

    func respond(to request: Request, context: Context) async throws -> Response {
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: limits.bodyBytesMax)
        } catch is NIOTooManyBytesError {
            return Response(status: .contentTooLarge, headers: [.connection: "close"])
        }
        let message = RestHTTPRequest(
            method: request.method.rawValue, path: request.uri.path, query: request.uri.query ?? "",
            headers: request.headers.map { ($0.name.canonicalName, $0.value) }
                + (request.head.authority.map { [("host", $0)] } ?? []),
            body: Array(body.readableBytesView))
        let answer = await respond(to: message, watch: watches.watch(of: context.channel))
        return Self.response(answer, isHead: request.method == .head)
    }

    /// Ends the work for a client that has gone: the statement that runs for it is cancelled.
    private func respond(to message: RestHTTPRequest, watch: ConnectionWatch?) async -> RestHTTPResponse {
        guard let watch else { return RestHTTPResponse(status: 499) }
        return await withTaskGroup(of: RestHTTPResponse?.self) { group in
            group.addTask { await service.respond(to: message) }
            group.addTask {
                await watch.closed()
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first ?? RestHTTPResponse(status: 499)
        }
    }

    private static func response(_ answer: RestHTTPResponse, isHead: Bool) -> Response {
        var fields = HTTPFields()
        for (name, value) in answer.headers {
            guard let name = HTTPField.Name(name) else { continue }
            fields.append(HTTPField(name: name, value: value))
        }
        let status = HTTPResponse.Status(code: answer.status, reasonPhrase: Self.reason(answer))
        guard status.kind != .informational, status != .noContent else {
            return Response(status: status, headers: fields)
        }
        // The length of a body that was never made is not known, and the end of a chunked one that has no chunks would
        // be taken for the next answer: so the connection ends.
        guard !isHead else {
            fields[.connection] = "close"
            return Response(status: status, headers: fields, body: ResponseBody { try await $0.finish(nil) })
        }
        return Response(status: status, headers: fields, body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body)))
    }

    /// Line breaks would end the status line.
    private static func reason(_ answer: RestHTTPResponse) -> String {
        guard let reason = answer.reason else { return HTTPResponse.Status(code: answer.status).reasonPhrase }
        return String(reason.filter { $0.isASCII && !$0.isNewline })
    }
}

/// Whether the server lives and is ready, on a port of its own.
struct AdminServer: ServiceLifecycle.Service {
    let service: RestService
    let pool: PostgresPool
    let address: ServerAddress
    let logger: Logger

    func run() async throws {
        let router = Router()
        router.get("live") { _, _ in HTTPResponse.Status.ok }
        router.get("ready") { [service, pool] _, _ -> HTTPResponse.Status in
            guard service.isReady else { return .serviceUnavailable }
            do {
                try await pool.ping()
                return .ok
            } catch { return .serviceUnavailable }
        }
        try await Application(
            router: router, configuration: .init(address: .hostname(address.host, port: address.port)), logger: logger
        ).run()
    }
}
