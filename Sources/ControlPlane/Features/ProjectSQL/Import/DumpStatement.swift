/// A statement of a dump.
public struct DumpStatement: Sendable, Equatable {
    /// Its text without the semicolon.
    public let bytes: [UInt8]
    /// The line that it begins in, from 1.
    public let line: Int

    public init(bytes: [UInt8], line: Int) {
        self.bytes = bytes
        self.line = line
    }

    /// The text. The planner refuses one that is not UTF-8.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Whether its bytes are UTF-8, so that ``text`` is what they say.
    var isText: Bool { String(validating: bytes, as: UTF8.self) != nil }

    /// Whether rows follow it in the dump.
    var readsRows: Bool {
        let tokens = DumpToken.read(bytes)
        return tokens.indices.dropLast().contains { tokens[$0].isWord("from") && tokens[$0 + 1].isWord("stdin") }
    }
}

/// A word or sign of a statement.
enum DumpToken: Equatable {
    /// A name or keyword, in small letters.
    case word(String)
    /// A name in quotation marks.
    case quoted(String)
    /// The contents of a text.
    case text(String)
    case sign(UInt8)

    /// Most tokens that are read of a statement: its head says what it is about. A `COPY` of PostgreSQL's most columns,
    /// 1,600, has fewer.
    static let countMax = 4_000

    /// Bytes of a name that PostgreSQL keeps (`NAMEDATALEN` less one); it cuts what is longer.
    static let nameBytesMax = 63

    func isWord(_ text: String) -> Bool { self == .word(text) }

    /// The name that it is, as PostgreSQL stores it.
    var name: String? {
        switch self {
        case .word(let text), .quoted(let text): text
        case .text, .sign: nil
        }
    }

    /// Whether it is a text, a number or a truth value.
    var isLiteral: Bool {
        switch self {
        case .text: true
        case .word(let word):
            ["true", "false", "null"].contains(word) || word.utf8.first.map { (0x30...0x39).contains($0) } ?? false
        case .quoted, .sign: false
        }
    }

    /// The tokens of a statement, without comments.
    static func read(_ bytes: [UInt8]) -> [DumpToken] {
        var scanner = DumpScanner(bytes: bytes)
        var tokens: [DumpToken] = []
        while tokens.count < countMax, let token = scanner.next() { tokens.append(token) }
        return tokens
    }
}

private struct DumpScanner {
    let bytes: [UInt8]
    var index = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func next() -> DumpToken? {
        skipBlanks()
        guard let byte = peek() else { return nil }
        switch byte {
        case UInt8(ascii: "\""):
            return .quoted(String(beginning: quotation(byte, hasEscapes: false), bytesMax: DumpToken.nameBytesMax))
        case UInt8(ascii: "'"): return .text(String(decoding: quotation(byte, hasEscapes: false), as: UTF8.self))
        case UInt8(ascii: "$"): return dollar()
        case _ where DumpReader.isWordByte(byte):
            let word = take { DumpReader.isWordByte($0) }.map(DumpReader.lowercase)
            if word == [UInt8(ascii: "e")], peek() == UInt8(ascii: "'") {
                return .text(String(decoding: quotation(UInt8(ascii: "'"), hasEscapes: true), as: UTF8.self))
            }
            return .word(String(beginning: word, bytesMax: DumpToken.nameBytesMax))
        default:
            index += 1
            return .sign(byte)
        }
    }

    private func peek(_ offset: Int = 0) -> UInt8? {
        index + offset < bytes.count ? bytes[index + offset] : nil
    }

    private mutating func take(while isPart: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        let part = bytes[index...].prefix(while: isPart)
        index = part.endIndex
        return part
    }

    private mutating func skipBlanks() {
        while let byte = peek() {
            if byte == 0x20 || (0x09...0x0D).contains(byte) {
                index += 1
            } else if byte == UInt8(ascii: "-"), peek(1) == byte {
                _ = take { $0 != 0x0A && $0 != 0x0D }
            } else if byte == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "*") {
                skipComment()
            } else {
                return
            }
        }
    }

    private mutating func skipComment() {
        var depth = 0
        while let byte = peek() {
            if byte == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "*") {
                depth += 1
                index += 2
            } else if byte == UInt8(ascii: "*"), peek(1) == UInt8(ascii: "/") {
                depth -= 1
                index += 2
                if depth == 0 { return }
            } else {
                index += 1
            }
        }
    }

    private mutating func quotation(_ mark: UInt8, hasEscapes: Bool) -> [UInt8] {
        var content: [UInt8] = []
        index += 1
        while let byte = peek() {
            index += 1
            if hasEscapes, byte == UInt8(ascii: "\\"), let escaped = peek() {
                content.append(escaped)
                index += 1
            } else if byte != mark {
                content.append(byte)
            } else if peek() == mark {
                content.append(byte)
                index += 1
            } else {
                break
            }
        }
        return content
    }

    private mutating func dollar() -> DumpToken {
        let rest = bytes[(index + 1)...].prefix { DumpReader.isWordByte($0) && $0 != UInt8(ascii: "$") }
        guard rest.endIndex < bytes.count, bytes[rest.endIndex] == UInt8(ascii: "$"),
            rest.first.map({ !(0x30...0x39).contains($0) }) ?? true
        else {
            index += 1
            return .sign(UInt8(ascii: "$"))
        }
        let tag = bytes[index...rest.endIndex]
        index = tag.endIndex
        let start = index
        while index < bytes.count, !bytes[index...].starts(with: tag) { index += 1 }
        let content = bytes[start..<index]
        index = min(bytes.count, index + tag.count)
        return .text(String(decoding: content, as: UTF8.self))
    }
}

extension String {
    /// As much of the beginning of UTF-8 as the bytes allow, in whole characters.
    init(beginning bytes: some BidirectionalCollection<UInt8>, bytesMax: Int) {
        var part = bytes.prefix(bytesMax)
        if part.count < bytes.count {
            // Not in the middle of a character: up to three bytes of one follow its first.
            var next: UInt8? = bytes[part.endIndex]
            for _ in 0..<3 {
                guard let byte = next, byte & 0xC0 == 0x80 else { break }
                next = part.popLast()
            }
        }
        self.init(decoding: part, as: UTF8.self)
    }
}
