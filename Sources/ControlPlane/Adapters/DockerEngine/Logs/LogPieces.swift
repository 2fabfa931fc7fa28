import Orchestrator

/// Puts a log's pieces together to whole lines, standard output and standard error apart: the engine cuts long lines,
/// and the other source may write between two of their pieces.
struct LogPieces {
    private var unfinished: [OutputSource: [UInt8]] = [:]
    private var hasBegun: Set<OutputSource> = []
    private var parts: [[UInt8]] = []

    /// Adds the next piece.
    mutating func add(_ piece: OutputPiece) {
        guard let end = piece.bytes.lastIndex(of: UInt8(ascii: "\n")) else {
            unfinished[piece.source, default: []] += piece.bytes
            return
        }
        let before = unfinished.updateValue(Array(piece.bytes[(end + 1)...]), forKey: piece.source) ?? []
        append(before + piece.bytes[...end], from: piece.source)
    }

    /// The log; what of a source has no end of line stands last.
    var tail: LogTail {
        let rest = [OutputSource.standardOutput, .standardError].compactMap { unfinished[$0] }.filter { !$0.isEmpty }
        return LogTail(parts: (parts + rest).map(UTF8Edges.text))
    }

    /// Before the first line of each source some of it may be missing.
    private mutating func append(_ lines: [UInt8], from source: OutputSource) {
        let isFirst = hasBegun.insert(source).inserted
        if isFirst || parts.isEmpty { parts.append(lines) } else { parts[parts.count - 1] += lines }
    }
}

/// Texts that were cut between two bytes.
enum UTF8Edges {
    /// The text without the bytes of a scalar that is not whole, at its beginning and its end; other bytes that are not
    /// UTF-8 are replaced.
    static func text(_ bytes: some BidirectionalCollection<UInt8>) -> String {
        String(decoding: ending(whole: bytes.drop { isContinuation($0) }), as: UTF8.self)
    }

    private static func ending<Bytes: BidirectionalCollection<UInt8>>(whole bytes: Bytes) -> Bytes.SubSequence {
        let continuations = bytes.suffix(3).reversed().prefix { isContinuation($0) }.count
        guard let lead = bytes.dropLast(continuations).last, lead >= 0xC0 else { return bytes[...] }
        let length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2
        return continuations + 1 < length ? bytes.dropLast(continuations + 1) : bytes[...]
    }

    private static func isContinuation(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }
}
