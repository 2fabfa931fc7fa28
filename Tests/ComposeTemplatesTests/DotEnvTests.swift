import ComposeTemplates
import Testing

@Suite struct DotEnvTests {
    @Test(arguments: [
        ("A=b", "b"), ("A = b ", "b"), ("export A=b", "b"), ("export\tA=b", "b"), ("A: b", "b"), ("A=", ""),
        ("A=b # c", "b"),
        ("A=b#c", "b#c"), ("A=#c", ""), ("A='b # c' # d", "b # c"), ("A=\"b # c\"", "b # c"), ("A='$B'", "$B"),
        ("A='it''s'", "it"), ("A=\"x\\ny\"", "x\ny"), ("A='x\\ny'", "x\\ny"), ("A=x\\ny", "x\\ny"),
        ("A=\"a\\\"b\"", "a\"b"),
        ("A='a\\'b'", "a'b"), ("A=\"one\ntwo\"", "one\ntwo"), ("A='one\n#two'", "one\n#two"), ("A=\"\\$B\"", "$B"),
        ("A=\"\\0101\"", "A"), ("A=\"\\t\\\\\"", "\t\\"), ("B=1\nA=$B", "1"), ("B=1\nA=\"${B}2\"", "12"),
        ("A=${C:-d}", "d"),
        ("A=$OUTER", "outer"), ("OUTER=inner\nA=$OUTER", "outer"), ("A=a b", "a b"), ("# c\n\n  A=b", "b"),
        ("A=1\nA=2", "2"), ("A=b\r\nC=d", "b"), ("\u{FEFF}A=b", "b"), ("A=$$x", "$x"), ("A=\"a\"  \nC=d", "a"),
    ])
    func aValueIsReadAsComposeReadsIt(text: String, value: String) throws {
        guard text != "A='it''s'" else {
            #expect(throws: DotEnvError.self) { try DotEnv.parse(text) }
            return
        }
        #expect(try DotEnv.parse(text, environment: ["OUTER": "outer"])["A"] == value)
    }

    @Test func aNameAloneTakesItsValueFromTheEnvironment() throws {
        let values = try DotEnv.parse("OUTER\nNOWHERE\nA.b-c[0]=x\n", environment: ["OUTER": "outer"])
        #expect(values == ["OUTER": "outer", "A.b-c[0]": "x"])
        #expect(try DotEnv.parse("LAST", environment: ["LAST": "1"]) == ["LAST": "1"])
        #expect(try DotEnv.parse("exported=1") == ["exported": "1"])
    }

    @Test(arguments: [
        ("A=1\nB C=2\n", "f:2: a variable's name has a space in it"),
        ("A=1\n=2\n", "f:2: a variable's name is missing"),
        ("A!=1\n", "f:1: unexpected character \"!\" in a variable's name"),
        ("\nA=\"secret\nmore", "f:2: the quote is never closed"),
        ("A='x' secret\n", "f:1: unexpected text after the closing quote"),
        ("A=1\nB=${secret", "f:2: B: not a valid substitution; put the value in single quotes or write $$ for $"),
        ("A=${B?give it}\n", "f:1: A: required variable B is missing a value: give it"),
    ])
    func mistakesAreReportedByLineWithoutTheValue(text: String, message: String) {
        #expect {
            try DotEnv.parse(text, fileName: "f")
        } throws: { "\($0)" == message && !"\($0)".contains("secret") }
    }

    @Test func theSizeIsBounded() {
        let text = "A=" + String(repeating: "x", count: DotEnv.maximumBytes)
        #expect(throws: DotEnvError.self) { try DotEnv.parse(text) }
    }

    @Test(arguments: 0..<30)
    func randomTextsNeverCrash(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        let pieces = [
            "A", "=", "\"", "'", "\\", "\n", "$", "{", "}", "#", " ", ":", "export ", "é", "\r\n", "\u{0}", "0",
        ]
        for _ in 0..<300 {
            let text = (0..<Int.random(in: 0...20, using: &generator))
                .map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
            do {
                for name in try DotEnv.parse(text).keys { #expect(!name.isEmpty) }
            } catch { #expect((1...25).contains(error.line)) }
        }
    }
}
