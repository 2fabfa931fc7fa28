import NIOCore
import NIOPosix
import PostgresKit

/// Connections of PostgreSQL on the event loops of the HTTP server.
struct EventLoopSockets: PostgresSockets {
    /// Bytes of one read: as many as the last ones filled.
    private static let readBytes = (least: 2 << 10, first: 8 << 10, most: 64 << 10)

    func watch(_ descriptor: Int32, for receiver: any PostgresSocketReceiver) async -> (any PostgresSocketWatch)? {
        let group = MultiThreadedEventLoopGroup.singleton
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.currentEventLoop ?? group.next())
            .channelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(
                    minimum: Self.readBytes.least, initial: Self.readBytes.first, maximum: Self.readBytes.most)
            )
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(SocketBytes(for: receiver))
                }
            }
        // A socket that the server has closed meanwhile.
        do { return EventLoopSocket(channel: try await bootstrap.withConnectedSocket(descriptor).get()) } catch {
            return nil
        }
    }
}

/// One socket on its event loop.
private struct EventLoopSocket: PostgresSocketWatch {
    let channel: any Channel

    var isHere: Bool { channel.eventLoop.inEventLoop }

    func send(_ bytes: [UInt8]) { channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil) }

    func pause() async { await read(false) }

    func resume() async { await read(true) }

    /// On a closed socket there is nothing to read, so the error does not matter.
    private func read(_ reads: Bool) async {
        await withCheckedContinuation { continuation in
            channel.setOption(.autoRead, value: reads).whenComplete { _ in continuation.resume() }
        }
    }

    func after(_ delay: Duration, _ work: @escaping @Sendable () -> Void) {
        channel.eventLoop.scheduleTask(in: TimeAmount(delay), work)
    }

    func close() { channel.close(mode: .all, promise: nil) }
}

/// Hands what comes to the connection.
private final class SocketBytes: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let receiver: any PostgresSocketReceiver

    init(for receiver: any PostgresSocketReceiver) { self.receiver = receiver }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = Self.unwrapInboundIn(data)
        receiver.receive(bytes.readableBytesSpan)
    }

    func channelInactive(context: ChannelHandlerContext) {
        receiver.end()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
