import Orchestrator

/// Takes output with times apart into lines, however it is cut. Standard output and standard error are lines apart.
struct LogLineDecoder {
    /// Bytes of a line that are kept; the rest is left out.
    static let lineBytesMax = 65_536

    private struct Line {
        var bytes: [UInt8] = []
        var isCut = false
    }

    private var unfinished: [OutputSource: Line] = [:]

    /// The lines that are complete with these bytes.
    mutating func decode(_ piece: OutputPiece) -> [LogLine] {
        var lines: [LogLine] = []
        var line = unfinished[piece.source] ?? Line()
        for byte in piece.bytes {
            if byte == UInt8(ascii: "\n") {
                lines.append(Self.line(line))
                line = Line()
            } else if line.bytes.count < Self.lineBytesMax {
                line.bytes.append(byte)
            } else {
                line.isCut = true
            }
        }
        unfinished[piece.source] = line
        return lines
    }

    /// What is left when the output has ended.
    mutating func finish() -> [LogLine] {
        defer { unfinished = [:] }
        return [OutputSource.standardOutput, .standardError].compactMap { unfinished[$0] }.filter { !$0.bytes.isEmpty }
            .map(Self.line)
    }

    private static func line(_ line: Line) -> LogLine {
        let bytes = line.bytes.last == UInt8(ascii: "\r") ? line.bytes.dropLast() : line.bytes[...]
        if let space = bytes.firstIndex(of: UInt8(ascii: " ")),
            let at = LogMoment(String(decoding: bytes[..<space], as: UTF8.self))
        {
            return LogLine(
                at: at, text: String(decoding: bytes[(space + 1)...], as: UTF8.self), isCut: line.isCut)
        }
        return LogLine(at: nil, text: String(decoding: bytes, as: UTF8.self), isCut: line.isCut)
    }
}
