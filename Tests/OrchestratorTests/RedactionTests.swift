import OrchestratorTesting
import ProjectModel
import Reconciler
import Testing

@testable import Orchestrator

@Suite("Secrets taken out of texts")
struct RedactionTests {
    private func redacted(_ text: String, _ values: String...) -> String {
        Redactor(values: values).redacted(text)
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
        #expect(redacted("", "secret") == "" && Redactor().redacted("text") == "text")
    }

    @Test("a secret inside of another, and one that another's end begins, are found")
    func fallbacks() {
        #expect(redacted("she sells ushers", "hers", "shells", "ushe!!") == "she sells us<secret>")
        #expect(redacted("abcabcabd", "abcabd") == "abc<secret>")
        #expect(redacted("xxabcdyy", "abcdef", "bcdy") == "xxa<secret>y")
        #expect(redacted("aaaaaaa", "aaaab", "aaaaa") == "<secret>")
    }

    @Test("what is found is what comparing each place with each secret finds", arguments: UInt64(0)..<200)
    func sameAsComparing(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        func word(_ lengths: ClosedRange<Int>) -> String {
            String((0..<Int.random(in: lengths, using: &generator)).map { _ in "ab".randomElement(using: &generator)! })
        }
        let secrets = (0..<Int.random(in: 1...6, using: &generator)).map { _ in word(4...7) }
        let text = word(0...60)
        #expect(Redactor(values: secrets).redacted(text) == Self.compared(Array(text), secrets.map(Array.init)))
    }

    private static func compared(_ text: [Character], _ secrets: [[Character]]) -> String {
        var (shown, end) = ("", 0)
        for place in text.indices {
            if let found = secrets.filter({ text[place...].starts(with: $0) }).map(\.count).max() {
                if place >= end { shown += "<secret>" }
                end = max(end, place + found)
            }
            if place >= end { shown.append(text[place]) }
        }
        return shown
    }

    @Test("a megabyte of secrets that begin alike costs one pass over the text", .timeLimit(.minutes(2)))
    func manyAlike() {
        let beginning = String(repeating: "a", count: 10_000)
        let secrets = (0..<100).map { beginning + "\($0)" }
        let redactor = Redactor(values: secrets)
        #expect(redactor.redacted(String(repeating: "a", count: 300_000)).utf8.count == 300_000)
        #expect(redactor.redacted("x" + beginning + beginning + "7!") == "x" + beginning + "<secret>!")
    }

    @Test("with more secrets than fit into memory nothing is shown")
    func limit() {
        let secrets = ["0": Secret("hunter2-word"), "1": Secret("another-word")]
        #expect(Redactor(secrets, formBytesMax: 24).redacted("a text") == "a text")
        #expect(Redactor(secrets, formBytesMax: 23).redacted("a text") == "<secret>")
    }

    @Test("at an edge where a text is cut, pieces of secrets go too, in the middle of a text they stay")
    func edges() {
        let redactor = Redactor(values: ["hunter2-word", "first-line\nsecond-line"])
        #expect(redactor.redacted("r2-word and hunter2") == "r2-word and hunter2")
        #expect(redactor.redacted("r2-word and hunter2", open: .begin) == "<secret> and hunter2")
        #expect(redactor.redacted("r2-word and hunter2", open: .end) == "r2-word and <secret>")
        #expect(redactor.redacted("nter2-wo", open: [.begin, .end]) == "<secret>")
        #expect(redactor.redacted("line\nsecond-li", open: [.begin, .end]) == "<secret>")
        #expect(redactor.redacted("ord hun", open: [.begin, .end]) == "ord hun")
        #expect(redactor.redacted("", open: [.begin, .end]).isEmpty)
    }

    @Test("what a service answers a probe is shown without secrets")
    func states() {
        let redactor = Redactor(values: ["hunter2-word"])
        let answer = "FATAL: no role hunter2-word"
        #expect(redactor.redacted(.failing(answer)) == .failing("FATAL: no role <secret>"))
        #expect(redactor.redacted(.comingUp(answer)) == .comingUp("FATAL: no role <secret>"))
        #expect(redactor.redacted(.unknown(answer)) == .unknown("FATAL: no role <secret>"))
        #expect(redactor.redacted(.ready) == .ready)
    }

    @Test("every cut of a text with secrets shows no piece of four bytes of them", arguments: 0...46)
    func cuts(at place: Int) {
        let (text, secret) = ("0123 hunter2-word 456 hunter2-wordhunter2-word", "hunter2-word")
        let redactor = Redactor(values: [secret])
        let shown =
            redactor.redacted(String(text.prefix(place)), open: .end) + "|"
            + redactor.redacted(String(text.dropFirst(place)), open: .begin)
        for start in 0...(secret.count - 4) {
            #expect(!shown.contains(secret.dropFirst(start).prefix(4)), "\(shown)")
        }
    }
}

@Suite("Redactors of projects")
struct RedactorsTests {
    @Test("one is built for a project's values, and another one when they change")
    func shared() async {
        let redactors = Redactors()
        for _ in 1...3 {
            let redactor = await redactors.redactor(of: .sample(), ["A": Secret("hunter2-word")])
            #expect(redactor.redacted("hunter2-word") == "<secret>")
        }
        #expect(await redactors.built == 1)
        let next = await redactors.redactor(of: .sample(), ["A": Secret("another-word")])
        #expect(next.redacted("hunter2-word another-word") == "hunter2-word <secret>")
        #expect(await redactors.built == 2)
    }

    @Test("those that were used the longest time ago make room")
    func room() async throws {
        let redactors = Redactors(bytesMax: 400)
        let refs = try ["a", "b", "c"].map { try #require(ProjectRef(String(repeating: $0, count: 20))) }
        for ref in refs { _ = await redactors.redactor(of: ref, ["A": Secret("hunter2-word")]) }
        _ = await redactors.redactor(of: refs[2], ["A": Secret("hunter2-word")])
        #expect(await redactors.built == 3)
        _ = await redactors.redactor(of: refs[0], ["A": Secret("hunter2-word")])
        #expect(await redactors.built == 4)
    }
}

extension Redactor {
    fileprivate init(values: [String]) {
        self.init(Dictionary(uniqueKeysWithValues: values.enumerated().map { ("\($0.offset)", Secret($0.element)) }))
    }
}
