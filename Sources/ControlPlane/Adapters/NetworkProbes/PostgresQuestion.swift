import NIOCore
import Reconciler

/// The first message of a PostgreSQL connection. It holds no password, so the handshake never ends in a session.
/// Format: PostgreSQL documentation, "Message Formats", StartupMessage.
struct PostgresQuestion: Sendable {
    let startup: ByteBuffer

    /// Version 3.0 of the protocol.
    private static let protocolVersion: Int32 = 3 << 16

    init(user: String, database: String) throws(InvalidProbe) {
        var parameters = ByteBuffer()
        for (name, value) in [("user", user), ("database", database)] {
            guard !value.isEmpty, !value.utf8.contains(0) else {
                throw InvalidProbe("the probe's \(name) is empty or holds a NUL character")
            }
            parameters.writeNullTerminatedString(name)
            parameters.writeNullTerminatedString(value)
        }
        parameters.writeInteger(UInt8(0))
        let lengthAndVersionBytes = 8
        var message = ByteBuffer()
        message.writeInteger(Int32(parameters.readableBytes + lengthAndVersionBytes))
        message.writeInteger(Self.protocolVersion)
        message.writeBuffer(&parameters)
        startup = message
    }
}

/// Sends the startup message, and ends with the first message that allows a verdict.
final class PostgresExchange: ProbeExchange {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let attempt: ProbeAttempt
    private let question: PostgresQuestion
    private var answer = PostgresAnswer()

    init(_ question: PostgresQuestion, attempt: ProbeAttempt) {
        self.question = question
        self.attempt = attempt
    }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(question.startup), promise: nil)
    }

    /// The server sees the end of file where it waits for a password or a query, which it takes silently. A `Terminate`
    /// message would be out of place in the middle of authentication; `pg_isready` sends none either.
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let verdict = answer.receive(unwrapInboundIn(data)) else { return }
        attempt.settleAndLetServiceClose(verdict)
    }
}
