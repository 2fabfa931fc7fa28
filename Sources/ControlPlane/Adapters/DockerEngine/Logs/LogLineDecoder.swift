import Orchestrator

/// Takes output with times apart into lines, however it is cut. Standard output and standard error are lines apart.
/// The engine cuts long lines into entries and puts a time before each: those within a line are taken out.
struct LogLineDecoder {
    /// Bytes of a line that are kept; the rest is left out.
    static let lineBytesMax = 65_536

    private struct Line {
        var bytes: [UInt8] = []
        var isCut = false
        var openEdges: OpenEdges = []
        /// What has come of a time within the line; nil where there is none.
        var time: [UInt8]?

        mutating func append(_ byte: UInt8) {
            if bytes.count < LogLineDecoder.lineBytesMax { bytes.append(byte) } else { isCut = true }
        }

        /// Takes a byte of what may be a time. What is none is part of the line.
        mutating func appendTime(_ byte: UInt8) {
            time?.append(byte)
            guard let found = time, found.count == LogLineDecoder.timeBytes else { return }
            endTime()
        }

        mutating func endTime() {
            guard let found = time else { return }
            time = nil
            let moment = LogMoment(String(decoding: found.dropLast(), as: UTF8.self))
            if moment == nil || found.last != UInt8(ascii: " ") { for byte in found { append(byte) } }
        }
    }

    /// Bytes of a time and the blank after it.
    private static let timeBytes = 31

    private var unfinished: [OutputSource: Line] = [:]

    /// The lines that are complete with these bytes.
    mutating func decode(_ piece: OutputPiece) -> [LogLine] {
        var lines: [LogLine] = []
        // The first line may have begun before what was asked for.
        var line = unfinished[piece.source] ?? Line(openEdges: .begin)
        if piece.beginsEntry, !line.bytes.isEmpty {
            line.endTime()
            line.time = []
        }
        for byte in piece.bytes {
            if byte == UInt8(ascii: "\n") {
                lines.append(Self.line(line))
                line = Line()
            } else if line.time != nil {
                line.appendTime(byte)
            } else {
                line.append(byte)
            }
        }
        unfinished[piece.source] = line
        return lines
    }

    /// What is left when the output has ended; it may have ended within a line.
    mutating func finish() -> [LogLine] {
        defer { unfinished = [:] }
        return [OutputSource.standardOutput, .standardError].compactMap { unfinished[$0] }.filter { !$0.bytes.isEmpty }
            .map { line in
                var line = line
                line.openEdges.insert(.end)
                return Self.line(line)
            }
    }

    private static func line(_ line: Line) -> LogLine {
        var line = line
        line.endTime()
        let bytes = line.bytes.last == UInt8(ascii: "\r") ? line.bytes.dropLast() : line.bytes[...]
        if let space = bytes.firstIndex(of: UInt8(ascii: " ")),
            let at = LogMoment(String(decoding: bytes[..<space], as: UTF8.self))
        {
            return LogLine(
                at: at, text: UTF8Edges.text(bytes[(space + 1)...]), isCut: line.isCut, openEdges: line.openEdges)
        }
        return LogLine(at: nil, text: UTF8Edges.text(bytes), isCut: line.isCut, openEdges: line.openEdges)
    }
}
