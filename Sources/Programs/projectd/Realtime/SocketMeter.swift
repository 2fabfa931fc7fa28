import NIOCore
import NIOWebSocket
import RealtimeAPI

/// Counts what of a client's message is there before it is whole: most of it is inside the decoder of frames, which has
/// no budget.
final class SocketMeter: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let table: SocketTable
    private let id: SocketID
    /// Bytes that no frame has come from yet.
    private var unread = 0
    private var hadFrame = false
    /// Bytes of frames whose message is not whole.
    var pieces = 0

    init(table: SocketTable, id: SocketID) {
        self.table = table
        self.id = id
    }

    /// A frame of so many bytes has come out of the decoder.
    func takeOut(_ frame: WebSocketFrame) {
        unread -= frame.length + Self.headBytes(frame.length)
        hadFrame = true
    }

    /// The shortest head of a frame that is masked.
    private static func headBytes(_ length: Int) -> Int {
        length < 126 ? 6 : length <= 0xffff ? 8 : 14
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let count = unwrapInboundIn(data).readableBytes
        unread += count
        hadFrame = false
        context.fireChannelRead(data)
        // Heads may be longer than they need to be; what is left began in this piece.
        if hadFrame { unread = max(0, min(unread, count)) }
        table.keep(unread + pieces, of: id)
    }
}
