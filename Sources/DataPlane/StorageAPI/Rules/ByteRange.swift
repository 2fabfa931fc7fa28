/// The part of an object that a request asks for (RFC 9110, section 14).
struct ByteRange: Equatable, Sendable {
    /// Its first byte.
    var offset: Int
    /// Its bytes; none only of an empty object.
    var length: Int

    /// Reads the header `Range`. One range counts; a unit other than bytes asks for nothing.
    ///
    /// - Parameter size: bytes of the object.
    /// - Returns: nil where the whole is asked for.
    static func read(_ header: String?, size: Int) throws(StorageError) -> ByteRange? {
        guard let header = header?.trimmed, header.lowercased().hasPrefix("bytes=") else { return nil }
        let text = header.dropFirst("bytes=".count)
        guard !text.contains(","), let dash = text.firstIndex(of: "-") else { throw .badRange(String(text)) }
        let (first, last) = (text[..<dash].trimmed, text[text.index(after: dash)...].trimmed)
        if first.isEmpty {
            guard let count = number(last), count > 0, size > 0 else { throw .badRange(String(text)) }
            return ByteRange(offset: max(0, size - count), length: min(count, size))
        }
        guard let start = number(first), start < size else { throw .badRange(String(text)) }
        guard !last.isEmpty else { return ByteRange(offset: start, length: size - start) }
        guard let end = number(last), end >= start else { throw .badRange(String(text)) }
        return ByteRange(offset: start, length: min(end, size - 1) - start + 1)
    }

    /// Digits only; what is larger than any object reaches beyond its end.
    private static func number(_ text: String) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        return Int(text) ?? Int.max
    }

    /// The header `Content-Range` of an answer.
    func header(size: Int) -> String { "bytes \(offset)-\(offset + length - 1)/\(size)" }
}
