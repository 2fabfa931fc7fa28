import Glibc
import NIOCore
import NIOPosix
import PostgresKit
import Synchronization

/// Connections of PostgreSQL on the event loops of the HTTP server.
struct EventLoopSockets: PostgresSockets {
    func watch(_ descriptor: Int32, for receiver: any PostgresSocketReceiver) async -> (any PostgresSocketWatch)? {
        let group = MultiThreadedEventLoopGroup.singleton
        let loop = MultiThreadedEventLoopGroup.currentEventLoop ?? group.next()
        let socket = EventLoopSocket(descriptor: descriptor, loop: loop, receiver: receiver)
        guard await socket.read() else {
            socket.close()
            return nil
        }
        return socket
    }
}

/// One socket on its event loop.
///
/// A channel takes out of its socket what is there once the other side has ended, whether it is to read or not. So a
/// socket that is paused has none: each time that it is read it gets a channel with a descriptor of its own.
private final class EventLoopSocket: PostgresSocketWatch {
    private enum Activity {
        /// The channel is nil while it begins.
        case reading((any Channel)?)
        case paused
        case closed
    }

    /// Bytes of one read: as many as the last ones filled.
    private static let readBytes = (least: 2 << 10, first: 8 << 10, most: 64 << 10)

    /// The socket, whose duplicates the channels close.
    private let descriptor: Int32
    private let loop: any EventLoop
    private let receiver: any PostgresSocketReceiver
    private let activity = Mutex(Activity.paused)

    init(descriptor: Int32, loop: any EventLoop, receiver: any PostgresSocketReceiver) {
        self.descriptor = descriptor
        self.loop = loop
        self.receiver = receiver
    }

    var isHere: Bool { loop.inEventLoop }

    /// Between a pause and its end nobody sends.
    func send(_ bytes: [UInt8]) {
        let channel = activity.withLock { activity -> (any Channel)? in
            guard case .reading(let channel) = activity else { return nil }
            return channel
        }
        channel?.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
    }

    func pause() async {
        let channel = activity.withLock { activity -> (any Channel)? in
            guard case .reading(let channel) = activity else { return nil }
            activity = .paused
            return channel
        }
        guard let channel else { return }
        channel.close(mode: .all, promise: nil)
        await withCheckedContinuation { continuation in
            channel.closeFuture.whenComplete { _ in continuation.resume() }
        }
    }

    func resume() async {
        if await !read() { receiver.end() }
    }

    func after(_ delay: Duration, _ work: @escaping @Sendable () -> Void) {
        loop.scheduleTask(in: TimeAmount(delay), work)
    }

    func close() {
        let channel = activity.withLock { activity -> (any Channel)? in
            defer { activity = .closed }
            switch activity {
            case .closed: return nil
            case .paused:
                Glibc.close(descriptor)
                return nil
            case .reading(let channel):
                Glibc.close(descriptor)
                return channel
            }
        }
        channel?.close(mode: .all, promise: nil)
    }

    /// Begins to read. Whether it does.
    func read() async -> Bool {
        let duplicate = activity.withLock { activity -> Int32 in
            guard case .paused = activity else { return -1 }
            // Under the lock: the number is another file's once it is closed.
            let duplicate = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
            if duplicate >= 0 { activity = .reading(nil) }
            return duplicate
        }
        guard duplicate >= 0 else { return false }
        // It owns the duplicate, also when it fails. A socket that the server has closed meanwhile.
        guard let channel = try? await bootstrap().withConnectedSocket(duplicate).get() else {
            activity.withLock { if case .reading = $0 { $0 = .paused } }
            return false
        }
        let isWanted = activity.withLock { activity in
            guard case .reading = activity else { return false }
            activity = .reading(channel)
            return true
        }
        if !isWanted { channel.close(mode: .all, promise: nil) }
        return isWanted
    }

    private func bootstrap() -> ClientBootstrap {
        ClientBootstrap(group: loop)
            .channelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(
                    minimum: Self.readBytes.least, initial: Self.readBytes.first, maximum: Self.readBytes.most)
            )
            .channelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(SocketBytes(of: self))
                }
            }
    }

    fileprivate func receive(_ bytes: ByteBuffer) { receiver.receive(bytes.readableBytesSpan) }

    /// A channel has ended: unless it was to end, so has the socket.
    fileprivate func channelEnded() {
        let isMeant = activity.withLock { if case .reading = $0 { false } else { true } }
        if !isMeant { receiver.end() }
    }
}

/// Hands what comes to the connection.
private final class SocketBytes: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let socket: EventLoopSocket

    init(of socket: EventLoopSocket) { self.socket = socket }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { socket.receive(Self.unwrapInboundIn(data)) }

    func channelInactive(context: ChannelHandlerContext) {
        socket.channelEnded()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
