import Testing
import YAMLKit

@Suite struct YAMLParserTests {
    @Test func everyNodeAndKeyKnowsItsPlace() throws {
        let root = try #require(try YAMLParser.parse("a: 1\nb:\n  - x\n  - {k: v}\nä: \"é\" # c\n"))
        #expect(root.mark == YAMLMark(line: 1, column: 1))
        #expect(root["a"]?.mark == YAMLMark(line: 1, column: 4))
        #expect(root.mapping?.entries[1].keyMark == YAMLMark(line: 2, column: 1))
        #expect(root["b"]?.sequence?[0].mark == YAMLMark(line: 3, column: 5))
        #expect(root["b"]?.sequence?[1]["k"]?.mark == YAMLMark(line: 4, column: 9))
        #expect(root["ä"]?.mark == YAMLMark(line: 5, column: 4))
    }

    @Test func aTextWithoutContentHasNoRoot() throws {
        #expect(try YAMLParser.parse("") == nil)
        #expect(try YAMLParser.parse("\n# nothing\n") == nil)
        #expect(try YAMLParser.parse("---\n")?.isNull == true)
        #expect(try YAMLParser.parse("\u{FEFF}a: 1\n")?["a"]?.scalar?.value == .integer(1))
    }

    @Test(arguments: [
        ("null", YAMLScalarValue.null), ("~", .null), ("", .null), ("true", .boolean(true)), ("FALSE", .boolean(false)),
        ("yes", .string("yes")), ("on", .string("on")), ("12", .integer(12)), ("-7", .integer(-7)), ("+3", .integer(3)),
        ("0o17", .integer(15)), ("0x1F", .integer(31)), ("0755", .integer(755)), ("1_000", .string("1_000")),
        ("1.5", .float(1.5)), (".5", .float(0.5)), ("5.", .float(5)), ("1e3", .float(1000)),
        ("-.inf", .float(-.infinity)),
        ("1.2.3", .string("1.2.3")), ("12:30", .string("12:30")), ("0x", .string("0x")), ("0o-7", .string("0o-7")),
        (".", .string(".")), ("-", .string("-")), ("e5", .string("e5")), ("1e", .string("1e")), ("inf", .string("inf")),
        ("nan", .string("nan")), ("99999999999999999999", .float(1e20)),
    ])
    func plainScalarsFollowTheCoreSchema(text: String, value: YAMLScalarValue) {
        #expect(YAMLScalar(text).value == value)
    }

    @Test func quotesAndTagsDecideTheType() throws {
        let root = try #require(
            try YAMLParser.parse(
                "[\"1\", '1', !!str 1, ! 1, |-\n  1\n, 1, !!float 1, !!int \"1\"]\n".replacing(
                    "|-\n  1\n", with: "\"1\"")))
        let values = root.sequence?.compactMap { $0.scalar?.value }
        #expect(
            values == [
                .string("1"), .string("1"), .string("1"), .string("1"), .string("1"), .integer(1), .integer(1),
                .integer(1),
            ])
        let block = try YAMLParser.parse("a: |\n  1\nb: >-\n  2\n  3\n")
        #expect(block?["a"]?.scalar?.value == .string("1\n"))
        #expect(block?["b"]?.scalar?.value == .string("2 3"))
    }

    @Test func aliasesStandForWhatTheyName() throws {
        let root = try #require(try YAMLParser.parse("a: &x {k: [1, 2]}\nb: *x\nc: &x 3\nd: *x\n"))
        #expect(root["b"] == root["a"])
        #expect(root["b"]?.mark == YAMLMark(line: 1, column: 4))
        #expect(root["d"]?.scalar?.value == .integer(3))
    }

    @Test func mergeKeysGiveWhatTheMappingItselfDoesNotSay() throws {
        let text = """
            base: &base {image: a, restart: no}
            more: &more {image: b, user: me}
            one: {<<: *base, image: c}
            two:
              image: d
              <<: [*more, *base]
            three: {"<<": text}
            nested: {<<: {<<: *base, x: y}}
            """
        let root = try #require(try YAMLParser.parse(text))
        #expect(root["one"] == .map([("image", .string("c")), ("restart", .string("no"))]))
        #expect(root["two"] == .map([("image", .string("d")), ("user", .string("me")), ("restart", .string("no"))]))
        #expect(root["three"]?["<<"]?.scalar?.text == "text")
        #expect(root["nested"]?["x"]?.scalar?.text == "y")
        #expect(root["nested"]?["restart"]?.scalar?.text == "no")
    }

    @Test(arguments: [
        ("a: 1\nb: 2\na: 3\n", "3:1", "the key \"a\" is already defined at 1:1"),
        ("a: [1, 2\nb: 3\n", "2:2", "while parsing a flow sequence: did not find expected ',' or ']'"),
        ("a: *x\n", "1:4", "*x has no anchor &x before it"),
        ("a: &x\n  b: *x\n", "2:6", "*x stands inside what &x names: it would contain itself"),
        ("a: 1\n---\nb: 2\n", "2:1", "a second document; one file holds one document"),
        ("? [1]\n: 2\n", "1:3", "a mapping key must be a single value, not a list"),
        ("a: !reset 1\n", "1:4", "the tag !reset is not supported"),
        ("a: !override {b: 1}\n", "1:4", "the tag !override is not supported here"),
        ("a: !!int text\n", "1:4", "\"text\" is not a value of !!int"),
        ("a: !!set {b}\n", "1:4", "the tag !!set is not supported here"),
        ("a: {<<: 3}\n", "1:9", "<< takes a mapping or a list of mappings, not a integer"),
        ("a: {<<: {b: 1}, <<: {c: 2}}\n", "1:17", "the key \"<<\" is already defined at 1:5"),
        ("a:\n\t- b\n", "2:1", "while scanning for the next token: found character that cannot start any token"),
    ])
    func mistakesAreReportedWhereTheyAre(text: String, place: String, reason: String) {
        #expect {
            try YAMLParser.parse(text)
        } throws: { error in
            "\(error)" == "\(place): \(reason)"
        }
    }

    @Test func controlCharactersAreRefused() {
        #expect(throws: YAMLError.self) { try YAMLParser.parse("a: \u{0}b\n") }
        #expect(throws: YAMLError.self) { try YAMLParser.parse("a: \u{7}b\n") }
    }
}
