import ProjectModel
import Testing

@testable import Orchestrator

@Suite("Secrets taken out of texts")
struct RedactionTests {
    private func redacted(_ text: String, _ values: String...) -> String {
        redact(text, Dictionary(uniqueKeysWithValues: values.enumerated().map { ("\($0.offset)", Secret($0.element)) }))
    }

    @Test(
        "a scalar that joins the secret's last character does not hide it",
        arguments: ["\u{301}", "\u{20DD}", "\u{FE0F}", "\u{200D}", "\u{1F3FB}", "\u{E0020}"])
    func combining(scalar: String) {
        #expect(redacted("key hunter2-word\(scalar) end", "hunter2-word") == "key <secret>\(scalar) end")
        #expect(redacted("key \(scalar)hunter2-word\(scalar)", "hunter2-word") == "key \(scalar)<secret>\(scalar)")
        let ending = "hunter2-word\(scalar)"
        #expect(redacted("\(ending)\u{302}", ending) == "<secret>\u{302}")
    }

    @Test("a line break after a carriage return is no part of the secret, and hides none")
    func lineBreaks() {
        #expect(redacted("a hunter2-word\r\nb", "hunter2-word\r") == "a <secret>\nb")
        #expect(redacted("second line of it\r\n", "first line of it\r\nsecond line of it") == "<secret>\r\n")
        #expect(redacted("hunter2-line\u{301}", "hunter2-line\n\u{301}second-line") == "<secret>\u{301}")
    }

    @Test("the longest counts, what overlaps goes whole, and what stands side by side is counted")
    func overlaps() {
        #expect(redacted("say secret-long!", "secret", "secret-long") == "say <secret>!")
        #expect(redacted("abcdefgh", "abcdef", "defgh") == "<secret>")
        #expect(redacted("aaaabbbb", "aaaa", "bbbb") == "<secret><secret>")
        #expect(redacted("one secret", "secret", "one ") == "<secret><secret>")
    }

    @Test("short values and texts without secrets stay as they are")
    func untouched() {
        #expect(redacted("abc é\r\n", "abc") == "abc é\r\n")
        #expect(redacted("", "secret") == "" && redact("text", [:]) == "text")
    }
}
