import Foundation
import Logging
import Testing

@testable import supamanager

@Suite("The log as JSON")
struct JSONLogTests {
    private func entry(_ message: String, _ metadata: Logger.Metadata) throws -> [String: Any] {
        let line = JSONLogHandler.line(
            level: .warning, logger: "supamanager", message: message, metadata: metadata,
            at: Date(timeIntervalSince1970: 1.5))
        #expect(!line.contains("\n") && !line.unicodeScalars.contains("\u{1B}"))
        return try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }

    @Test("an entry is one object on one line, whatever its texts hold")
    func hostile() throws {
        let found = try entry("a \"quoted\"\nline \u{1B}[2J", ["key": "\u{2028}x\\", "number": "5"])
        #expect(found["time"] as? String == "1970-01-01T00:00:01.500Z")
        #expect(found["level"] as? String == "warning" && found["logger"] as? String == "supamanager")
        #expect(found["message"] as? String == "a \"quoted\"\\nline \\u{1B}[2J")
        #expect(found["metadata"] as? [String: String] == ["key": "\\u{2028}x\\", "number": "5"])
        #expect(try entry("plain", [:])["metadata"] == nil)
    }

    @Test("texts without end are cut, and the object stays whole")
    func long() throws {
        let long = String(repeating: "\u{1}", count: 1 << 20)
        let found = try entry(long, ["a": .string(long), "b": .array([.string(long)])])
        #expect((found["message"] as? String)?.contains("bytes left out") == true)
        #expect((found["metadata"] as? [String: String])?.values.allSatisfy { $0.utf8.count < 1 << 17 } == true)
    }
}
