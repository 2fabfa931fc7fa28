/// Bodies of the server's messages.
enum DirectMessages {
    /// A text up to its NUL character.
    static func text(_ bytes: Slice<UnsafeRawBufferPointer>) -> String {
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// Types of the columns of a row description; nil where it is none.
    static func types(_ bytes: UnsafeRawBufferPointer) -> [UInt32]? {
        guard bytes.count >= 2 else { return nil }
        let count = Int(UInt16(bigEndian: bytes.loadUnaligned(as: UInt16.self)))
        var types: [UInt32] = []
        types.reserveCapacity(count)
        var position = 2
        for _ in 0..<count {
            guard let end = bytes[position...].firstIndex(of: 0), end + 19 <= bytes.count else { return nil }
            // After the name the table (4 bytes), the column in it (2), the type (4), and 8 bytes more.
            types.append(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: end + 7, as: UInt32.self)))
            position = end + 19
        }
        return position == bytes.count ? types : nil
    }
}

extension PostgresErrorReport {
    private static let letters = Set("SVCMDHPpqWstcdnFLR".utf8)

    /// The fields of an error message, each up to ``PostgresProtocolLimit/reportTextBytes``.
    init(message bytes: UnsafeRawBufferPointer) {
        var fields: [UInt8: String] = [:]
        var position = 0
        while position < bytes.count, bytes[position] != 0 {
            let letter = bytes[position]
            let start = position + 1
            guard let end = bytes[start...].firstIndex(of: 0) else { break }
            if Self.letters.contains(letter), let base = bytes.baseAddress {
                fields[letter] = ServerReport.text(
                    (base + start).assumingMemoryBound(to: CChar.self),
                    limitBytes: PostgresProtocolLimit.reportTextBytes)
            }
            position = end + 1
        }
        self.init(fields: fields)
    }
}
