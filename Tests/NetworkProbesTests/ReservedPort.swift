import Glibc
import ProjectModel
import Testing

/// A port of 127.0.0.1 that is bound for as long as this lives, and accepts nothing.
struct ReservedPort: ~Copyable {
    let port: UInt16
    private let descriptor: Int32

    /// With a backlog the kernel takes that many connections, one more, and no other.
    init(backlog: Int32? = nil) throws {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_addr.s_addr = loopback.number.bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, length) == 0 && getsockname(socket, $0, &length) == 0
            }
        }
        try #require(result)
        if let backlog { try #require(listen(socket, backlog) == 0) }
        descriptor = socket
        port = UInt16(bigEndian: name.sin_port)
    }

    deinit { close(descriptor) }
}
