import FoundationEssentials

/// Texts that come from files.
enum UTF8Text {
    /// Why bytes are no text.
    struct Failure: Error, Sendable, Hashable {
        /// The line with the first byte that is wrong, from 1.
        let line: Int

        static let reason = "bytes that are not UTF-8: save the file as UTF-8"
    }

    /// The text that `bytes` are; a byte that is not UTF-8 is an error, never replaced.
    static func decode(_ bytes: Data) throws(Failure) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        // Lines are ASCII line feeds, so the first line that is not UTF-8 holds the first wrong byte.
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let wrong = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil }
        throw Failure(line: (wrong ?? 0) + 1)
    }
}
