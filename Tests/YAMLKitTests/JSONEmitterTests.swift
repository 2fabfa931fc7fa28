import Testing
import YAMLKit

@Suite struct JSONEmitterTests {
    private let node = YAMLNode.map([
        ("b", .list([.integer(1), .number(1.5), .number(2), .null, .boolean(false), .list([]), .map([])])),
        ("a", .string("\"\\\n\t\u{1}é/")),
    ])

    @Test func theIndentedFormKeepsTheOrder() {
        #expect(
            JSONEmitter.emit(.map([("b", .list([.integer(1), .map([])])), ("a", .string("x"))])) == """
                {
                  "b": [
                    1,
                    {}
                  ],
                  "a": "x"
                }
                """)
    }

    @Test func theCanonicalFormSortsKeysAndHasNoWhiteSpace() {
        #expect(
            JSONEmitter.emit(node, layout: .canonical)
                == #"{"a":"\"\\\n\t\u0001é/","b":[1,1.5,2,null,false,[],{}]}"#)
    }

    @Test func numbersWithoutAJSONFormAreStrings() throws {
        let node = try #require(try YAMLParser.parse("[.inf, -.inf, .nan, 0x10]"))
        #expect(JSONEmitter.emit(node, layout: .canonical) == #"[".inf","-.inf",".nan",16]"#)
    }
}
