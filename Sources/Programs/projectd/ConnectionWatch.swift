import NIOCore
import Synchronization

/// Tells the request under way on a connection that its client has gone.
///
/// A client that closes its side has gone: half-closed connections, which HTTP clients do not use, are not kept.
final class ConnectionWatches: Sendable {
    private let watches = Mutex<[ObjectIdentifier: ConnectionWatch]>([:])

    /// The handler of a new connection.
    func handler() -> any RemovableChannelHandler { CloseHandler(watches: self) }

    /// The watch of a connection; nil once it is closed.
    func watch(of channel: any Channel) -> ConnectionWatch? {
        watches.withLock { $0[ObjectIdentifier(channel)] }
    }

    fileprivate func add(_ channel: any Channel) {
        watches.withLock { $0[ObjectIdentifier(channel)] = ConnectionWatch() }
    }

    fileprivate func close(_ channel: any Channel) {
        watches.withLock { $0.removeValue(forKey: ObjectIdentifier(channel)) }?.close()
    }
}

/// Whether one connection is closed.
final class ConnectionWatch: Sendable {
    private struct State {
        var isClosed = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// Returns when the connection is closed, or the task is cancelled. One waiter at a time.
    func closed() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if !state.isClosed, !Task.isCancelled { state.waiter = continuation }
                    return state.isClosed || Task.isCancelled
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { state in
                defer { state.waiter = nil }
                return state.waiter
            }?.resume()
        }
    }

    fileprivate func close() {
        state.withLock { state in
            state.isClosed = true
            defer { state.waiter = nil }
            return state.waiter
        }?.resume()
    }
}

/// Registers a connection, and closes it whole when its client closes one side.
private final class CloseHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny
    typealias InboundOut = NIOAny

    private let watches: ConnectionWatches

    init(watches: ConnectionWatches) { self.watches = watches }

    func handlerAdded(context: ChannelHandlerContext) { watches.add(context.channel) }

    func handlerRemoved(context: ChannelHandlerContext) { watches.close(context.channel) }

    func channelInactive(context: ChannelHandlerContext) {
        watches.close(context.channel)
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }
}
