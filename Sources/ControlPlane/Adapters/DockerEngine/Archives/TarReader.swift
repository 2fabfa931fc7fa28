/// Walks through an archive, entry by entry.
struct TarReader {
    private let archive: [UInt8]
    private var offset = 0

    init(archive: [UInt8]) {
        self.archive = archive
    }

    /// What extension entries say about the entry that follows them.
    private struct Overrides {
        var path: String?
        var link: String?
        var size: Int?
    }

    /// The next entry; nil at the end.
    mutating func next() throws(TarError) -> TarEntry? {
        var overrides = Overrides()
        while let block = try nextBlock() {
            let type = block[TarHeader.Field.type]
            let size = try number(block, TarHeader.Field.size)
            switch type {
            // A POSIX extension for the next entry, one for all entries (ignored), GNU's long names.
            case UInt8(ascii: "x"): try readRecords(of: try extensionText(size), into: &overrides)
            case UInt8(ascii: "g"): _ = try extensionText(size)
            case UInt8(ascii: "L"): overrides.path = text(try extensionText(size)[...])
            case UInt8(ascii: "K"): overrides.link = text(try extensionText(size)[...])
            default: return try entry(block, type: type, size: overrides.size ?? size, overrides)
            }
        }
        return nil
    }

    private mutating func entry(
        _ block: [UInt8], type: UInt8, size: Int, _ overrides: Overrides
    ) throws(TarError) -> TarEntry {
        let kind: TarEntry.Kind =
            switch type {
            case UInt8(ascii: "0"), UInt8(ascii: "7"), 0: .file(try take(size))
            case UInt8(ascii: "5"): .directory
            case UInt8(ascii: "2"): .symbolicLink(target: overrides.link ?? text(block[TarHeader.Field.link]))
            default: .other
            }
        // Only a file's size counts bytes that follow; of other kinds it says nothing about the archive.
        let prefix = text(block[TarHeader.Field.prefix])
        let name = text(block[TarHeader.Field.name])
        var path = overrides.path ?? (prefix.isEmpty ? name : "\(prefix)/\(name)")
        while path.hasSuffix("/") { path.removeLast() }
        return TarEntry(
            path: path, kind: kind, mode: UInt32(try number(block, TarHeader.Field.mode) & 0o7777),
            userID: UInt32(truncatingIfNeeded: try number(block, TarHeader.Field.userID)),
            groupID: UInt32(truncatingIfNeeded: try number(block, TarHeader.Field.groupID)),
            modifiedSeconds: Int64(try number(block, TarHeader.Field.modified)))
    }

    /// The next header block, checked; nil at the end mark.
    private mutating func nextBlock() throws(TarError) -> [UInt8]? {
        guard offset + TarArchive.blockBytes <= archive.count else {
            throw TarError(description: "the archive is cut off: it has no end mark")
        }
        let block = Array(archive[offset..<(offset + TarArchive.blockBytes)])
        offset += TarArchive.blockBytes
        if block.allSatisfy({ $0 == 0 }) { return nil }
        guard try number(block, TarHeader.Field.checksum) == TarHeader.checksum(of: block) else {
            throw TarError(description: "the archive is damaged: a header's checksum is wrong")
        }
        return block
    }

    private mutating func take(_ size: Int) throws(TarError) -> [UInt8] {
        let (end, overflows) = offset.addingReportingOverflow(size)
        guard size >= 0, !overflows, end <= archive.count else {
            throw TarError(description: "the archive is cut off within an entry")
        }
        defer { offset = min(archive.count, end + TarArchive.padding(after: size)) }
        return Array(archive[offset..<end])
    }

    private mutating func extensionText(_ size: Int) throws(TarError) -> [UInt8] {
        guard size <= TarArchive.longestExtensionBytes else {
            throw TarError(description: "an extension of the archive exceeds \(TarArchive.longestExtensionBytes) bytes")
        }
        return try take(size)
    }

    /// POSIX extension records: `LENGTH NAME=VALUE\n`, where the length counts the whole record.
    private func readRecords(of bytes: [UInt8], into overrides: inout Overrides) throws(TarError) {
        var rest = bytes[...]
        while let space = rest.firstIndex(of: UInt8(ascii: " ")) {
            guard let length = Int(text(rest[..<space])), length > space - rest.startIndex + 1, length <= rest.count,
                let equals = rest[space...].firstIndex(of: UInt8(ascii: "=")), equals < rest.startIndex + length
            else { throw TarError(description: "the archive is damaged: bad extension record") }
            let end = rest.startIndex + length
            let value = String(decoding: rest[(equals + 1)..<max(equals + 1, end - 1)], as: UTF8.self)
            switch text(rest[(space + 1)..<equals]) {
            case "path": overrides.path = value
            case "linkpath": overrides.link = value
            case "size": overrides.size = Int(value)
            default: break
            }
            rest = rest[end...]
        }
    }

    /// Text up to the first zero byte.
    private func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// Octal digits, or GNU's binary form, which is marked by the highest bit.
    private func number(_ block: [UInt8], _ field: Range<Int>) throws(TarError) -> Int {
        let bytes = block[field]
        if let first = bytes.first, first & 0x80 != 0 {
            guard first == 0x80, bytes.dropFirst().dropLast(7).allSatisfy({ $0 == 0 }) else {
                throw TarError(description: "the archive is damaged: a number is out of range")
            }
            return bytes.suffix(7).reduce(0) { $0 << 8 | Int($1) }
        }
        let digits = text(bytes).filter { $0 != " " }
        guard let value = digits.isEmpty ? 0 : Int(digits, radix: 8), value >= 0 else {
            throw TarError(description: "the archive is damaged: a number is not octal")
        }
        return value
    }
}
