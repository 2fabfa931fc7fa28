import CPostgres
import Glibc

/// Stands between libpq and the server from the first byte on, and lets no message through that is larger than a limit
/// or asks for more of the password than a proof.
///
/// libpq takes a whole message into memory before it can be inspected, and offers no bound; until the login is over
/// that is up to a gigabyte of notices. It also answers a server that asks for the password in clear text. So as soon
/// as there is a connection, and before anything is read from it, libpq's socket is exchanged for one end of a socket
/// pair. The wait for libpq's socket is one for ``sides``, too, and passes the bytes on. Confined to the
/// connection's thread.
final class MessageGuard {
    private var relay: MessageRelay
    /// Distinguishes this connection's end of the pair from a socket that libpq opened since.
    private let inode: UInt
    /// The server's address, as the system has it (`sockaddr`).
    private let serverAddress: [UInt8]
    private var areClosed = false

    private init(relay: MessageRelay, inode: UInt, serverAddress: [UInt8]) {
        self.relay = relay
        self.inode = inode
        self.serverAddress = serverAddress
    }

    deinit { close() }

    /// The request that cancels what the connection does; nil while the server has not said how.
    var cancelPacket: CancelPacket? {
        relay.framer.cancelKey.map { CancelPacket(serverAddress: serverAddress, key: $0) }
    }

    /// Why the connection is at its end, where the guard ended it.
    var refusal: MessageRefusal? { relay.framer.refusal }

    /// What `poll` is to wait for beside libpq's socket.
    var sides: [pollfd] { relay.sides }

    /// Passes on what is there. At the end libpq sees the end, too.
    ///
    /// - Parameter sides: what `poll` said of ``sides``; nil where nobody has asked.
    /// - Returns: whether libpq has something to read now.
    @discardableResult
    func pass(_ sides: ArraySlice<pollfd>? = nil) -> Bool {
        let isReadable = relay.pass(
            fromServer: sides?.first.map { $0.revents != 0 } ?? true,
            fromClient: sides?.last.map { $0.revents != 0 } ?? true)
        if relay.isOver { close() }
        return isReadable
    }

    /// Whether nothing is on its way, and nothing of a message has come.
    var isBetweenMessages: Bool { !areClosed && relay.isBetweenMessages }

    /// Another descriptor of the server's socket, for who closes it; nil where there is none.
    func duplicate() -> Int32? {
        let descriptor = fcntl(relay.server, F_DUPFD_CLOEXEC, 0)
        return descriptor >= 0 ? descriptor : nil
    }

    /// Passes on what libpq has just written, without waiting to be told that it did.
    func send() {
        _ = relay.pass(fromServer: false, fromClient: true)
        if relay.isOver { close() }
    }

    /// What the rows that came since the server was last ready take of the room of all.
    func takeShare() -> (any PostgresResultShare)? { relay.framer.takeShare() }

    private func close() {
        guard !areClosed else { return }
        areClosed = true
        Glibc.close(relay.server)
        Glibc.close(relay.client)
    }

    /// Whether it is part of the connection as it is now: libpq opens another socket for a server's next address.
    func stands(in connection: OpaquePointer) -> Bool { Self.inode(of: PQsocket(connection)) == inode }

    /// Whether something can be read from the connection next, so that a guard has to stand in it. Before, libpq still
    /// asks the socket itself: whether it is connected, and whose it is (`requirepeer`).
    static func isNeeded(in connection: OpaquePointer) -> Bool {
        let early = [CONNECTION_BAD, CONNECTION_NEEDED, CONNECTION_STARTED, CONNECTION_MADE]
        return PQsocket(connection) >= 0 && !early.contains(PQstatus(connection))
    }

    /// Takes its place in a connection from which nothing was read yet.
    static func install(
        on connection: OpaquePointer, framer: MessageFramer
    ) throws(PostgresError) -> MessageGuard {
        let socket = PQsocket(connection)
        let server = fcntl(socket, F_DUPFD_CLOEXEC, 0)
        guard server >= 0 else { throw .noResources(errno: errno) }
        var pair: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &pair) == 0 else {
            let number = errno
            Glibc.close(server)
            throw .noResources(errno: number)
        }
        let (own, other) = (pair[0], pair[1])
        // The number stays, so libpq does not notice.
        let isExchanged = dup3(own, socket, O_CLOEXEC) >= 0
        let number = errno
        Glibc.close(own)
        guard isExchanged else {
            Glibc.close(server)
            Glibc.close(other)
            throw .noResources(errno: number)
        }
        return MessageGuard(
            relay: MessageRelay(server: server, client: other, framer: framer), inode: inode(of: socket),
            serverAddress: peer(of: server))
    }

    private static func peer(of descriptor: Int32) -> [UInt8] {
        var address = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let isKnown = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(descriptor, $0, &size) == 0 }
        }
        return isKnown ? withUnsafeBytes(of: address) { Array($0.prefix(Int(size))) } : []
    }

    private static func inode(of descriptor: Int32) -> UInt {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? UInt(status.st_ino) : 0
    }
}
