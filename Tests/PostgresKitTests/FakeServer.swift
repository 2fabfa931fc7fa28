import Glibc
import Synchronization

@testable import PostgresKit

/// Listens where a PostgreSQL server should, lets one client in, sends its script, and records what it receives. A
/// connection beyond the first is never answered, nor is it closed.
final class FakeServer: Sendable {
    let port: Int
    private let bytes = Mutex<[UInt8]>([])
    private let isOver = Mutex(false)

    /// - Parameters:
    ///   - words: what it says to the first packet.
    ///   - answers: what it says to each further one.
    init(says words: [UInt8], answers: [[UInt8]] = []) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, size) == 0 && listen(listener, 4) == 0 && getsockname(listener, $0, &size) == 0
            }
        }
        guard isListening else { throw PostgresError.noResources(errno: errno) }
        port = Int(UInt16(bigEndian: address.sin_port))
        try NativeThread.start { self.serve(listener, [words] + answers) }
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

    private func serve(_ listener: Int32, _ answers: [[UInt8]]) {
        let client = accept(listener, nil, nil)
        var answers = answers[...]
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        var count = read(client, &buffer, buffer.count)
        // The startup packet comes first, in one piece; so does what the client says at once after it.
        while count > 0 {
            if let answer = answers.popFirst() { Self.send(answer, to: client) }
            bytes.withLock { $0 += buffer.prefix(count) }
            count = read(client, &buffer, buffer.count)
        }
        close(client)
        close(listener)
        isOver.withLock { $0 = true }
    }

    private static func send(_ words: [UInt8], to client: Int32) {
        var sent = 0
        while sent < words.count {
            let step = words[sent...].withUnsafeBytes {
                Glibc.send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard step > 0 else { return }
            sent += step
        }
    }
}

/// Messages of a server's (PostgreSQL manual, "Message Formats").
extension FakeServer {
    /// The end of a login without a password: done, the key for requests to cancel, ready.
    static let greeting = message("R", [0, 0, 0, 0]) + message("K", [0, 0, 0, 7, 1, 2, 3, 4]) + ready

    static let ready = message("Z", [UInt8(ascii: "I")])

    /// Columns of the type `text`.
    static func columns(_ names: [String]) -> [UInt8] {
        let rest = int32(0) + int16(0) + int32(25) + int16(-1) + int32(-1) + int16(0)
        let fields = names.flatMap { name -> [UInt8] in Array(name.utf8) + [0] + rest }
        return message("T", int16(names.count) + fields)
    }

    static func row(_ values: [String]) -> [UInt8] {
        message("D", int16(values.count) + values.flatMap { int32($0.utf8.count) + Array($0.utf8) })
    }

    static func done(_ tag: String) -> [UInt8] { message("C", Array(tag.utf8) + [0]) }

    /// An error report: texts by the letters of their fields.
    static func error(_ fields: KeyValuePairs<Unicode.Scalar, String>) -> [UInt8] {
        message("E", fields.flatMap { [UInt8(ascii: $0)] + Array($1.utf8) + [0] } + [0])
    }

    static func notification(_ channel: String, _ payload: String) -> [UInt8] {
        message("A", int32(7) + Array(channel.utf8) + [0] + Array(payload.utf8) + [0])
    }

    private static func int32(_ number: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    private static func int16(_ number: Int) -> [UInt8] { Array(int32(number).suffix(2)) }
}
