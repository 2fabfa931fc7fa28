import FoundationEssentials
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

/// Reads with the reader under test.
private func read(_ text: String, _ limits: JSONLimits = .body) throws(JSONReadError) -> JSON {
    try JSONReader.read(Array(text.utf8), limits: limits)
}

@Suite("Reader of JSON")
struct JSONReaderTests {
    private static let known: [(text: String, value: JSON)] = [
        ("null", JSON.null), (" true\n", true), ("\tfalse\r", false), ("0", 0), ("-0", 0), ("7", 7),
        ("-9223372036854775808", .integer(.min)), ("9223372036854775807", .integer(.max)),
        ("9223372036854775808", .number(9_223_372_036_854_775_808)), ("1.0", .number(1)), ("1e2", .number(100)),
        ("-1.5E-3", .number(-0.0015)), ("1e-400", .number(0)), ("\"\"", ""), ("\"ñ😀\"", "ñ😀"),
        (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"), (#""\u00f1\uD83D\uDE00\u0000""#, "ñ😀\0"),
        ("[]", []), ("[ ]", []), ("{ }", [:]), ("[1,[2,[]],{}]", [1, [2, []], [:]]),
        (#"{ "a" : 1 , "b" : { "a" : null } }"#, ["a": 1, "b": ["a": nil]]),
    ]

    @Test("values", arguments: known)
    func values(text: String, value: JSON) throws { #expect(try read(text) == value) }

    @Test(
        "what RFC 8259 does not know",
        arguments: [
            "", " ", "nul", "True", "NaN", "Infinity", "-", "+1", "01", "-01", "1.", ".5", "1.e2", "1e", "1e+", "0x1",
            "1 2", "[1,]", "[,1]", "[1 2]", "[", "]", "{", "}", "[}", "{]", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#,
            #"{a:1}"#, "{'a':1}", "\"", "\"a", #""\x""#, #""\u12""#, #""\u12G4""#, #""\"#, "\"\n\"", "\"\u{1}\"",
            #""\uD800""#, #""\uD800x""#, #""\uD800\n""#, #""\uD800\uD800""#, #""\uDC00""#, "\u{FEFF}1", "1\u{A0}",
            "/* a */ 1", "[1]]", "undefined",
        ])
    func malformed(text: String) {
        #expect {
            _ = try read(text)
        } throws: { if case JSONReadError.malformed = $0 { true } else { false } }
    }

    @Test(
        "bytes that are not UTF-8",
        arguments: [[0x80], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82]] as [[UInt8]])
    func notUTF8(bytes: [UInt8]) {
        #expect(throws: JSONReadError.malformed("a string is not UTF-8", offset: 1)) {
            _ = try JSONReader.read([0x22] + bytes + [0x22], limits: .body)
        }
        #expect(throws: JSONReadError.self) { _ = try JSONReader.read(bytes, limits: .body) }
    }

    @Test("an object with one name twice is refused, however the name is written")
    func duplicates() {
        for text in [#"{"a":1,"a":1}"#, #"{"a":1,"\u0061":2}"#, #"[{"x":{"b":1,"c":2,"b":3}}]"#] {
            #expect {
                _ = try read(text)
            } throws: { if case JSONReadError.duplicateName = $0 { true } else { false } }
        }
    }

    @Test("limits hold exactly: one below passes, one above does not")
    func limits() throws {
        let limits = JSONLimits(bytesMax: 100, elementsMax: 5, depthMax: 3, stringBytesMax: 4, numberBytesMax: 3)
        #expect(try read("[1,2,3,4]", limits) == [1, 2, 3, 4])
        #expect(throws: JSONReadError.tooManyElements(5)) { _ = try read("[1,2,3,4,5]", limits) }
        #expect(try read("[[[]]]", limits) == [[[]]])
        #expect(throws: JSONReadError.tooDeep(3)) { _ = try read("[[[[]]]]", limits) }
        #expect(try read("\"abcd\"", limits) == "abcd")
        #expect(throws: JSONReadError.stringTooLong(bytesMax: 4, offset: 1)) { _ = try read("\"abcde\"", limits) }
        #expect(throws: JSONReadError.stringTooLong(bytesMax: 4, offset: 2)) { _ = try read(#"{"abcde":1}"#, limits) }
        #expect(try read("123", limits) == 123)
        #expect(throws: JSONReadError.numberTooLong(bytesMax: 3, offset: 0)) { _ = try read("1234", limits) }
        #expect(throws: JSONReadError.tooLarge(bytesMax: 100)) {
            _ = try read(String(repeating: " ", count: 100) + "1", limits)
        }
        #expect(throws: JSONReadError.numberTooLarge(offset: 1)) { _ = try read("[1e999]") }
    }

    @Test("the work is linear in the bytes and bounded by the limits, whatever the text")
    func work() {
        let megabytes = 2 << 20
        for unit in ["{},", "[", "0,", "\"\",", "{\"a\":", "\\u0041", "null,", "1e9,", " ", "\"\\\\\\\"\",", "-"] {
            let bytes = Array(
                ("[" + String(repeating: unit, count: megabytes / unit.utf8.count)).utf8.prefix(megabytes))
            var unbounded = JSONLimits.largeBody
            unbounded.elementsMax = .max
            var reader = JSONReader(bytes, limits: unbounded)
            _ = try? reader.document()
            #expect(reader.steps <= 3 * bytes.count, "\(unit)")
            var bounded = JSONReader(bytes, limits: .largeBody)
            #expect(throws: JSONReadError.self) { _ = try bounded.document() }
        }
        var reader = JSONReader(Array(("[" + String(repeating: "{},", count: 690_000)).utf8), limits: .largeBody)
        #expect(throws: JSONReadError.tooManyElements(70_000)) { _ = try reader.document() }
        #expect(reader.steps < 5 * 70_000)
    }
}

/// Against a reader that others wrote.
@Suite("Reader of JSON, compared with Foundation's")
struct JSONReaderComparisonTests {
    /// A value as Foundation reads it: slow, and independent of the reader under test.
    private enum Reference: Decodable, Equatable {
        case null, truth(Bool), number(Double), text(String), list([Reference]), object([String: Reference])

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if container.decodeNil() {
                self = .null
            } else if let value = try? container.decode(Bool.self) {
                self = .truth(value)
            } else if let value = try? container.decode(Double.self) {
                self = .number(value)
            } else if let value = try? container.decode(String.self) {
                self = .text(value)
            } else if let values = try? container.decode([Reference].self) {
                self = .list(values)
            } else {
                self = .object(try container.decode([String: Reference].self))
            }
        }

        init(_ json: JSON) {
            switch json {
            case .null: self = .null
            case .boolean(let value): self = .truth(value)
            case .integer(let value): self = .number(Double(value))
            case .number(let value): self = .number(value)
            case .string(let value): self = .text(value)
            case .array(let values): self = .list(values.map(Reference.init))
            case .object(let fields): self = .object(fields.mapValues(Reference.init))
            }
        }
    }

    private func reference(_ bytes: [UInt8]) -> Reference? {
        try? JSONDecoder().decode(Reference.self, from: Data(bytes))
    }

    @Test("every generated text reads as Foundation reads it, and writes and reads again as itself", arguments: 0..<400)
    func generated(seed: Int) throws {
        var random = Seeded(seed: UInt64(seed))
        let text = Array(Generator(random: random).text(&random, depth: 5).utf8)
        let json = try JSONReader.read(text, limits: .largeBody)
        #expect(reference(text) == Reference(json), "\(String(decoding: text, as: UTF8.self))")
        #expect(Reference(try JSONReader.read(try json.bytes(), limits: .largeBody)) == Reference(json))
    }

    @Test(
        "a text with one byte changed, gone or doubled is read as Foundation reads it, or refused", arguments: 0..<400)
    func mutated(seed: Int) throws {
        var random = Seeded(seed: UInt64(seed))
        let text = Array(Generator(random: random).text(&random, depth: 4).utf8)
        for _ in 0..<20 {
            var bytes = text
            let place = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.remove(at: place)
            default: bytes.insert(bytes[place], at: place)
            }
            // What this reader takes, Foundation takes too and reads alike; it is the stricter one of the two.
            guard let json = try? JSONReader.read(bytes, limits: .largeBody) else { continue }
            let known = reference(bytes)
            // But for numbers too small for a float, which are zero here as in JavaScript.
            if known == nil, holdsZero(json) { continue }
            #expect(known == Reference(json), "\(String(decoding: bytes, as: UTF8.self))")
        }
    }

    private func holdsZero(_ json: JSON) -> Bool {
        switch json {
        case .number(let number): number == 0
        case .array(let values): values.contains(where: holdsZero)
        case .object(let fields): fields.values.contains(where: holdsZero)
        default: false
        }
    }

    @Test("random bytes end in a value or an error, never otherwise", arguments: 0..<50)
    func noise(seed: Int) {
        var random = Seeded(seed: UInt64(seed))
        let alphabet = Array(#"{}[],:"\u0123456789abcdefnrtlsE+-. "#.utf8) + [0x0A, 0x80, 0xC3, 0xA9, 0xFF]
        for _ in 0..<200 {
            let count = Int.random(in: 0..<40, using: &random)
            let bytes = (0..<count).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &random)] }
            guard let json = try? JSONReader.read(bytes, limits: .body), !holdsZero(json) else { continue }
            #expect(reference(bytes) == Reference(json), "\(String(decoding: bytes, as: UTF8.self))")
        }
    }

    /// SplitMix64: the same numbers for the same seed.
    private struct Seeded: RandomNumberGenerator {
        private var state: UInt64
        init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var word = state
            word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
            return word ^ (word >> 31)
        }
    }

    /// Makes valid texts in every form that the grammar has.
    private struct Generator {
        init(random: Seeded) {}

        func text(_ random: inout Seeded, depth: Int) -> String {
            space(&random) + value(&random, depth) + space(&random)
        }

        private func value(_ random: inout Seeded, _ depth: Int) -> String {
            switch Int.random(in: 0..<(depth > 0 ? 9 : 6), using: &random) {
            case 0: return ["null", "true", "false"].randomElement(using: &random) ?? "null"
            case 1, 2: return number(&random)
            case 3, 4, 5: return string(&random)
            case 6, 7:
                let count = Int.random(in: 0...4, using: &random)
                let values = (0..<count).map { _ in text(&random, depth: depth - 1) }
                return "[" + (values.isEmpty ? space(&random) : values.joined(separator: ",")) + "]"
            default:
                let count = Int.random(in: 0...4, using: &random)
                let members = (0..<count).map { number in
                    space(&random) + "\"\(number)" + string(&random).dropFirst() + space(&random) + ":"
                        + text(&random, depth: depth - 1)
                }
                return "{" + (members.isEmpty ? space(&random) : members.joined(separator: ",")) + "}"
            }
        }

        private func space(_ random: inout Seeded) -> String {
            String(
                (0..<Int.random(in: 0...2, using: &random)).map { _ in " \n\r\t".randomElement(using: &random) ?? " " })
        }

        private func number(_ random: inout Seeded) -> String {
            var text = Bool.random(using: &random) ? "-" : ""
            text +=
                ["0", "\(Int.random(in: 1...9, using: &random))", "\(Int64.random(in: 1...Int64.max, using: &random))"]
                .randomElement(using: &random) ?? "0"
            if Bool.random(using: &random) { text += ".\(Int.random(in: 0...99_999, using: &random))" }
            if Bool.random(using: &random) {
                let exponent = Int.random(in: 0...60, using: &random)
                text += (["e", "E", "e+", "E-"].randomElement(using: &random) ?? "e") + "\(exponent)"
            }
            return text
        }

        private func string(_ random: inout Seeded) -> String {
            let pieces = [
                "a", "Z", "ñ", "日", "😀", " ", "/", "\\\"", "\\\\", "\\/", "\\b", "\\f", "\\n", "\\r", "\\t", "\\u0041",
                "\\u00e9", "\\uD83D\\uDE00", "\\u2028", "\u{7F}", "e\u{301}", "\u{2028}",
            ]
            let count = Int.random(in: 0...8, using: &random)
            return "\"" + (0..<count).map { _ in pieces.randomElement(using: &random) ?? "" }.joined() + "\""
        }
    }
}

@Suite("Decoding of types from JSON that was read")
struct JSONTreeDecoderTests {
    private struct Sample: Decodable, Equatable {
        struct Inner: Decodable, Equatable { let flag: Bool? }
        let text: String
        let numbers: [Int32]
        let ratio: Double
        let inner: [String: Inner]
        let more: JSON?
    }

    private func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
        try JSONTreeDecoder.decode(type, from: try read(text))
    }

    @Test("a type with everything in it")
    func sample() throws {
        let text =
            #"{"text":"x","numbers":[1,2.0],"ratio":1,"inner":{"a":{"flag":null},"b":{"flag":true}},"more":[{}]}"#
        #expect(
            try decode(Sample.self, text)
                == Sample(
                    text: "x", numbers: [1, 2], ratio: 1,
                    inner: ["a": Sample.Inner(flag: nil), "b": Sample.Inner(flag: true)], more: [[:]]))
        #expect(try decode([UUID].self, #"["00000000-0000-0000-0000-000000000001"]"#).count == 1)
        #expect(try decode([[Int]].self, "[[1],[]]") == [[1], []])
    }

    @Test(
        "errors name the field as before",
        arguments: [
            (#"{"text":1}"#, "text must be a string"), (#"{}"#, "text is missing"),
            (#"{"text":"","numbers":[1,"x"]}"#, "numbers[1] must be a number"),
            (#"{"text":"","numbers":[1,1.5]}"#, "numbers[1] has a value that is not possible"),
            (#"{"text":"","numbers":[3000000000]}"#, "numbers[0] has a value that is not possible"),
            (#"{"text":"","numbers":{}}"#, "numbers must be a list"),
            (#"{"text":"","numbers":[],"ratio":null}"#, "ratio must be"),
            (#"{"text":"","numbers":[],"ratio":0,"inner":{"a":[]}}"#, "inner.a must be an object"),
            (#"[]"#, "the request body must be an object"),
        ])
    func errors(text: String, message: String) throws {
        let error = try #require(throws: DecodingError.self) { _ = try decode(Sample.self, text) }
        #expect(APIError(error).message.hasPrefix(message), "\(APIError(error).message)")
    }

    @Test("no other decoder reads JSON: theirs costs seconds for a megabyte")
    func othersRefused() {
        #expect(throws: DecodingError.self) { _ = try JSONDecoder().decode(JSON.self, from: Data("{}".utf8)) }
    }
}
