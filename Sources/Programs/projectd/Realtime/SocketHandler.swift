import NIOCore
import NIOHTTP1
import NIOWebSocket
import RealtimeAPI

/// One WebSocket: puts messages together, and hands them to the service.
final class SocketHandler: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    private static let normalClosure: UInt16 = 1000
    private static let protocolError: UInt16 = 1002
    private static let tooLarge: UInt16 = 1009

    /// Reasons are cut here: a control frame holds 125 bytes, two of them the code.
    private static let reasonBytesMax = 123

    private let service: RealtimeService
    private let table: SocketTable
    private let id: SocketID
    private let meter: SocketMeter
    private var opcode: WebSocketOpcode?
    private var message = ByteBuffer()

    init(service: RealtimeService, table: SocketTable, id: SocketID, meter: SocketMeter) {
        self.service = service
        self.table = table
        self.id = id
        self.meter = meter
    }

    static func closeFrame(_ code: UInt16, _ reason: String) -> WebSocketFrame {
        var data = ByteBuffer(integer: code)
        var text = reason
        while text.utf8.count > reasonBytesMax { text.removeLast() }
        data.writeString(text)
        return WebSocketFrame(fin: true, opcode: .connectionClose, data: data)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        meter.takeOut(frame)
        guard frame.maskKey != nil else {
            return table.close(id, code: Self.protocolError, reason: "Frames of clients are masked")
        }
        switch frame.opcode {
        case .text, .binary:
            guard opcode == nil else { return refuseOrder() }
            opcode = frame.opcode
            take(frame)
        case .continuation:
            guard opcode != nil else { return refuseOrder() }
            take(frame)
        case .ping:
            let pong = WebSocketFrame(fin: true, opcode: .pong, data: frame.unmaskedData)
            context.writeAndFlush(wrapOutboundOut(pong), promise: nil)
        case .connectionClose: answerClose(frame, context)
        default: break
        }
    }

    private func refuseOrder() {
        table.close(id, code: Self.protocolError, reason: "A message begins before another one has ended")
    }

    private func take(_ frame: WebSocketFrame) {
        var data = frame.unmaskedData
        guard message.readableBytes + data.readableBytes <= service.limits.frameBytesMax else {
            return table.close(
                id, code: Self.tooLarge, reason: "A message has at most \(service.limits.frameBytesMax) bytes")
        }
        message.writeBuffer(&data)
        meter.pieces = frame.fin ? 0 : message.readableBytes
        guard frame.fin, let opcode else { return }
        let bytes = Array(message.readableBytesView)
        // The room of a large message is given back.
        message = ByteBuffer()
        self.opcode = nil
        service.receive(opcode == .text ? .text(bytes) : .binary(bytes), from: id)
    }

    private func answerClose(_ frame: WebSocketFrame, _ context: ChannelHandlerContext) {
        let answer = WebSocketFrame(fin: true, opcode: .connectionClose, data: frame.unmaskedData)
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(answer)).whenComplete { _ in channel.close(mode: .all, promise: nil) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let idle = event as? IdleStateHandler.IdleStateEvent, idle == .read {
            table.close(id, code: Self.normalClosure, reason: "No message and no heartbeat came in time")
        } else if event is ChannelShouldQuiesceEvent {
            // The server ends: its services are asked only after its connections.
            service.shutDown()
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        table.remove(id)
        service.closed(id)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A message too large is named by the protocol's own handler, which closes; anything else ends here.
        context.close(promise: nil)
    }
}
