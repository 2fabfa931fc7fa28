import NIOCore
import NIOPosix
import Synchronization

/// What a stub does with each connection.
struct StubScript: Sendable {
    enum Ending: Sendable {
        /// Leaves the connection to the client.
        case keepOpen
        case close
        case halfClose
    }

    /// Sent when the connection is accepted, without being asked.
    var greeting: [UInt8] = []
    /// Sent when the first bytes arrive.
    var answer: [UInt8] = []
    /// With a pause, the answer goes out byte by byte.
    var pause: TimeAmount?
    /// What comes after the answer, or after the first bytes where there is none.
    var ending: Ending = .keepOpen

    static func answering(_ text: String, then ending: Ending = .keepOpen) -> StubScript {
        StubScript(answer: Array(text.utf8), ending: ending)
    }
}

/// A server on 127.0.0.1 that follows a script and keeps what it was sent.
final class StubServer: Sendable {
    let port: UInt16
    private let log: StubLog

    private init(port: UInt16, log: StubLog) {
        self.port = port
        self.log = log
    }

    /// Bytes of all connections so far.
    var received: [UInt8] { log.received.withLock { $0 } }
    var receivedText: String { String(decoding: received, as: UTF8.self) }

    /// Waits until that many connections have been accepted, and closed, in the whole life of the stub.
    func accepted(_ count: Int) async { for await total in log.accepted where total >= count { return } }
    func closed(_ count: Int) async { for await total in log.closed where total >= count { return } }

    /// Runs `body` beside a stub.
    static func with<Result>(
        _ script: StubScript, _ body: (StubServer) async throws -> Result
    ) async throws -> Result {
        let log = StubLog()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 1_024)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(StubHandler(script, log))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        do {
            let port = UInt16(channel.localAddress?.port ?? 0)
            let result = try await body(StubServer(port: port, log: log))
            try await channel.close().get()
            return result
        } catch {
            try await channel.close().get()
            throw error
        }
    }
}

/// What happened to a stub.
private final class StubLog: Sendable {
    let received = Mutex<[UInt8]>([])
    let accepted: AsyncStream<Int>
    let closed: AsyncStream<Int>
    private let acceptedFeed: AsyncStream<Int>.Continuation
    private let closedFeed: AsyncStream<Int>.Continuation
    private let totals = Mutex((accepted: 0, closed: 0))

    init() {
        (accepted, acceptedFeed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        (closed, closedFeed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func countAccepted() {
        totals.withLock {
            $0.accepted += 1
            acceptedFeed.yield($0.accepted)
        }
    }

    func countClosed() {
        totals.withLock {
            $0.closed += 1
            closedFeed.yield($0.closed)
        }
    }
}

private final class StubHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let script: StubScript
    private let log: StubLog
    private var hasAnswered = false

    init(_ script: StubScript, _ log: StubLog) {
        self.script = script
        self.log = log
    }

    func channelActive(context: ChannelHandlerContext) {
        log.countAccepted()
        if !script.greeting.isEmpty {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: script.greeting)), promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) { log.countClosed() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        log.received.withLock { $0 += Array(bytes.readableBytesView) }
        guard !hasAnswered else { return }
        hasAnswered = true
        guard let pause = script.pause else {
            if !script.answer.isEmpty {
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: script.answer)), promise: nil)
            }
            return end(context.channel)
        }
        drip(script.answer[...], every: pause, on: context.channel)
    }

    /// The client ended its side; servers take that as the end.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed, script.ending != .keepOpen { context.close(promise: nil) }
    }

    /// A client that goes away in the middle of a script is what these tests are about.
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func drip(_ bytes: ArraySlice<UInt8>, every pause: TimeAmount, on channel: any Channel) {
        guard let first = bytes.first else { return end(channel) }
        channel.writeAndFlush(ByteBuffer(bytes: [first]), promise: nil)
        let loopBound = NIOLoopBound(self, eventLoop: channel.eventLoop)
        channel.eventLoop.scheduleTask(in: pause) {
            if channel.isActive { loopBound.value.drip(bytes.dropFirst(), every: pause, on: channel) }
        }
    }

    private func end(_ channel: any Channel) {
        switch script.ending {
        case .keepOpen: break
        case .close: channel.close(promise: nil)
        case .halfClose: channel.close(mode: .output, promise: nil)
        }
    }
}
