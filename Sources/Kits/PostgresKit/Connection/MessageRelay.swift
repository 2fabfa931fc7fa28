import CPostgres
import Glibc

/// Passes bytes between two sockets until one side ends, or a message of the server's must not pass. It never blocks.
struct MessageRelay {
    private static let chunkBytes = 64 << 10

    let server: Int32
    let client: Int32
    var framer: MessageFramer
    private var toClient: ArraySlice<UInt8> = []
    private var toServer: ArraySlice<UInt8> = []
    private var isRefusing = false
    /// Whether nothing passes any more.
    private(set) var isOver = false

    init(server: Int32, client: Int32, framer: MessageFramer) {
        self.server = server
        self.client = client
        self.framer = framer
    }

    /// What to wait for on both sockets. A side that is not read is left out: its hang-up would make `poll` return at
    /// once.
    var sides: [pollfd] {
        guard !isOver else { return [] }
        return [
            Self.side(server, reads: toClient.isEmpty, writes: !toServer.isEmpty),
            Self.side(client, reads: toServer.isEmpty, writes: !toClient.isEmpty),
        ]
    }

    /// Passes on what is there, without waiting.
    ///
    /// - Parameters:
    ///   - fromServer: whether there may be something to read from the server.
    ///   - fromClient: the same of the other side.
    mutating func pass(fromServer: Bool, fromClient: Bool) {
        guard !isOver else { return }
        isOver = !canPass(fromServer, fromClient)
    }

    private mutating func canPass(_ fromServer: Bool, _ fromClient: Bool) -> Bool {
        guard Self.write(&toServer, to: server), Self.write(&toClient, to: client) else { return false }
        if fromServer && toClient.isEmpty && !isRefusing {
            guard let bytes = Self.read(server) else { return false }
            toClient = framer.passable(bytes)[...]
            isRefusing = framer.refusal != nil
        }
        if fromClient && toServer.isEmpty {
            guard let bytes = Self.read(client) else { return false }
            toServer = bytes[...]
        }
        guard Self.write(&toServer, to: server), Self.write(&toClient, to: client) else { return false }
        return !isRefusing || !toClient.isEmpty
    }

    private static func side(_ descriptor: Int32, reads: Bool, writes: Bool) -> pollfd {
        let events = (reads ? POLLIN : 0) | (writes ? POLLOUT : 0)
        return pollfd(fd: events == 0 ? -1 : descriptor, events: Int16(events), revents: 0)
    }

    /// What is there, nothing included; nil at the end.
    private static func read(_ descriptor: Int32) -> [UInt8]? {
        var isOver = false
        let bytes = [UInt8](unsafeUninitializedCapacity: chunkBytes) { buffer, count in
            let received = recv(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
            isOver = received == 0 || (received < 0 && errno != EAGAIN && errno != EINTR)
            count = max(0, received)
        }
        return isOver ? nil : bytes
    }

    /// Writes what the socket takes. False when it takes nothing any more.
    private static func write(_ bytes: inout ArraySlice<UInt8>, to descriptor: Int32) -> Bool {
        guard !bytes.isEmpty else { return true }
        let flags = Int32(MSG_DONTWAIT | MSG_NOSIGNAL)
        let sent = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, flags) }
        guard sent >= 0 else { return errno == EAGAIN || errno == EINTR }
        bytes = bytes.dropFirst(sent)
        return true
    }
}
