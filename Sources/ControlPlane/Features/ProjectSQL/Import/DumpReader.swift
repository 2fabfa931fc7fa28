/// Takes a plain SQL dump apart while it comes, however it is cut: statements, and the rows of each `COPY`.
///
/// It follows `psql`'s own rules for where a statement ends: quotation marks of every kind, nested comments, parentheses,
/// and bodies between `BEGIN ATOMIC` and `END`. Rows are handed on as they are.
public struct DumpReader {
    /// Largest statement in bytes.
    public static let statementBytesMax = 16 << 20

    /// A piece of a dump.
    public enum Piece: Sendable, Equatable {
        /// A statement without its semicolon.
        case statement(DumpStatement)
        /// Bytes of the rows of the `COPY` before it, cut anywhere.
        case rows([UInt8])
        /// The end of these rows.
        case endOfRows
    }

    private enum Place: Equatable {
        case code
        case lineComment
        case blockComment(depth: Int)
        case text(hasEscapes: Bool)
        case identifier
        case tag(start: Int)
        case dollarText(tag: [UInt8], from: Int)
        case command
        case restOfCopyLine
        case rows
    }

    private var place = Place.code
    private var statement: [UInt8] = []
    private var line = 1
    private var firstLine = 1
    /// The byte before, in code.
    private var previous: UInt8 = 0
    /// Whether the character after a backslash in a text with escapes is to come.
    private var isEscaped = false
    /// Whether the text that ended with the byte before has escapes; nil where none did.
    private var endedText: Bool?
    private var parentheses = 0
    private var atomicDepth = 0
    private var word: [UInt8] = []
    private var firstWords: [[UInt8]] = []
    private var command: [UInt8] = []
    /// The beginning of a line of rows that may be their end.
    private var held: [UInt8] = []
    private var isAtLineStart = true
    private var hasBegun = false

    private let bytesMax: Int

    /// A reader at the beginning of a dump.
    public init(statementBytesMax: Int = Self.statementBytesMax) { bytesMax = statementBytesMax }

    /// The line that it has come to, from 1.
    public var currentLine: Int { line }

    /// The pieces that are complete with these bytes.
    public mutating func read(_ bytes: [UInt8]) throws(DumpError) -> [Piece] {
        if !hasBegun, !bytes.isEmpty {
            hasBegun = true
            if bytes.starts(with: "PGDMP".utf8) { throw .customFormat }
            if bytes.starts(with: [0x1F, 0x8B]) { throw .compressed }
        }
        var pieces: [Piece] = []
        var index = 0
        while index < bytes.count {
            if place == .rows {
                index = try readRows(bytes, from: index, into: &pieces)
            } else {
                try read(bytes[index], into: &pieces)
                index += 1
            }
        }
        return pieces
    }

    /// What is left at the end.
    public mutating func finish() throws(DumpError) -> [Piece] {
        switch place {
        case .rows where held == Array("\\.".utf8): return [.endOfRows]
        case .restOfCopyLine, .rows: throw .truncated(line: line, "within the rows of a COPY")
        case .text, .identifier, .dollarText, .blockComment, .tag:
            throw .truncated(line: firstLine, "within a quotation or a comment")
        case .command:
            try endCommand()
            return []
        case .code, .lineComment:
            guard statement.allSatisfy(Self.isSpace) else {
                throw .truncated(line: firstLine, "within a statement: its semicolon is missing")
            }
            return []
        }
    }

    private mutating func read(_ byte: UInt8, into pieces: inout [Piece]) throws(DumpError) {
        guard byte != 0 else { throw .notText(line: line) }
        defer { if byte == 0x0A { line += 1 } }
        switch place {
        case .code: return try readCode(byte, into: &pieces)
        case .command:
            if byte == 0x0A { try endCommand() } else { command.append(byte) }
            return
        case .restOfCopyLine:
            if byte == 0x0A {
                (place, isAtLineStart, held) = (.rows, true, [])
            } else if !Self.isSpace(byte) {
                throw .unreadable(line: line, "text follows a COPY on its line")
            }
            return
        case .lineComment:
            // PostgreSQL ends it at either.
            if byte == 0x0A || byte == 0x0D { place = .code }
            if !statement.isEmpty { try append(byte) }
            previous = byte
            return
        case .blockComment(let depth): return try readComment(byte, depth: depth)
        case .tag(let start): return try readTag(byte, start: start, into: &pieces)
        case .text(let hasEscapes):
            if isEscaped {
                isEscaped = false
            } else if hasEscapes, byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "'") {
                (place, endedText) = (.code, hasEscapes)
            }
        case .identifier:
            if byte == UInt8(ascii: "\"") { place = .code }
        case .dollarText(let tag, let from):
            try append(byte)
            previous = byte
            if byte == UInt8(ascii: "$"), statement.count - from >= tag.count,
                statement.suffix(tag.count).elementsEqual(tag)
            {
                place = .code
            }
            return
        case .rows: return
        }
        previous = byte
        try append(byte)
    }

    private mutating func readCode(_ byte: UInt8, into pieces: inout [Piece]) throws(DumpError) {
        let before = previous
        let ended = endedText
        (previous, endedText) = (byte, nil)
        if Self.isWordByte(byte) {
            // A dollar begins a quotation where it does not belong to a word.
            if byte == UInt8(ascii: "$"), word.isEmpty {
                try append(byte)
                place = .tag(start: statement.count - 1)
                return
            }
            if word.count < 64 { word.append(Self.lowercase(byte)) }
            return try append(byte)
        }
        let lastWord = word
        endWord()
        switch byte {
        case UInt8(ascii: "'"):
            place = .text(hasEscapes: ended ?? (lastWord == [UInt8(ascii: "e")] && Self.isWordByte(before)))
        case UInt8(ascii: "\""): place = .identifier
        case UInt8(ascii: "-") where before == byte && !statement.isEmpty:
            place = .lineComment
            if statement.count == 1 { return statement.removeAll() }
        case UInt8(ascii: "*") where before == UInt8(ascii: "/") && !statement.isEmpty:
            place = .blockComment(depth: 1)
            previous = 0
            if statement.count == 1 { return statement.removeAll() }
        case UInt8(ascii: "("): parentheses += 1
        case UInt8(ascii: ")"): parentheses = max(0, parentheses - 1)
        case UInt8(ascii: "\\"):
            guard statement.isEmpty else { throw .unreadable(line: line, "a psql command within a statement") }
            (place, command) = (.command, [])
            return
        case UInt8(ascii: ";") where parentheses == 0 && atomicDepth == 0:
            return endStatement(into: &pieces)
        default: break
        }
        if statement.isEmpty, Self.isSpace(byte) { return }
        try append(byte)
    }

    private mutating func readComment(_ byte: UInt8, depth: Int) throws(DumpError) {
        if !statement.isEmpty { try append(byte) }
        switch (previous, byte) {
        case (UInt8(ascii: "*"), UInt8(ascii: "/")):
            place = depth == 1 ? .code : .blockComment(depth: depth - 1)
            previous = 0
        case (UInt8(ascii: "/"), UInt8(ascii: "*")):
            place = .blockComment(depth: depth + 1)
            previous = 0
        default: previous = byte
        }
    }

    private mutating func readTag(_ byte: UInt8, start: Int, into pieces: inout [Piece]) throws(DumpError) {
        if byte == UInt8(ascii: "$") {
            try append(byte)
            previous = byte
            place = .dollarText(tag: Array(statement[start...]), from: statement.count)
            return
        }
        let isDigit = (0x30...0x39).contains(byte)
        if Self.isWordByte(byte), !isDigit || statement.count > start + 1 {
            previous = byte
            return try append(byte)
        }
        // A parameter such as $1, or a lone dollar.
        place = .code
        word = statement[start...].map(Self.lowercase)
        try readCode(byte, into: &pieces)
    }

    private mutating func append(_ byte: UInt8) throws(DumpError) {
        if statement.isEmpty { firstLine = line }
        guard statement.count < bytesMax else { throw .tooLarge(line: firstLine) }
        statement.append(byte)
    }

    private mutating func endWord() {
        guard !word.isEmpty else { return }
        if firstWords.count < 4 { firstWords.append(word) }
        // In parentheses they are names of parameters, or a CASE with its END.
        switch parentheses == 0 ? String(decoding: word, as: UTF8.self) : "" {
        case "begin" where isRoutine: atomicDepth += 1
        case "case" where atomicDepth > 0: atomicDepth += 1
        case "end" where atomicDepth > 0: atomicDepth -= 1
        default: break
        }
        word = []
    }

    /// Whether the statement makes a function or procedure, the only ones with `BEGIN ATOMIC`.
    private var isRoutine: Bool {
        let words = firstWords.map { String(decoding: $0, as: UTF8.self) }
        guard words.first == "create" else { return false }
        let kind =
            words.dropFirst().starts(with: ["or", "replace"]) ? words.dropFirst(3).first : words.dropFirst().first
        return kind == "function" || kind == "procedure"
    }

    private mutating func endStatement(into pieces: inout [Piece]) {
        let isCopy = firstWords.first.map { String(decoding: $0, as: UTF8.self) } == "copy"
        if !statement.isEmpty {
            let found = DumpStatement(bytes: statement, line: firstLine)
            pieces.append(.statement(found))
            if isCopy, found.readsRows { place = .restOfCopyLine }
        }
        (statement, firstWords, word) = ([], [], [])
        (parentheses, atomicDepth, previous) = (0, 0, 0)
    }

    /// What `pg_dump` itself writes besides SQL is passed over; anything else would run programs or change databases.
    private mutating func endCommand() throws(DumpError) {
        place = .code
        previous = 0
        let name = command.prefix { !Self.isSpace($0) }
        switch String(decoding: name, as: UTF8.self) {
        case "restrict", "unrestrict": return
        case "connect", "c": throw .severalDatabases(line: line)
        default: throw .unreadable(line: line, "a psql command")
        }
    }

    private mutating func readRows(
        _ bytes: [UInt8], from start: Int, into pieces: inout [Piece]
    ) throws(DumpError) -> Int {
        var rows: [UInt8] = []
        var index = start
        let began = line
        while index < bytes.count, place == .rows {
            if isAtLineStart {
                index += readLineStart(bytes[index], into: &rows)
                continue
            }
            let end = bytes[index...].firstIndex(of: 0x0A)
            let next = end.map { $0 + 1 } ?? bytes.count
            rows += bytes[index..<next]
            index = next
            if end != nil {
                line += 1
                isAtLineStart = true
            }
        }
        guard !rows.contains(0) else { throw .notText(line: began) }
        if !rows.isEmpty { pieces.append(.rows(rows)) }
        if place != .rows { pieces.append(.endOfRows) }
        return index
    }

    /// Decides whether a line is the end of the rows. Returns the number of bytes used up.
    private mutating func readLineStart(_ byte: UInt8, into rows: inout [UInt8]) -> Int {
        switch (held.count, byte) {
        case (0, UInt8(ascii: "\\")), (1, UInt8(ascii: ".")), (2, 0x0D):
            held.append(byte)
            return 1
        case (2..., 0x0A):
            (held, place, previous) = ([], .code, 0)
            line += 1
            return 1
        default:
            rows += held
            (held, isAtLineStart) = ([], false)
            return 0
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    static func lowercase(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte + 0x20 : byte }

    static func isWordByte(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "$") || byte >= 0x80
    }
}

/// Why a dump cannot be read. None of them repeats the dump's text.
public enum DumpError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The format of `pg_dump -Fc`.
    case customFormat
    case compressed
    case notText(line: Int)
    case truncated(line: Int, String)
    case tooLarge(line: Int)
    case severalDatabases(line: Int)
    case unreadable(line: Int, String)

    /// The message: what is wrong, where, and what to do.
    public var description: String {
        switch self {
        case .customFormat:
            "the dump is in pg_dump's custom format: make SQL of it with pg_restore --file=dump.sql FILE"
        case .compressed: "the dump is compressed: send it decompressed"
        case .notText(let line): "line \(line) of the dump holds a NUL byte: it is no SQL in UTF-8"
        case .truncated(let line, let place):
            "the dump ends \(place) that began in line \(line): it is not complete, make it again"
        case .tooLarge(let line):
            "the statement that begins in line \(line) of the dump has more than \(DumpReader.statementBytesMax >> 20) "
                + "MiB: dump rows by COPY, without --inserts"
        case .severalDatabases(let line):
            "line \(line) of the dump changes to another database: dump one database, without --create"
        case .unreadable(let line, let what): "line \(line) of the dump: \(what), which an import does not carry out"
        }
    }
}
