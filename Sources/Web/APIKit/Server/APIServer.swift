import Clients
import HTTPBounds
import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
public import ServiceLifecycle
import Synchronization

/// Serves an API on a TCP address until it is stopped. A graceful shutdown closes idle keep-alive
/// connections at once and lets running requests end; their deadline bounds it.
public struct APIServer: Service {
    private let api: APIPipeline
    private let address: ListenAddress
    private let limits: ServerLimits
    private let logger: Logger
    private let onListening: @Sendable (UInt16) async -> Void

    /// A server; ``run()`` begins to listen.
    ///
    /// - Parameters:
    ///   - api: What is served.
    ///   - address: Where.
    ///   - limits: Bounds of what clients can ask for.
    ///   - logger: Receives a line per request at debug level, and failures.
    ///   - onListening: Called once the socket listens, with its port.
    package init(
        api: APIPipeline, address: ListenAddress, limits: ServerLimits = ServerLimits(), logger: Logger,
        onListening: @escaping @Sendable (UInt16) async -> Void = { _ in }
    ) {
        self.api = api
        self.address = address
        self.limits = limits
        self.logger = logger
        self.onListening = onListening
    }

    /// Listens and serves until it is stopped; throws ``ListenError`` when the address cannot be bound.
    public func run() async throws {
        let progress = Progress()
        do {
            try await application(progress).run()
        } catch let error where !progress.isListening.load(ordering: .acquiring) && !(error is CancellationError) {
            throw ListenError(address: address, reason: ListenError.reason(of: error))
        }
    }

    /// How far a run has come: an error before it listens is about the address.
    private final class Progress: Sendable {
        let isListening = Atomic<Bool>(false)
    }

    private func application(_ progress: Progress) -> Application<RequestResponder> {
        let connections = ConnectionRegistry(
            limits: ConnectionLimits(
                total: limits.connectionsMax, perNetwork: limits.connectionsPerNetworkMax,
                perBlock: limits.connectionsPerBlockMax,
                reserved: min(limits.connectionsReserved, limits.connectionsMax / 2)),
            pace: limits.bodyPace,
            deadlines: ConnectionRegistry.Deadlines(
                firstHead: TimeAmount(limits.headDeadline), nextHead: TimeAmount(limits.idleDeadline),
                room: TimeAmount(limits.roomDeadline)),
            logger: logger, isProxy: { [proxies = api.proxies] in proxies.contains(peer: $0) })
        return Application(
            responder: RequestResponder(
                api: api, limits: limits, connections: connections,
                bodies: ByteBudget(bytesMax: limits.bodyBytesInFlightMax),
                answers: ByteBudget(bytesMax: limits.answerBytesInFlightMax),
                streams: StreamPlaces(perAccount: limits.streamsPerAccountMax, total: limits.streamsMax)),
            server: .http1(configuration: configuration(connections)),
            configuration: ApplicationConfiguration(
                address: .hostname(address.host, port: Int(address.port)), backlog: limits.backlogMax,
                // Above the registry's own bound: it has to see a connection to decide about it.
                availableConnectionsDelegate: MaximumAvailableConnections(
                    limits.connectionsMax + limits.backlogMax, logger: logger)),
            onServerRunning: { [onListening, address] channel in
                progress.isListening.store(true, ordering: .releasing)
                await onListening(UInt16(clamping: channel.localAddress?.port ?? Int(address.port)))
            },
            logger: logger)
    }

    private func configuration(_ connections: ConnectionRegistry) -> HTTP1Channel.Configuration {
        HTTP1Channel.Configuration(
            additionalChannelHandlers: [connections.handler()],
            idleTimeout: TimeAmount(limits.idleDeadline),
            httpDecoderConfiguration: HTTP1Channel.Configuration.DecoderConfiguration(
                maxHeaderFieldSize: limits.headerFieldBytesMax, maxHeaderListSize: limits.headerBytesMax,
                maxHeaderFieldCount: limits.headerFieldsMax))
    }
}
