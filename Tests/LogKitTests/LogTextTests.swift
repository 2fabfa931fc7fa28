import LogKit
import Testing

@Suite("Text of log lines")
struct LogTextTests {
    @Test(
        "a line stays one line, and nothing in it is obeyed",
        arguments: [
            ("", ""), ("plain text, \"quoted\" \\n", "plain text, \"quoted\" \\n"), ("é 😀 中", "é 😀 中"),
            ("a\nb\r\nc\td", "a\\nb\\r\\nc\\td"), ("\u{1B}[31mred", "\\u{1B}[31mred"), ("a\0b", "a\\u{0}b"),
            ("a\u{7F}\u{85}b", "a\\u{7F}\\u{85}b"), ("a\u{2028}b\u{2029}", "a\\u{2028}b\\u{2029}"),
            ("user\u{202E}gpj", "user\\u{202E}gpj"), ("a\u{200B}b\u{FEFF}", "a\\u{200B}b\\u{FEFF}"),
            ("e\u{301}", "e\u{301}"),
        ])
    func lines(text: String, expected: String) {
        #expect(LogText.line(text) == expected)
    }

    @Test("a long line is cut in its middle")
    func long() {
        let text = "begin " + String(repeating: "x", count: 100) + " end"
        let line = LogText.line(text, bytesMax: 20)
        #expect(line == "begin xxxx… 90 bytes left out …xxxxxx end")
        #expect(LogText.line(text, bytesMax: 110) == text)
        let megabytes = LogText.line(String(repeating: "\n", count: 31 << 20))
        #expect(megabytes.utf8.count < 3 * LogText.lineBytesMax && !megabytes.contains("\n"))
    }

    @Test("no character is cut in two", arguments: 8...16)
    func cut(bytesMax: Int) {
        let line = LogText.line(String(repeating: "😀", count: 9), bytesMax: bytesMax)
        #expect(line.hasPrefix("😀") && line.hasSuffix("😀"))
    }
}
