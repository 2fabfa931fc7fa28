import DataPlaneCore
import HTTPBounds
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOWebSocket
import RealtimeAPI

/// Where WebSockets come in: below a prefix of the paths, at one service.
struct SocketEntrance: Sendable {
    /// `/realtime/v1` behind a gateway, nothing where the service is alone.
    let prefix: String
    let service: RealtimeService
    let table: SocketTable

    func admission(of head: HTTPRequestHead) -> SocketAdmission? {
        let parts = head.uri.split(separator: "?", maxSplits: 1).map(String.init)
        guard let path = parts.first, path.hasPrefix(prefix) else { return nil }
        return service.admission(
            of: ServiceRequest(
                method: head.method.rawValue, path: String(path.dropFirst(prefix.count)),
                query: parts.count == 2 ? parts[1] : "",
                headers: head.headers.map { ($0.name.lowercased(), $0.value) }, body: []))
    }

    /// Makes a connection a WebSocket. Nil where the last place has just gone.
    func open(_ admission: SocketAdmission, on channel: any Channel) -> EventLoopFuture<Void> {
        channel.eventLoop.makeCompletedFuture {
            guard let id = service.open(admission) else { throw ChannelError.eof }
            table.add(id, channel)
            let idle = IdleStateHandler(readTimeout: .seconds(Int64(service.limits.idleSeconds)))
            let meter = SocketMeter(table: table, id: id)
            try channel.pipeline.syncOperations.addHandler(meter, position: .first)
            try channel.pipeline.syncOperations.addHandlers([
                idle, SocketHandler(service: service, table: table, id: id, meter: meter),
            ])
        }
    }
}

/// An HTTP connection whose first request may make it a WebSocket.
struct UpgradableChannel: HTTPChannelHandler {
    /// What a connection has become.
    enum Outcome: Sendable {
        case http(NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>)
        case socket
    }

    struct Value: ServerChildChannelValue {
        let outcome: EventLoopFuture<Outcome>
        let channel: any Channel
    }

    let responder: Responder
    let entrance: SocketEntrance
    let limits: HTTPLimits
    let connections: ConnectionRegistry
    /// Handlers that stand before everything else, from the connection's first moment.
    let watchers: @Sendable () -> [any RemovableChannelHandler]

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandlers(watchers())
            var configuration = NIOUpgradableHTTPServerPipelineConfiguration(
                upgradeConfiguration: NIOTypedHTTPServerUpgradeConfiguration(
                    upgraders: [upgrader()],
                    notUpgradingCompletionHandler: { [limits] in Self.becomeHTTP($0, within: limits, logger: logger) }))
            configuration.enablePipelining = false
            configuration.enableErrorHandling = false
            configuration.enableResponseHeaderValidation = false
            configuration.decoderConfiguration.maxHeaderFieldSize = limits.headerBytesMax
            configuration.decoderConfiguration.maxHeaderListSize = limits.headerBytesMax
            configuration.decoderConfiguration.maxHeaderFieldCount = limits.headersMax
            let outcome = try channel.pipeline.syncOperations.configureUpgradableHTTPServerPipeline(
                configuration: configuration)
            return Value(outcome: outcome, channel: channel)
        }
    }

    private func upgrader() -> NIOTypedWebSocketServerUpgrader<Outcome> {
        NIOTypedWebSocketServerUpgrader(
            maxFrameSize: entrance.service.limits.frameBytesMax,
            shouldUpgrade: { [entrance] channel, head in
                let isAdmitted = entrance.admission(of: head) != nil
                return channel.eventLoop.makeSucceededFuture(isAdmitted ? HTTPHeaders() : nil)
            },
            upgradePipelineHandler: { [entrance, connections] channel, head in
                guard let admission = entrance.admission(of: head) else {
                    return channel.eventLoop.makeFailedFuture(ChannelError.eof)
                }
                // It asks for something as long as it is open, and so keeps its place.
                connections.beginRequest(on: channel)
                return entrance.open(admission, on: channel).map { .socket }
            })
    }

    /// As Hummingbird sets its own HTTP connections up.
    private static func becomeHTTP(
        _ channel: any Channel, within limits: HTTPLimits, logger: Logger
    ) -> EventLoopFuture<Outcome> {
        channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandlers([
                HTTP1ToHTTPServerCodec(secure: false),
                HTTPConnectionStateHandler(idleTimeout: .seconds(limits.idleSeconds), logger: logger),
            ])
            return .http(
                try NIOAsyncChannel(
                    wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true)))
        }
    }

    func handle(value: Value, logger: Logger) async {
        do {
            switch try await value.outcome.get() {
            case .http(let connection): await serve(connection, logger: logger)
            case .socket: try await value.channel.closeFuture.get()
            }
        } catch {
            // A connection that ended before its first request, or a WebSocket without a place.
            logger.debug("a connection ended early", metadata: ["why": "\(error)"])
            value.channel.close(mode: .all, promise: nil)
        }
    }
}
