import NIOCore
import NIOHTTP1
import Reconciler

/// The last handler of a probe's connection: it asks when the connection stands and turns what happens into a verdict.
protocol ProbeExchange: ChannelInboundHandler {
    var attempt: ProbeAttempt { get }
}

extension ProbeExchange {
    func channelInactive(context: ChannelHandlerContext) {
        attempt.settle(.notReady("closed the connection without an answer"))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        attempt.settle(failureResult(error))
    }
}

/// Ready as soon as the connection stands.
final class TCPExchange: ProbeExchange {
    typealias InboundIn = ByteBuffer

    let attempt: ProbeAttempt

    init(attempt: ProbeAttempt) { self.attempt = attempt }

    func channelActive(context: ChannelHandlerContext) { attempt.settle(.ready) }
}

/// Stops services that talk without ever answering. It counts after the handlers behind it have seen the bytes,
/// so that an answer followed by a long body is still an answer.
final class AnswerLimit: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private var receivedBytes = 0

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        receivedBytes += unwrapInboundIn(data).readableBytes
        context.fireChannelRead(data)
        if receivedBytes > ProbeLimits.answerBytes { context.fireErrorCaught(AnswerTooLong()) }
    }
}

/// A service sent more than ``ProbeLimits/answerBytes`` and still had not answered.
struct AnswerTooLong: Error {}

extension ProbeQuestion.Talk {
    /// Sets up a connection for this conversation.
    func install(in pipeline: ChannelPipeline.SynchronousOperations, for attempt: ProbeAttempt) throws {
        try pipeline.addHandler(AnswerLimit())
        switch self {
        case .tcp:
            try pipeline.addHandler(TCPExchange(attempt: attempt))
        case .http(let question):
            try pipeline.addHandler(HTTPRequestEncoder())
            try pipeline.addHandler(ByteToMessageHandler(HTTPResponseDecoder()))
            try pipeline.addHandler(HTTPExchange(question, attempt: attempt))
        case .postgres(let question):
            try pipeline.addHandler(PostgresExchange(question, attempt: attempt))
        }
    }
}
