import Logging
import NIOCore
import ProjectModel
import Synchronization

/// Keeps the connections of a server within bounds: how many there are, in all and of one network, and how long each
/// may keep a place without asking for anything.
///
/// Bytes alone keep no place: what counts is a complete head. Where a place is needed, the connection goes that has
/// waited longest for a request.
final class ConnectionRegistry: Sendable {
    /// How long a connection may wait.
    struct Deadlines: Sendable {
        /// For the head of the first request.
        var firstHead: TimeAmount
        /// For the head of each further one.
        var nextHead: TimeAmount
    }

    /// A connection's channel, which lives until the connection has left the table.
    typealias ID = ObjectIdentifier

    private struct State {
        var table: ConnectionTable<ID>
        var channels: [ID: any Channel] = [:]
        var refusals = 0
    }

    private let deadlines: Deadlines
    /// Proxies, behind whose address many clients are.
    private let proxies: TrustedProxies
    private let logger: Logger
    private let state: Mutex<State>

    init(limits: ConnectionLimits, deadlines: Deadlines, proxies: TrustedProxies, logger: Logger) {
        self.deadlines = deadlines
        self.proxies = proxies
        self.logger = logger
        state = Mutex(State(table: ConnectionTable(limits: limits)))
    }

    /// A handler for a new connection.
    func handler() -> ConnectionPlace { ConnectionPlace(registry: self) }

    /// Connections at the moment.
    var count: Int { state.withLock { $0.table.count } }

    /// Takes a connection in. Whether it may stay.
    fileprivate func open(_ channel: any Channel) -> Bool {
        let id = ID(channel)
        let address = channel.remoteAddress?.ipAddress ?? "local"
        let isProxy = ClientAddress(address).map(proxies.addresses.contains) ?? false
        let network = isProxy ? ClientNetwork.local : ClientNetwork(address)
        let (decision, evicted, refusals) = state.withLock { state in
            let decision = state.table.open(id, from: network)
            var evicted: (any Channel)?
            if case .accepted(let victim) = decision {
                state.channels[id] = channel
                evicted = victim.flatMap { state.channels.removeValue(forKey: $0) }
            } else {
                state.refusals += 1
            }
            return (decision, evicted, state.refusals)
        }
        evicted?.close(mode: .all, promise: nil)
        guard decision != .refused else {
            // The first, and then each thousandth: a flood must not fill the log too.
            if refusals % 1_000 == 1 {
                logger.warning("connections are refused: too many are open", metadata: ["refused": "\(refusals)"])
            }
            return false
        }
        expire(id, turn: 0, of: channel, after: deadlines.firstHead)
        return true
    }

    fileprivate func close(_ channel: any Channel) {
        let id = ID(channel)
        state.withLock { state in
            state.table.close(id)
            state.channels[id] = nil
        }
    }

    /// A request's head has come on this connection.
    func beginRequest(on channel: any Channel) { state.withLock { $0.table.beginRequest(ID(channel)) } }

    /// The answer is written; the connection waits for the next request.
    func endRequest(on channel: any Channel) {
        let id = ID(channel)
        guard let turn = state.withLock({ $0.table.endRequest(id) }) else { return }
        expire(id, turn: turn, of: channel, after: deadlines.nextHead)
    }

    private func expire(
        _ id: ID, turn: UInt64, of channel: any Channel, after deadline: TimeAmount
    ) {
        // Ends with the connection: the event loop drops what is scheduled on it when it goes.
        channel.eventLoop.scheduleTask(in: deadline) { [weak self] in
            guard let self, self.state.withLock({ $0.table.isWaiting(id, in: turn) }) else { return }
            channel.close(mode: .all, promise: nil)
        }
    }
}

/// A connection's place in the registry, from its first moment to its last.
final class ConnectionPlace: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    private let registry: ConnectionRegistry

    init(registry: ConnectionRegistry) { self.registry = registry }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        guard registry.open(channel) else {
            // Not within the set-up of the connection that is to be closed.
            return context.eventLoop.execute { channel.close(mode: .all, promise: nil) }
        }
        let registry = registry
        channel.closeFuture.whenComplete { _ in registry.close(channel) }
    }
}
