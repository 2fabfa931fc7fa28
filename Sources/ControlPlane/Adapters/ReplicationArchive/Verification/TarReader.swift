/// Reads a tar that comes piece by piece. Pure: gives what is to be done with each stretch of bytes.
struct TarReader {
    enum Event: Equatable {
        /// A file begins.
        case file(name: String, bytes: UInt64)
        /// Bytes of the file.
        case content(ArraySlice<UInt8>)
        /// The file ends.
        case end
    }

    struct Damage: Error, Equatable {}

    private var block: [UInt8] = []
    private var contentLeft: UInt64 = 0
    private var paddingLeft = 0
    private var isInFile = false
    /// Whether the empty blocks at the end were read.
    private(set) var isAtEnd = false

    mutating func take(_ bytes: [UInt8], _ handle: (Event) throws -> Void) throws {
        var rest = bytes[...]
        while !rest.isEmpty, !isAtEnd {
            if contentLeft > 0 {
                let piece = rest.prefix(Int(min(contentLeft, UInt64(rest.count))))
                try handle(.content(piece))
                contentLeft -= UInt64(piece.count)
                rest = rest.dropFirst(piece.count)
            } else if isInFile {
                try handle(.end)
                isInFile = false
            } else if paddingLeft > 0 {
                let count = min(paddingLeft, rest.count)
                paddingLeft -= count
                rest = rest.dropFirst(count)
            } else {
                let piece = rest.prefix(TarEntry.blockBytes - block.count)
                block += piece
                rest = rest.dropFirst(piece.count)
                if block.count == TarEntry.blockBytes { try header(handle) }
            }
        }
        if contentLeft == 0, isInFile {
            try handle(.end)
            isInFile = false
        }
    }

    private mutating func header(_ handle: (Event) throws -> Void) throws {
        defer { block = [] }
        guard block.contains(where: { $0 != 0 }) else {
            isAtEnd = true
            return
        }
        let sum = block.enumerated().reduce(0) { $0 + ((148..<156).contains($1.offset) ? 32 : Int($1.element)) }
        guard Self.number(block[148..<156]) == UInt64(sum), let size = Self.number(block[124..<136]) else {
            throw Damage()
        }
        // Regular files have the letter 0 or none; folders and links have no content.
        guard block[156] == UInt8(ascii: "0") || block[156] == 0 else { return }
        let prefix = Self.text(block[345..<500])
        try handle(.file(name: (prefix.isEmpty ? "" : prefix + "/") + Self.text(block[0..<100]), bytes: size))
        (contentLeft, paddingLeft, isInFile) = (size, TarEntry.padding(after: Int(size % 512)), true)
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// Octal digits, or with the highest bit set the number itself.
    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64? {
        if let first = bytes.first, first & 0x80 != 0 {
            return bytes.suffix(8).reduce(0) { $0 << 8 | UInt64($1) }
        }
        let digits = bytes.drop { $0 == 32 }.prefix { $0 != 0 && $0 != 32 }
        return UInt64(String(decoding: digits, as: UTF8.self), radix: 8)
    }
}
