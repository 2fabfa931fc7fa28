import Logging
import Synchronization
import Testing

@testable import PlainLogs

@Suite("Log lines")
struct PlainLogHandlerTests {
    private final class Lines: Sendable {
        let all = Mutex<[String]>([])
    }

    private struct Recorder: LogHandler {
        let lines: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let pairs = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
            lines.all.withLock { $0.append("\(event.message) \(pairs.map { "\($0.key)=\($0.value)" })") }
        }
    }

    @Test(
        "no text from others begins a line or moves the cursor",
        arguments: ["a\n2026 error: forged", "\u{1B}[2Jgone", "\u{9B}2J", "x\u{202E}y", "a\rb", "\u{7F}", "a\u{2028}b"])
    func oneLine(text: String) {
        let lines = Lines()
        var logger = Logger(label: "test") { _ in PlainLogHandler(Recorder(lines: lines)) }
        logger[metadataKey: "of"] = "\(text)"
        logger.info("message \(text)", metadata: ["name": "\(text)", "list": ["\(text)"], "map": ["k": "\(text)"]])
        let written = lines.all.withLock { $0 }
        #expect(written.count == 1)
        for line in written {
            #expect(line.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }, "\(line)")
            #expect(!line.contains("\u{202E}") && !line.contains("\u{2028}") && line.contains("\\"))
        }
    }

    @Test("other text stays as it is")
    func plain() {
        #expect(PlainText.escaped("grüße 😀 \\ \"x\"") == "grüße 😀 \\ \"x\"")
        #expect(PlainText.escaped("a\n\tb\u{1B}") == "a\\n\\tb\\u{1B}")
    }
}
