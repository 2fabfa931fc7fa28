import Glibc
import Synchronization

@testable import PostgresKit

/// Listens where a PostgreSQL server should, lets one client in, sends its script, and records what it receives.
final class FakeServer: Sendable {
    let port: Int
    private let bytes = Mutex<[UInt8]>([])
    private let isOver = Mutex(false)

    init(says words: [UInt8]) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, size) == 0 && listen(listener, 1) == 0 && getsockname(listener, $0, &size) == 0
            }
        }
        guard isListening else { throw PostgresError.noResources(errno: errno) }
        port = Int(UInt16(bigEndian: address.sin_port))
        try NativeThread.start { self.serve(listener, words) }
    }

    /// A message as servers send them.
    static func message(_ letter: Unicode.Scalar, _ body: [UInt8]) -> [UInt8] {
        let length = body.count + 4
        return [UInt8(ascii: letter)] + [24, 16, 8, 0].map { UInt8(length >> $0 & 255) } + body
    }

    /// Everything that the client said until it hung up, or within twenty seconds.
    func heard() -> [UInt8] {
        for _ in 0..<20_000 where !isOver.withLock({ $0 }) { usleep(1_000) }
        return bytes.withLock { $0 }
    }

    private func serve(_ listener: Int32, _ words: [UInt8]) {
        let client = accept(listener, nil, nil)
        close(listener)
        var buffer = [UInt8](repeating: 0, count: 4_096)
        // The startup packet comes first, in one piece.
        var count = read(client, &buffer, buffer.count)
        var sent = 0
        while sent < words.count {
            let step = words[sent...].withUnsafeBytes { send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard step > 0 else { break }
            sent += step
        }
        while count > 0 {
            bytes.withLock { $0 += buffer.prefix(count) }
            count = read(client, &buffer, buffer.count)
        }
        close(client)
        isOver.withLock { $0 = true }
    }
}
