import Orchestrator
import Testing

@testable import DockerEngine

@Suite("Lines of a container's log")
struct LogLineDecoderTests {
    private static let first = "2026-11-28T10:00:00.000000001Z"
    private static let second = "2026-11-28T10:00:00.000000002Z"

    @Test("lines are the same however the output is cut, with their times")
    func cuts() throws {
        let text = "\(Self.first) one\r\n\(Self.second) \n\(Self.second) three has blanks\nno time"
        let expected = [
            LogLine(at: LogMoment(Self.first), text: "one", openEdges: .begin),
            LogLine(at: LogMoment(Self.second), text: ""),
            LogLine(at: LogMoment(Self.second), text: "three has blanks"),
            LogLine(at: nil, text: "no time", openEdges: .end),
        ]
        let bytes = Array(text.utf8)
        for size in 1...bytes.count {
            var decoder = LogLineDecoder()
            var lines: [LogLine] = []
            for start in stride(from: 0, to: bytes.count, by: size) {
                let piece = Array(bytes[start..<min(bytes.count, start + size)])
                lines += decoder.decode(OutputPiece(source: .standardOutput, bytes: piece))
            }
            #expect(lines + decoder.finish() == expected, "pieces of \(size)")
        }
    }

    @Test("standard output and standard error do not mix within a line")
    func sources() {
        var decoder = LogLineDecoder()
        var lines = decoder.decode(OutputPiece(source: .standardOutput, bytes: Array("\(Self.first) o".utf8)))
        lines += decoder.decode(OutputPiece(source: .standardError, bytes: Array("\(Self.first) err\n".utf8)))
        lines += decoder.decode(OutputPiece(source: .standardOutput, bytes: Array("ut\n".utf8)))
        #expect(lines.map(\.text) == ["err", "out"])
        #expect(decoder.finish().isEmpty)
    }

    @Test("of a line without an end the beginning is kept, and it says that the rest is left out")
    func longLine() {
        var decoder = LogLineDecoder()
        for _ in 0..<3 {
            let piece = [UInt8](repeating: UInt8(ascii: "x"), count: LogLineDecoder.lineBytesMax)
            #expect(decoder.decode(OutputPiece(source: .standardOutput, bytes: piece)).isEmpty)
        }
        let lines = decoder.decode(OutputPiece(source: .standardOutput, bytes: Array("\nnext\n".utf8)))
        #expect(lines.map(\.text.utf8.count) == [LogLineDecoder.lineBytesMax, 4])
        #expect(lines.map(\.isCut) == [true, false])
    }

    @Test("a line that the engine cut into entries is one again, without the times between them", arguments: 1...40)
    func entries(size: Int) {
        let entries = [
            "\(Self.first) key hunt", "\(Self.second) er2-word, \(Self.second) ", "\(Self.second) end\nnext",
        ]
        var decoder = LogLineDecoder()
        var lines: [LogLine] = []
        for entry in entries {
            let bytes = Array(entry.utf8)
            for start in stride(from: 0, to: bytes.count, by: size) {
                let piece = Array(bytes[start..<min(bytes.count, start + size)])
                lines += decoder.decode(
                    OutputPiece(source: .standardOutput, bytes: piece, beginsEntry: start == 0))
                lines += decoder.decode(
                    OutputPiece(source: .standardError, bytes: Array("\(Self.first) e\n".utf8), beginsEntry: true))
            }
        }
        lines.removeAll { $0.text == "e" }
        #expect(lines.map(\.text) == ["key hunter2-word, \(Self.second) end"])
        #expect(lines.map(\.openEdges) == [.begin])
        #expect(decoder.finish().map(\.text) == ["next"])
    }

    @Test("the end of a log is whole lines of each source, and shows where something may be missing")
    func tail() {
        var pieces = LogPieces()
        func add(_ source: OutputSource, _ text: String) {
            pieces.add(OutputPiece(source: source, bytes: Array(text.utf8)))
        }
        add(.standardOutput, "2-word\nkey hunt")
        add(.standardError, "a line\n")
        add(.standardOutput, "er2-word\n")
        add(.standardError, "more\nand hun")
        add(.standardOutput, "x")
        #expect(pieces.tail.parts == ["2-word\n", "a line\nkey hunter2-word\nmore\n", "x", "and hun"])
    }

    @Test("bytes of a scalar that is cut in two are left out")
    func scalars() {
        let bytes = Array("é€😀".utf8)
        for start in 0...bytes.count {
            for end in start...bytes.count {
                let text = UTF8Edges.text(bytes[start..<end])
                #expect(text.isEmpty || "é€😀".contains(text), "\(start)..<\(end)")
            }
        }
        #expect(UTF8Edges.text([0x61, 0xFF, 0x62]) == "a\u{FFFD}b")
    }

    @Test("only the engine's own form is a moment")
    func moments() {
        let bad = [
            "", "2026-11-28T10:00:00Z", "2026-11-28T10:00:00.000000001+00:00", "2026-11-28T10:00:00.00000000xZ",
            "2026-11-28T10:00:00.0000000011Z", "2026-11-28 10:00:00.000000001Z",
        ]
        for text in bad { #expect(LogMoment(text) == nil, "\(text)") }
        let moments = [Self.second, Self.first].compactMap { LogMoment($0) }.sorted()
        #expect(moments.map(\.text) == [Self.first, Self.second])
    }
}
