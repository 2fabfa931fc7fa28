import CPostgres
import Glibc

/// Passes bytes between two sockets until one side ends, or a message of the server's must not pass. It never blocks.
struct MessageRelay {
    /// Bytes of one read: as many as the last ones filled.
    private static let chunkBytes = (8 << 10)...(64 << 10)

    let server: Int32
    let client: Int32
    var framer: MessageFramer
    private var toClient: ArraySlice<UInt8> = []
    private var toServer: ArraySlice<UInt8> = []
    private var isRefusing = false
    private var hasFedClient = false
    private var chunkBytes = Self.chunkBytes.lowerBound
    /// Whether nothing passes any more.
    private(set) var isOver = false

    init(server: Int32, client: Int32, framer: MessageFramer) {
        self.server = server
        self.client = client
        self.framer = framer
    }

    /// Whether nothing is on its way, and nothing of a message has come.
    var isBetweenMessages: Bool { !isOver && toClient.isEmpty && toServer.isEmpty && framer.isBetweenMessages }

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
    /// - Returns: whether the other side has something to read now.
    mutating func pass(fromServer: Bool, fromClient: Bool) -> Bool {
        guard !isOver else { return false }
        hasFedClient = false
        isOver = !canPass(fromServer, fromClient)
        return isOver || hasFedClient
    }

    private mutating func canPass(_ fromServer: Bool, _ fromClient: Bool) -> Bool {
        guard drain() else { return false }
        if fromServer && toClient.isEmpty && !isRefusing {
            guard let bytes = read(server) else { return false }
            toClient = framer.passable(bytes)[...]
            isRefusing = framer.refusal != nil
        }
        if fromClient && toServer.isEmpty {
            guard let bytes = read(client) else { return false }
            toServer = bytes[...]
        }
        return drain() && (!isRefusing || !toClient.isEmpty)
    }

    /// Writes what waits for both sides, as far as they take it.
    private mutating func drain() -> Bool {
        let waiting = toClient.count
        guard Self.write(&toServer, to: server), Self.write(&toClient, to: client) else { return false }
        if toClient.count < waiting { hasFedClient = true }
        return true
    }

    private static func side(_ descriptor: Int32, reads: Bool, writes: Bool) -> pollfd {
        let events = (reads ? POLLIN : 0) | (writes ? POLLOUT : 0)
        return pollfd(fd: events == 0 ? -1 : descriptor, events: Int16(events), revents: 0)
    }

    /// What is there, nothing included; nil at the end.
    private mutating func read(_ descriptor: Int32) -> [UInt8]? {
        var isOver = false
        let bytes = [UInt8](unsafeUninitializedCapacity: chunkBytes) { buffer, count in
            let received = recv(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
            isOver = received == 0 || (received < 0 && errno != EAGAIN && errno != EINTR)
            count = max(0, received)
        }
        chunkBytes = bytes.count == chunkBytes ? Self.chunkBytes.upperBound : Self.chunkBytes.lowerBound
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
