import NIOCore
import Synchronization

/// Follows a script on one connection.
final class StubHandler: ChannelInboundHandler {
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
        log.countAccepted(context.channel)
        if !script.greeting.isEmpty {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: script.greeting)), promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) { log.countClosed(context.channel) }

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

    /// The client has ended its side; most servers take that as the end.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event as? ChannelEvent == .inputClosed else { return }
        switch script.ending {
        case .never: break
        case .lastWords: sayLastWords(context.channel)
        case .keepOpen, .close, .halfClose: context.close(promise: nil)
        }
    }

    /// The kernel answers the first message with a reset where the reader is gone; the second one shows it.
    private func sayLastWords(_ channel: any Channel) {
        let log = log
        channel.writeAndFlush(ByteBuffer(string: "first")).flatMap {
            channel.writeAndFlush(ByteBuffer(string: "second"))
        }.whenComplete { result in
            if case .failure = result { log.wasReset.withLock { $0 = true } }
            channel.close(promise: nil)
        }
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
        case .keepOpen, .never, .lastWords: break
        case .close: channel.close(promise: nil)
        case .halfClose: channel.close(mode: .output, promise: nil)
        }
    }
}
