package import NIOCore
import Synchronization

/// Tells the request under way on a connection that its client has gone.
///
/// A client that closes its side has gone: half-closed connections, which HTTP clients do not use, are not kept.
package final class ConnectionWatches: Sendable {
    private let watches = Mutex<[ObjectIdentifier: ConnectionWatch]>([:])

    /// No connection is watched yet.
    package init() {}

    /// The handler of a new connection.
    package func handler() -> any RemovableChannelHandler { CloseHandler(watches: self) }

    /// The watch of a connection; nil once it is closed.
    package func watch(of channel: any Channel) -> ConnectionWatch? {
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
package final class ConnectionWatch: Sendable {
    private let state = Mutex(WatchState<CheckedContinuation<Void, Never>>())

    /// A connection that is open.
    package init() {}

    /// Returns when the connection is closed, or the task is cancelled. One waiter at a time: a further one ends the
    /// wait of the earlier one.
    package func closed() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // Under the lock, and once: a task that is cancelled later finds its waiter here, one that is cancelled
                // already never becomes one.
                state.withLock { $0.wait(continuation, isCancelled: Task.isCancelled) }?.resume()
            }
        } onCancel: {
            state.withLock { $0.cancel() }?.resume()
        }
    }

    /// Ends the wait, and every later one.
    package func close() {
        state.withLock { $0.close() }?.resume()
    }
}

/// Who waits for the end of a connection. Every waiter is returned by exactly one call, to be resumed by its caller.
package struct WatchState<Waiter> {
    private var isClosed = false
    private var waiter: Waiter?

    package init() {}

    /// A waiter comes. Returns the one to resume: itself when there is nothing to wait for, or the one before it.
    package mutating func wait(_ new: Waiter, isCancelled: Bool) -> Waiter? {
        guard !isClosed, !isCancelled else { return new }
        defer { waiter = new }
        return waiter
    }

    /// The waiter gives up. Returns it, unless it has been returned before.
    package mutating func cancel() -> Waiter? {
        defer { waiter = nil }
        return waiter
    }

    /// The connection is closed. Returns the waiter, if there is one.
    package mutating func close() -> Waiter? {
        isClosed = true
        return cancel()
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
