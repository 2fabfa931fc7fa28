import Glibc
import Synchronization

/// The standard error stream for a log handler that writes a line at a time: whatever is in it, one line comes out
/// (``LogText``).
public struct LogStream: TextOutputStream, Sendable {
    /// Lines of several threads do not mix.
    private static let lock = Mutex(())

    /// The stream.
    public init() {}

    /// Writes one line; `text` ends with its line break.
    public mutating func write(_ text: String) {
        let text = text.last?.isNewline == true ? String(text.dropLast()) : text
        let bytes = Array((LogText.line(text) + "\n").utf8)
        Self.lock.withLock { _ in Self.write(bytes) }
    }

    /// Writes a line as it is, for text that has neither line breaks nor control characters: JSON.
    public static func write(line: String) {
        let bytes = Array((line + "\n").utf8)
        lock.withLock { _ in write(bytes) }
    }

    /// A line that cannot be written is lost: there is no other place for it.
    private static func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            guard count >= 0 || errno == EINTR else { return }
            rest = rest.dropFirst(max(0, count))
        }
    }
}
