import Testing
import YAMLKit

@Suite struct YAMLEmitterTests {
    @Test func theFormIsStable() throws {
        let node = YAMLNode.map([
            ("text", .string("a b")), ("list", .list([.integer(1), .map([("k", .boolean(true)), ("l", .null)])])),
            ("empty", .map([])), ("none", .list([])), ("nested", .list([.list([.string("x")])])),
            ("script", .string("one\n  two\n\nthree\n")),
        ])
        #expect(
            YAMLEmitter.emit(node) == """
                text: a b
                list:
                  - 1
                  - k: true
                    l: null
                empty: {}
                none: []
                nested:
                  - - x
                script: |
                  one
                    two

                  three

                """)
    }

    /// Texts that some reader takes for a boolean, a number, a date, a time, null or a structure.
    @Test(arguments: [
        "true", "no", "On", "Y", "n", "null", "~", "", "1", "1.5", "0755", "0x1f", "1e3", "12:30", "2001-12-14", "+1",
        ".5", "-", "- a", "a: b", "a #b", "#a", "&a", "*a", "!a", "@a", "`a", "%a", "{a}", "[a", "a]", "'a'", "\"a\"",
        "a,b",
        " a", "a ", "a:", "<<", "=", "?", "|", ">", "a\tb", "a\nb\n\n", "\na", " a\nb", "a \nb", "é", "\u{85}",
        "\u{2028}", "\u{FEFF}",
        "\u{FFFE}", "\u{7}", "NaN", ".inf", "\\", "a\r\nb", "😀", "---", "... a", "\u{0}",
    ])
    func aStringStaysTheSameString(text: String) throws {
        for node in [
            YAMLNode.map([("k", .string(text))]), .list([.string(text)]), .map([(text, .string(text))]), .string(text),
        ] {
            let emitted = YAMLEmitter.emit(node)
            #expect(try YAMLParser.parse(emitted) == node, "\(emitted)")
        }
    }

    @Test(arguments: ["true", "no", "1", "1.5", "0755", "12:30", "2001-12-14", "null", "y", "1_000", "+1"])
    func whatCouldBeAnotherTypeIsQuoted(text: String) {
        #expect(YAMLEmitter.emit(.map([("k", .string(text))])) == "k: \"\(text)\"\n")
    }

    /// emit(parse(emit(x))) and parse(emit(x)) give x back, for trees of awkward strings.
    @Test(arguments: 0..<60)
    func everyTreeComesBack(seed: Int) throws {
        var generator = SplitMix(seed: UInt64(seed))
        for _ in 0..<20 {
            let tree = Self.tree(depth: 4, &generator)
            let text = YAMLEmitter.emit(tree)
            let again = try #require(try YAMLParser.parse(text), "\(text)")
            #expect(again == tree, "\(text)")
            #expect(YAMLEmitter.emit(again) == text)
            let json = JSONEmitter.emit(tree)
            #expect(try YAMLParser.parse(json) == tree, "\(json)")
        }
    }

    /// Whatever bytes come, the parser answers; what it accepts can be emitted and read again.
    @Test(arguments: 0..<40)
    func randomTextsNeverCrashTheParser(seed: Int) throws {
        var generator = SplitMix(seed: UInt64(seed) &+ 1_000)
        let pieces = [
            "a", ":", " ", "\n", "- ", "[", "]", "{", "}", ",", "&x ", "*x", "<<: ", "\"", "'", "|", ">", "#", "!!str ",
            "é", "\t", "? ", "1", "~", "%", "\\", "\u{0}",
        ]
        for _ in 0..<200 {
            let text = (0..<Int.random(in: 0...30, using: &generator))
                .map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
            guard let node = try? YAMLParser.parse(text) else { continue }
            #expect(try YAMLParser.parse(YAMLEmitter.emit(node)) == node, "\(text.debugDescription)")
        }
    }

    private static func tree(depth: Int, _ generator: inout SplitMix) -> YAMLNode {
        switch Int.random(in: 0...(depth > 0 ? 7 : 4), using: &generator) {
        case 0: .integer(Int.random(in: -1000...1000, using: &generator))
        case 1: .boolean(Bool.random(using: &generator))
        case 2: .null
        case 3, 4: .string(text(&generator))
        case 5: .list((0..<Int.random(in: 0...3, using: &generator)).map { _ in tree(depth: depth - 1, &generator) })
        default:
            .map(
                (0..<Int.random(in: 0...3, using: &generator)).map { _ in
                    (text(&generator), tree(depth: depth - 1, &generator))
                })
        }
    }

    private static func text(_ generator: inout SplitMix) -> String {
        let alphabet = Array("ab:#-{}[],&*!|>'\"%@` \n\t\\é0.~?=<$\u{85}\u{2029}😀y")
        return String(
            (0..<Int.random(in: 0...8, using: &generator)).map { _ in alphabet.randomElement(using: &generator) ?? "a" }
        )
    }
}

/// A small generator of repeatable random numbers.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
