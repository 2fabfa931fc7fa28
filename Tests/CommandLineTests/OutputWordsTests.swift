import Foundation
import Testing

@testable import ManagementClient

@Suite("Ages, suggestions and values") struct OutputWordsTests {
    @Test(
        "an age has one number and one unit",
        arguments: [
            (0.0, "now"), (-5, "now"), (1, "1 s"), (59, "59 s"), (60, "1 m"), (3_599, "59 m"), (3_600, "1 h"),
            (86_399, "23 h"), (86_400, "1 d"), (400 * 86_400, "400 d"),
        ] as [(Double, String)])
    func ages(seconds: Double, text: String) throws {
        let then = "2026-01-01T00:00:00.000Z"
        let now = try Date.ISO8601FormatStyle().parse("2026-01-01T00:00:00Z").addingTimeInterval(seconds)
        #expect(Age.text(of: then, at: now) == text)
        #expect(Age.text(of: "2026-01-01T00:00:00Z", at: now) == text)
    }

    @Test("what is no time stays as it is")
    func noTime() {
        #expect(Age.text(of: nil) == "")
        #expect(Age.text(of: "soon") == "soon")
    }

    @Test(
        "the nearest word is meant, or none",
        arguments: [
            ("gett", "get"), ("lsit", "list"), ("shpo", "shop"), ("SHOP", "shop"), ("xyzzy", nil), ("ab", nil),
        ] as [(String, String?)])
    func suggestions(word: String, nearest: String?) {
        #expect(Suggestion.nearest(to: word, among: ["get", "list", "shop", "delete"]) == nearest)
    }

    @Test(
        "a typed value is what it looks like",
        arguments: [
            ("true", .bool(true)), ("null", .null), ("12", .integer(12)), ("-3", .integer(-3)), ("1.5", .number(1.5)),
            ("007", .string("007")), ("1e5", .string("1e5")), ("", .string("")), ("True", .string("True")),
        ] as [(String, JSONValue)])
    func values(text: String, value: JSONValue) { #expect(JSONValue(typed: text) == value) }

    @Test("columns keep the order of the query, whatever their names and values hold")
    func columns() {
        let json = #"[ {"z": {"in": 1}, "a\"}b": "x\\\"{", "m" : [ {"n": 1} ], "é": "\":"}, {"other": 1}]"#
        #expect(QueryRows.columns(of: Array(json.utf8)) == ["z", "a\"}b", "m", "é"])
        for json in ["[]", "", "{", #"[{"a"#, "null"] { #expect(QueryRows.columns(of: Array(json.utf8)) == []) }
    }
}
