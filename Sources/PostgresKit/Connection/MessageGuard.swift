import CPostgres
import Glibc

/// Stands between libpq and the server, and lets no message through that is larger than a limit.
///
/// libpq takes a whole row into memory before anyone can look at it, and offers no bound. So after the login its socket
/// is exchanged for one end of a socket pair, and a thread passes the bytes on, reading the length in front of each
/// message. The thread ends with the connection.
final class MessageGuard: Sendable {
    let limitBytes: Int
    private let refused = Lock(false)

    private init(limitBytes: Int) { self.limitBytes = limitBytes }

    /// Whether a message was too large; the connection is then at its end.
    var hasRefused: Bool { refused.withLock { $0 } }

    /// Takes its place in a connection that has logged in and waits for a statement.
    static func install(on connection: OpaquePointer, limitBytes: Int) throws(PostgresError) -> MessageGuard {
        guard PQsslInUse(connection) == 0 else {
            throw .invalidConfiguration(reason: "the size of messages cannot be bounded on a TLS connection")
        }
        let messageGuard = MessageGuard(limitBytes: limitBytes)
        let socket = PQsocket(connection)
        let server = fcntl(socket, F_DUPFD_CLOEXEC, 0)
        guard server >= 0 else { throw .noResources(errno: errno) }
        var pair: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &pair) == 0 else {
            let number = errno
            close(server)
            throw .noResources(errno: number)
        }
        let (own, other) = (pair[0], pair[1])
        // The number stays, so libpq does not notice.
        let isExchanged = dup3(own, socket, O_CLOEXEC) >= 0
        let number = errno
        close(own)
        do throws(PostgresError) {
            guard isExchanged else { throw .noResources(errno: number) }
            try NativeThread.start { messageGuard.relay(server: server, client: other) }
        } catch {
            close(server)
            close(other)
            throw error
        }
        return messageGuard
    }

    private func relay(server: Int32, client: Int32) {
        var relay = MessageRelay(server: server, client: client, framer: MessageFramer(limitBytes: limitBytes))
        if relay.run() == .refused { refused.withLock { $0 = true } }
        // Only now does libpq see the end, and with it its owner the reason.
        close(server)
        close(client)
    }
}

/// Passes bytes between two sockets until one side ends.
struct MessageRelay {
    enum End {
        case closed
        case refused
    }

    private static let chunkBytes = 64 << 10

    let server: Int32
    let client: Int32
    var framer: MessageFramer
    private var toClient: ArraySlice<UInt8> = []
    private var toServer: ArraySlice<UInt8> = []
    private var isRefusing = false

    init(server: Int32, client: Int32, framer: MessageFramer) {
        self.server = server
        self.client = client
        self.framer = framer
    }

    mutating func run() -> End {
        while true {
            if isRefusing && toClient.isEmpty { return .refused }
            // A side from which nothing is wanted is left out: its hanging up would make `poll` return at once.
            var sides = [
                Self.side(server, reads: toClient.isEmpty, writes: !toServer.isEmpty),
                Self.side(client, reads: toServer.isEmpty, writes: !toClient.isEmpty),
            ]
            guard poll(&sides, nfds_t(sides.count), -1) >= 0 || errno == EINTR else { return .closed }
            guard Self.write(&toServer, to: server), Self.write(&toClient, to: client) else { return .closed }
            if sides[0].revents != 0 && toClient.isEmpty && !isRefusing {
                guard let bytes = Self.read(server) else { return .closed }
                let passed = framer.passable(bytes)
                isRefusing = passed < bytes.count
                toClient = bytes.prefix(passed)
            }
            if sides[1].revents != 0 && toServer.isEmpty {
                guard let bytes = Self.read(client) else { return .closed }
                toServer = bytes[...]
            }
        }
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

/// Follows the messages in a stream of bytes: a letter, four bytes of length that count themselves, and the rest
/// (PostgreSQL manual, "Message Formats").
struct MessageFramer {
    private static let headerBytes = 5
    private static let lengthBytes = 4

    let limitBytes: Int
    private var header: [UInt8] = []
    private var bodyLeft = 0

    init(limitBytes: Int) { self.limitBytes = limitBytes }

    /// How many of the bytes may pass: all, or those before the header of a message that is too large or none at all.
    mutating func passable(_ bytes: [UInt8]) -> Int {
        var position = 0
        while position < bytes.count {
            if bodyLeft > 0 {
                let step = min(bodyLeft, bytes.count - position)
                bodyLeft -= step
                position += step
                continue
            }
            header.append(bytes[position])
            position += 1
            guard header.count == Self.headerBytes else { continue }
            let length = header.dropFirst().reduce(0) { $0 << 8 | Int($1) }
            header = []
            guard length >= Self.lengthBytes, length - Self.lengthBytes <= limitBytes else {
                return max(0, position - Self.headerBytes)
            }
            bodyLeft = length - Self.lengthBytes
        }
        return position
    }
}
