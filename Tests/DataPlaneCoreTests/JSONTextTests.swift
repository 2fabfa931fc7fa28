import FoundationEssentials
import Testing

@testable import DataPlaneCore

@Suite("JSON")
struct JSONTextTests {
    @Test(
        "documents keep their numbers and order",
        arguments: [
            "null", "true", "[]", "{}", "[1,2.50,-0,1e400,123456789012345678901234567890]",
            #"{"b":1,"a":[{"c":null}]}"#,
            #""q\"\\\n\u0001é""#,
        ])
    func roundTrip(text: String) throws {
        #expect(try JSONText(Array(text.utf8)).text == text)
    }

    @Test(
        "what RFC 8259 does not allow is refused",
        arguments: [
            "", " ", "nul", "[1,]", "{\"a\"}", "{a:1}", "01", "1.", ".5", "+1", "1e", "\"\n\"", "\"\\x\"",
            "\"\\ud800\"", "[1 2]",
            "{}x", "'a'", "[", "\"", "NaN", "{\"a\":1,}",
        ])
    func refused(text: String) {
        #expect(throws: JSONText.Failure.self) { try JSONText(Array(text.utf8)) }
    }

    @Test("bytes that are no UTF-8 are refused")
    func encoding() {
        #expect(throws: JSONText.Failure.self) { try JSONText([0x22, 0xff, 0x22]) }
    }

    @Test("depth and number of values have limits")
    func limits() {
        let deep = String(repeating: "[", count: 200) + String(repeating: "]", count: 200)
        #expect(throws: JSONText.Failure.self) { try JSONText(Array(deep.utf8)) }
        var limits = JSONText.Limits()
        limits.valuesMax = 3
        #expect(throws: JSONText.Failure.self) { try JSONText(Array("[1,2,3]".utf8), limits: limits) }
    }

    @Test("every text is judged as Foundation judges it", arguments: 0..<200)
    func noise(seed: UInt64) {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        let pieces = [
            "{", "}", "[", "]", ",", ":", "\"a\"", "1", "-", "0", "e5", ".", "true", "null", " ", "\"\\u00e9\"", "\"\\",
        ]
        for _ in 0..<30 {
            var text = ""
            for _ in 0..<6 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                text += pieces[Int(state >> 33) % pieces.count]
            }
            let isOurs = (try? JSONText(Array(text.utf8))) != nil
            let isTheirs = (try? JSONDecoder().decode(AnyJSON.self, from: Data(text.utf8))) != nil
            // Foundation reads numbers into a type of its own, and refuses what does not fit.
            if isTheirs { #expect(isOurs, "\(text)") }
        }
    }
}

@Suite("Rows of JSON")
struct JSONRowsTests {
    private func rows(_ text: String) -> JSONRows? { try? JSONRows(Array(text.utf8)) }

    @Test("the shape of a document")
    func shape() {
        #expect(rows(#"{"a":[1,{}],"b":2}"#)?.first == [.init("a", .null), .init("b", .number("2"))])
        #expect(rows(#" {"a":1} "#)?.firstBytes == 1..<8)
        #expect(rows(#"[ {"a":[1]},{"a":2}]"#)?.firstBytes == 2..<11)
        #expect(rows(#"[{"a":1,"b":2},{"b":3,"a":4}]"#)?.areAlike == true)
        #expect(rows(#"[{"a":1},{"b":3}]"#)?.areAlike == false)
        #expect(rows(#"[{"a":1},{"a":2,"a":3}]"#)?.areAlike == true)
        #expect(rows("[1,{}]")?.areObjects == false)
        #expect(rows("[ ]") == rows("[]"))
        #expect(rows("[]")?.count == 0)
        #expect(rows(" null ")?.shape == .scalar)
        #expect(rows("7")?.areObjects == false)
    }

    @Test(
        "what is no JSON has no rows, wherever it stands",
        arguments: [
            "", "[", "[{}", "[{},]", "{\"a\":}", "[{\"a\":1},{\"a\":x}]", "[{\"a\":\"\\q\"}]", "{} {}", "[1 2]",
        ])
    func noJSON(text: String) {
        #expect(rows(text) == nil)
        #expect((try? JSONText(Array(text.utf8))) == nil)
    }

    @Test("bounds hold for what is not kept, too")
    func bounds() throws {
        var limits = JSONText.Limits()
        limits.valuesMax = 7
        let six = Array(#"[{"a":[1,2]},{}]"#.utf8)
        #expect(try JSONRows(six, limits: limits).count == 2)
        limits.valuesMax = 5
        #expect(throws: JSONText.Failure.self) { try JSONRows(six, limits: limits) }
        let deep = Array(
            ("[{\"a\":" + String(repeating: "[", count: 200) + "1" + String(repeating: "]", count: 200) + "}]").utf8)
        #expect(throws: JSONText.Failure.self) { try JSONRows(deep) }
    }
}

/// Any JSON, for the comparison only.
private struct AnyJSON: Decodable {
    init(from decoder: any Decoder) throws {
        if var list = try? decoder.unkeyedContainer() {
            while !list.isAtEnd { _ = try list.decode(AnyJSON.self) }
        } else if let map = try? decoder.container(keyedBy: Key.self) {
            for key in map.allKeys { _ = try map.decode(AnyJSON.self, forKey: key) }
        } else {
            let value = try decoder.singleValueContainer()
            if value.decodeNil() { return }
            if (try? value.decode(Bool.self)) != nil { return }
            if (try? value.decode(Double.self)) != nil { return }
            _ = try value.decode(String.self)
        }
    }

    private struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}
