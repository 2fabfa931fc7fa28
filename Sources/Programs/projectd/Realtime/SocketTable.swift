import NIOCore
import NIOWebSocket
import RealtimeAPI
import Synchronization

/// The open WebSockets, and what waits to be taken in by each.
final class SocketTable: SocketWriter {
    private struct Entry {
        let channel: any Channel
        let backlog: SocketBacklog
    }

    /// How long a client has to take in what was sent before its connection ends.
    private static let closeGrace: TimeAmount = .seconds(5)
    private static let policyViolation: UInt16 = 1008

    private let outboundBytesMax: Int
    private let entries = Mutex<[SocketID: Entry]>([:])

    init(outboundBytesMax: Int) { self.outboundBytesMax = outboundBytesMax }

    func add(_ id: SocketID, _ channel: any Channel) {
        let entry = Entry(channel: channel, backlog: SocketBacklog(bytesMax: outboundBytesMax))
        entries.withLock { $0[id] = entry }
    }

    func remove(_ id: SocketID) { entries.withLock { $0[id] = nil } }

    func send(_ data: SocketData, to ids: [SocketID]) {
        let buffer = ByteBuffer(bytes: data.bytes)
        let opcode: WebSocketOpcode =
            switch data {
            case .text: .text
            case .binary: .binary
            }
        let frame = WebSocketFrame(fin: true, opcode: opcode, data: buffer)
        for entry in entries.withLock({ entries in ids.compactMap { entries[$0] } }) {
            switch entry.backlog.add(buffer.readableBytes) {
            case .taken: write(frame, buffer.readableBytes, to: entry)
            case .overflows:
                close(
                    entry, code: Self.policyViolation,
                    reason: "Too slow: more than \(outboundBytesMax) bytes wait for this client")
            case .closed: break
            }
        }
    }

    func close(_ id: SocketID, code: UInt16, reason: String) {
        guard let entry = entries.withLock({ $0[id] }), entry.backlog.close() else { return }
        close(entry, code: code, reason: reason)
    }

    private func write(_ frame: WebSocketFrame, _ count: Int, to entry: Entry) {
        let written = entry.channel.eventLoop.makePromise(of: Void.self)
        written.futureResult.whenComplete { [backlog = entry.backlog] _ in backlog.remove(count) }
        entry.channel.writeAndFlush(frame, promise: written)
    }

    /// Says why, and closes once the client has answered or had its time.
    private func close(_ entry: Entry, code: UInt16, reason: String) {
        entry.channel.writeAndFlush(SocketHandler.closeFrame(code, reason), promise: nil)
        let channel = entry.channel
        channel.eventLoop.scheduleTask(in: Self.closeGrace) { channel.close(mode: .all, promise: nil) }
    }
}

/// Bytes that wait for one client.
final class SocketBacklog: Sendable {
    enum Admission: Sendable, Equatable {
        case taken
        /// The first message that has no room; nothing is taken after it.
        case overflows
        case closed
    }

    private struct State {
        var bytes = 0
        var isClosed = false
    }

    private let bytesMax: Int
    private let state = Mutex(State())

    init(bytesMax: Int) { self.bytesMax = bytesMax }

    /// Whether a message may be sent. One alone always may.
    func add(_ count: Int) -> Admission {
        state.withLock { state in
            guard !state.isClosed else { return .closed }
            guard state.bytes == 0 || state.bytes + count <= bytesMax else {
                state.isClosed = true
                return .overflows
            }
            state.bytes += count
            return .taken
        }
    }

    func remove(_ count: Int) { state.withLock { $0.bytes -= count } }

    /// Takes nothing any more. False when that was so already.
    func close() -> Bool {
        state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
    }
}
