import Clients
import HTTPTypes
package import HummingbirdCore
package import Logging
package import NIOCore
import Synchronization

/// Keeps the connections of a server within bounds: how many there are, in all and of one network, and how long each
/// may keep a place without asking for anything.
///
/// Bytes alone keep no place: what counts is a complete head, and then a body that makes progress. Where a place is
/// needed, ``ConnectionTable`` says which connection goes.
package final class ConnectionRegistry: Sendable {
    /// How long a connection may wait.
    package struct Deadlines: Sendable {
        /// For the head of the first request.
        package var firstHead: TimeAmount
        /// For the head of each further one.
        package var nextHead: TimeAmount
        /// For room to write: as long as a client may take nothing in while an answer waits for it.
        package var room: TimeAmount

        package init(firstHead: TimeAmount, nextHead: TimeAmount, room: TimeAmount) {
            self.firstHead = firstHead
            self.nextHead = nextHead
            self.room = room
        }
    }

    /// A connection's channel, which lives until the connection has left the table.
    private typealias ID = ObjectIdentifier

    /// One of the connections.
    private struct Place {
        let channel: any Channel
        /// The last turn in which it waits for a head, and until when.
        var turn: UInt64 = 0
        var due: NIODeadline
        /// When the event loop looks after it next, if it does. One look serves many turns.
        var looksAt: NIODeadline?
    }

    private struct State {
        var table: ConnectionTable<ID>
        var places: [ID: Place] = [:]
        var refusals = 0
    }

    fileprivate let deadlines: Deadlines
    /// Whether many clients are behind an address.
    private let isProxy: @Sendable (String) -> Bool
    private let logger: Logger
    private let state: Mutex<State>

    /// A registry without connections.
    ///
    /// - Parameter isProxy: whether many clients are behind an address, which is then not counted as one network.
    package init(
        limits: ConnectionLimits, pace: BodyPace, deadlines: Deadlines, logger: Logger,
        isProxy: @escaping @Sendable (String) -> Bool
    ) {
        self.deadlines = deadlines
        self.isProxy = isProxy
        self.logger = logger
        state = Mutex(State(table: ConnectionTable(limits: limits, pace: pace)))
    }

    /// A handler for a new connection.
    package func handler() -> ConnectionPlace { ConnectionPlace(registry: self) }

    /// Connections at the moment.
    package var count: Int { state.withLock { $0.table.count } }

    /// Takes a connection in. Whether it may stay.
    fileprivate func open(_ channel: any Channel) -> Bool {
        let id = ID(channel)
        let address = channel.remoteAddress?.ipAddress ?? "local"
        let network = isProxy(address) ? ClientNetwork.local : ClientNetwork(address)
        let due = NIODeadline.now() + deadlines.firstHead
        let (decision, evicted, refusals) = state.withLock { state in
            let decision = state.table.open(id, from: network)
            var evicted: (any Channel)?
            if case .accepted(let victim) = decision {
                state.places[id] = Place(channel: channel, due: due, looksAt: due)
                evicted = victim.flatMap { state.places.removeValue(forKey: $0)?.channel }
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
        look(after: id, of: channel, at: due)
        return true
    }

    fileprivate func close(_ channel: any Channel) {
        let id = ID(channel)
        state.withLock { state in
            state.table.close(id)
            state.places[id] = nil
        }
    }

    /// A request's head has come on this connection.
    package func beginRequest(on channel: any Channel) { state.withLock { $0.table.beginRequest(ID(channel)) } }

    /// Reads a body as ``ReceivedBody/receive(_:keeping:of:discarding:within:onBytes:)`` does. Meanwhile the connection
    /// keeps its place by progress alone.
    package func receive(
        _ request: Request, on channel: any Channel, keeping keptMax: Int, of share: ByteBudget.Share? = nil,
        discarding discardedMax: Int, within deadline: Duration
    ) async throws -> ReceivedBody {
        // The end of a request without a body comes with its head (RFC 9112, 6.3): there is nothing to wait for.
        guard request.announcesBody else {
            for try await _ in request.body {}
            return .complete(ByteBuffer())
        }
        let id = ID(channel)
        state.withLock { $0.table.beginBody(id) }
        defer { state.withLock { $0.table.endBody(id) } }
        return try await ReceivedBody.receive(
            request.body, keeping: keptMax, of: share, discarding: discardedMax, within: deadline
        ) { [self] count in state.withLock { $0.table.receive(count, on: id) } }
    }

    /// A body is waited for that is worked on while it comes; ``takePiece(of:on:)`` says of its progress.
    package func beginPieces(on channel: any Channel) { state.withLock { $0.table.beginBody(ID(channel)) } }

    /// Bytes of such a body have come.
    package func takePiece(of count: Int, on channel: any Channel) {
        state.withLock { $0.table.receive(count, on: ID(channel)) }
    }

    /// No more of such a body is waited for.
    package func endPieces(on channel: any Channel) { state.withLock { $0.table.endBody(ID(channel)) } }

    /// The answer is written; the connection waits for the next request.
    package func endRequest(on channel: any Channel) {
        let id = ID(channel)
        let due = NIODeadline.now() + deadlines.nextHead
        let needsLook = state.withLock { state in
            guard let turn = state.table.endRequest(id), var place = state.places[id] else { return false }
            (place.turn, place.due) = (turn, due)
            let needsLook = place.looksAt.map { due < $0 } ?? true
            if needsLook { place.looksAt = due }
            state.places[id] = place
            return needsLook
        }
        if needsLook { look(after: id, of: channel, at: due) }
    }

    private enum Sight {
        case overdue
        case later(NIODeadline)
        case nothing
    }

    /// Looks when the time of the present turn is over, and then whether it is that of a later one by now.
    private func look(after id: ID, of channel: any Channel, at due: NIODeadline) {
        // Ends with the connection: the event loop drops what is scheduled on it when it goes.
        channel.eventLoop.scheduleTask(deadline: due) { [weak self] in
            guard let self else { return }
            switch self.sight(of: id) {
            case .overdue: channel.close(mode: .all, promise: nil)
            case .later(let due): self.look(after: id, of: channel, at: due)
            case .nothing: break
            }
        }
    }

    private func sight(of id: ID) -> Sight {
        state.withLock { state in
            guard let place = state.places[id] else { return .nothing }
            guard state.table.isWaiting(id, in: place.turn) else {
                state.places[id]?.looksAt = nil
                return .nothing
            }
            guard NIODeadline.now() < place.due else { return .overdue }
            state.places[id]?.looksAt = place.due
            return .later(place.due)
        }
    }
}

/// A connection's place in the registry, from its first moment to its last.
package final class ConnectionPlace: ChannelInboundHandler, RemovableChannelHandler {
    package typealias InboundIn = NIOAny

    private let registry: ConnectionRegistry
    /// Ends the connection when the client has not made room by then.
    private var expiry: Scheduled<Void>?

    fileprivate init(registry: ConnectionRegistry) { self.registry = registry }

    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        expiry?.cancel()
        expiry = nil
        let channel = context.channel
        if !channel.isWritable {
            expiry = context.eventLoop.scheduleTask(in: registry.deadlines.room) {
                channel.close(mode: .all, promise: nil)
            }
        }
        context.fireChannelWritabilityChanged()
    }

    package func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        guard registry.open(channel) else {
            // Not within the set-up of the connection that is to be closed.
            return context.eventLoop.execute { channel.close(mode: .all, promise: nil) }
        }
        let registry = registry
        channel.closeFuture.whenComplete { _ in registry.close(channel) }
    }
}

extension Request {
    fileprivate var announcesBody: Bool {
        headers[.transferEncoding] != nil || headers[values: .contentLength].contains { $0 != "0" }
    }
}
