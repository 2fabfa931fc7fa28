import HTTPBounds
import NIOCore
import NIOWebSocket
import RealtimeAPI
import Synchronization

/// The open WebSockets, and what they hold in memory.
final class SocketTable: SocketWriter {
    /// How long a client has to take in what was sent before its connection ends.
    private static let closeGrace: TimeAmount = .seconds(5)
    private static let policyViolation: UInt16 = 1008
    private static let tryAgainLater: UInt16 = 1013

    private let outboundBytesMax: Int
    private let memory: SocketMemory<SocketID>
    private let channels = Mutex<[SocketID: any Channel]>([:])

    init(_ limits: RealtimeLimits) {
        outboundBytesMax = limits.outboundBytesMax
        memory = SocketMemory(
            bytesMax: limits.socketBytesInFlightMax, waitingMax: limits.outboundBytesMax)
    }

    func add(_ id: SocketID, _ channel: any Channel) {
        memory.add(id)
        channels.withLock { $0[id] = channel }
    }

    func remove(_ id: SocketID) {
        channels.withLock { $0[id] = nil }
        memory.remove(id)
    }

    /// So many bytes of a client's message are there, and it is not whole.
    func keep(_ count: Int, of id: SocketID) {
        for holder in memory.keep(count, of: id) {
            drop(holder, reason: "Too many bytes of unfinished messages")
        }
    }

    func send(_ data: SocketData, to ids: [SocketID]) {
        let buffer = ByteBuffer(bytes: data.bytes)
        let opcode: WebSocketOpcode =
            switch data {
            case .text: .text
            case .binary: .binary
            }
        let frame = WebSocketFrame(fin: true, opcode: opcode, data: buffer)
        let delivery = memory.send(buffer.readableBytes, to: ids)
        for id in delivery.evicted { drop(id, reason: "Too slow: too many bytes wait for all clients") }
        for id in delivery.tooSlow {
            end(
                id, code: Self.policyViolation,
                reason: "Too slow: more than \(outboundBytesMax) bytes wait for this client")
        }
        for id in delivery.takers {
            guard let channel = channel(id) else { continue }
            let written = channel.eventLoop.makePromise(of: Void.self)
            written.futureResult.whenComplete { [memory] _ in memory.written(by: id) }
            channel.writeAndFlush(frame, promise: written)
        }
    }

    func close(_ id: SocketID, code: UInt16, reason: String) {
        if memory.close(id) { end(id, code: code, reason: reason) }
    }

    private func channel(_ id: SocketID) -> (any Channel)? { channels.withLock { $0[id] } }

    /// Says why, and closes once the client has answered or had its time.
    private func end(_ id: SocketID, code: UInt16, reason: String) {
        guard let channel = channel(id) else { return }
        channel.writeAndFlush(SocketHandler.closeFrame(code, reason), promise: nil)
        channel.eventLoop.scheduleTask(in: Self.closeGrace) { channel.close(mode: .all, promise: nil) }
    }

    /// Says why where that goes at once, and closes: the memory is needed.
    private func drop(_ id: SocketID, reason: String) {
        guard let channel = channel(id) else { return }
        channel.writeAndFlush(SocketHandler.closeFrame(Self.tryAgainLater, reason), promise: nil)
        channel.close(mode: .all, promise: nil)
    }
}
