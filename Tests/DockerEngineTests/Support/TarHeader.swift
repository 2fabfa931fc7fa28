import ProjectModel

/// The first block of an entry: fixed fields of text and octal numbers.
struct TarHeader {
    /// Offset and length of each field.
    enum Field {
        static let name = 0..<100
        static let mode = 100..<108
        static let userID = 108..<116
        static let groupID = 116..<124
        static let size = 124..<136
        static let modified = 136..<148
        static let checksum = 148..<156
        static let type = 156
        static let link = 157..<257
        static let magic = 257..<265
        static let prefix = 345..<500
    }

    private let entry: TarEntry

    init(_ entry: TarEntry) {
        self.entry = entry
    }

    func block() throws(TarError) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: TarArchive.blockBytes)
        let (prefix, name) = try splitPath()
        Self.put(prefix, field: Field.prefix, block: &block)
        Self.put(name, field: Field.name, block: &block)
        let (type, link, size) = try typeLinkSize()
        block[Field.type] = type
        Self.put(link, field: Field.link, block: &block)
        try put(number: UInt64(size), Field.size, &block)
        try put(number: UInt64(entry.mode & 0o7777), Field.mode, &block)
        try put(number: UInt64(entry.userID), Field.userID, &block)
        try put(number: UInt64(entry.groupID), Field.groupID, &block)
        try put(number: UInt64(max(0, entry.modifiedSeconds)), Field.modified, &block)
        Self.put(Array("ustar\u{0}00".utf8), field: Field.magic, block: &block)
        // The sum counts its own field as blanks: six digits, a zero byte, a blank.
        let digits = Self.octal(UInt64(Self.checksum(of: block)), digits: 6)
        Self.put(digits + [0, UInt8(ascii: " ")], field: Field.checksum, block: &block)
        return block
    }

    /// The sum of all bytes, with the field for the sum counted as blanks.
    static func checksum(of block: [UInt8]) -> Int {
        block.enumerated().reduce(0) { sum, byte in
            sum + (Field.checksum.contains(byte.offset) ? 32 : Int(byte.element))
        }
    }

    private func typeLinkSize() throws(TarError) -> (type: UInt8, link: [UInt8], size: Int) {
        switch entry.kind {
        case .file(let contents): return (UInt8(ascii: "0"), [], contents.count)
        case .directory: return (UInt8(ascii: "5"), [], 0)
        case .symbolicLink(let target):
            let link = Array(target.utf8)
            guard !link.isEmpty, link.count <= Field.link.count, !link.contains(0) else {
                throw problem("its link's target is empty or longer than \(Field.link.count) bytes")
            }
            return (UInt8(ascii: "2"), link, 0)
        }
    }

    /// A path of up to 255 bytes, split at a slash into at most 155 and 100.
    private func splitPath() throws(TarError) -> (prefix: [UInt8], name: [UInt8]) {
        let isInside = entry.path.pieces(at: "/").allSatisfy {
            !$0.isEmpty && $0 != "." && $0 != ".." && !$0.utf8.contains(0)
        }
        guard isInside else { throw problem("its path must be relative and have no empty, . or .. component") }
        let path = Array(entry.path.utf8) + (entry.kind == .directory ? [UInt8(ascii: "/")] : [])
        if path.count <= Field.name.count { return ([], path) }
        let slash = path.indices.dropLast().last { index in
            path[index] == UInt8(ascii: "/") && index <= Field.prefix.count
                && path.count - index - 1 <= Field.name.count
        }
        // The last such slash leaves the shortest name; the first would do as well.
        guard let slash else { throw problem("its path is too long for a ustar archive") }
        return (Array(path[..<slash]), Array(path[(slash + 1)...]))
    }

    private func put(number: UInt64, _ field: Range<Int>, _ block: inout [UInt8]) throws(TarError) {
        let digits = Self.octal(number, digits: field.count - 1)
        guard digits.count == field.count - 1 else { throw problem("a number does not fit its field") }
        Self.put(digits, field: field, block: &block)
    }

    private static func put(_ bytes: [UInt8], field: Range<Int>, block: inout [UInt8]) {
        block.replaceSubrange(field.lowerBound..<(field.lowerBound + bytes.count), with: bytes)
    }

    private static func octal(_ number: UInt64, digits: Int) -> [UInt8] {
        let text = String(number, radix: 8)
        return Array((String(repeating: "0", count: max(0, digits - text.count)) + text).utf8)
    }

    private func problem(_ reason: String) -> TarError {
        TarError(description: "\"\(entry.path.prefix(80))\" cannot be put into an archive: \(reason)")
    }
}
