import Glibc

/// A listener on 127.0.0.1 that holds a port for as long as it lives, and does not answer.
struct PortHolder: ~Copyable {
    let port: UInt16
    private let descriptor: Int32

    /// Listens on `port`.
    ///
    /// - Throws: ``Trouble`` when another program does, or the port is not released yet.
    init(_ port: UInt16) throws {
        // Children must not inherit it: the port would stay taken.
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Trouble("no socket: errno \(errno)") }
        var reuse: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let isListening =
            withUnsafePointer(to: &name) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            } && listen(descriptor, 1) == 0
        guard isListening else {
            let reason = errno
            close(descriptor)
            throw Trouble("port \(port) cannot be listened on: errno \(reason)")
        }
        self.descriptor = descriptor
        self.port = port
    }

    deinit { close(descriptor) }

    /// Whether a port can be listened on now.
    static func isFree(_ port: UInt16) -> Bool {
        guard let holder = try? PortHolder(port) else { return false }
        return holder.port == port
    }
}
