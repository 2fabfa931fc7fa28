import DataPlaneCore
import Testing

@testable import PostgresKit
@testable import RealtimeAPI

@Suite("Filters of changes")
struct ChangeFilterTests {
    private func filter(
        _ column: String, _ name: ChangeFilter.Operator, value: String, negated: Bool = false
    ) -> ChangeFilter {
        ChangeFilter(column: column, operator: name, value: value, isNegated: negated)
    }

    @Test func filtersAreRead() throws {
        #expect(try ChangeFilter.list("  ").isEmpty)
        #expect(
            try ChangeFilter.list("id=gt.0, name=not.in.(a,\"b,c\")")
                == [filter("id", .gt, value: "0"), filter("name", .in, value: "{a,\"b,c\"}", negated: true)])
        #expect(try ChangeFilter.list("name=eq.\"a,b\"") == [filter("name", .eq, value: "a,b")])
    }

    @Test(arguments: ["id", "id=eq", "=eq.1", "id=foo.1", "id=eq.1,", ",id=eq.1", "id=in.1", "id=in.)("])
    func whatIsNoFilterIsRefused(text: String) {
        #expect(throws: ChangeProblem.self) { try ChangeFilter.list(text) }
    }

    @Test(.enabled(if: RecordedData.exists("realtime-filters.json"))) func recordedFiltersAreReadAlike() throws {
        let cases = try #require(try RecordedData.json("realtime-filters.json")["cases"]?.arrayValue)
        #expect(cases.count > 40)
        for recorded in cases {
            let text = try #require(recorded["filter"]?.stringValue)
            guard let parsed = recorded["parsed"]?.arrayValue else {
                #expect(throws: ChangeProblem.self, "\(text)") { try ChangeFilter.list(text) }
                continue
            }
            let wanted = try parsed.map { entry in
                ChangeFilter(
                    column: try #require(entry["column"]?.stringValue),
                    operator: try #require(entry["operator"]?.stringValue.flatMap(ChangeFilter.Operator.init)),
                    value: try #require(entry["value"]?.stringValue), isNegated: entry["negated"] == .bool(true))
            }
            #expect(try ChangeFilter.list(text) == wanted, "\(text)")
        }
    }

    private func verdict(
        _ name: ChangeFilter.Operator, _ operands: [String?], type base: String, of value: String?,
        negated: Bool = false
    ) -> FilterTest.Verdict {
        FilterTest(
            column: "c", operator: name, values: operands, isNegated: negated, sqlType: base, order: ValueOrder(base)
        ).verdict(value)
    }

    @Test(
        arguments: [
            (ChangeFilter.Operator.eq, "10", "int4", "10", true), (.neq, "10", "int4", "10", false),
            (.lt, "9", "int4", "10", false), (.gt, "9", "int4", "10", true), (.lte, "-3", "int8", "-20", true),
            (.gte, "1.50", "numeric", "1.5", true), (.eq, "1.50", "numeric", "1.5", true),
            (.gt, "9007199254740992", "int8", "9007199254740993", true), (.eq, "0", "numeric", "-0.0", true),
            (.eq, "hello", "text", "hello", true), (.eq, "HELLO", "text", "hello", false),
            (.gt, "2024-01-01 00:00:00+00", "timestamptz", "2024-01-01 00:00:00.5+00", true),
            (.lt, "t", "bool", "f", true), (.like, "he%", "text", "hello", true),
            (.like, "h_llo", "text", "hello", true),
            (.like, "HE%", "text", "hello", false), (.ilike, "HE%O", "text", "hello", true),
            (.like, "100\\%", "text", "100%", true), (.like, "100\\%", "text", "1000", false),
            (.like, "%a%b%", "text", "xxaxxbxx", true), (.like, "", "text", "x", false),
            (.is, "true", "bool", "t", true),
            (.is, "false", "bool", "t", false), (.is, "null", "text", "x", false),
            (.isdistinct, "1", "int4", "2", true),
        ] as [(ChangeFilter.Operator, String, String, String, Bool)])
    func valuesAreCompared(name: ChangeFilter.Operator, operand: String, base: String, value: String, holds: Bool) {
        #expect(verdict(name, [operand], type: base, of: value) == .holds(holds))
        #expect(verdict(name, [operand], type: base, of: value, negated: true) == .holds(!holds))
    }

    @Test func ofNullOnlyTwoOperatorsKnowAnything() {
        for name in ChangeFilter.Operator.allCases where name != .is && name != .isdistinct {
            #expect(verdict(name, ["1"], type: "int4", of: nil) == .holds(false))
            #expect(verdict(name, ["1"], type: "int4", of: nil, negated: true) == .holds(false))
        }
        #expect(verdict(.is, ["null"], type: "int4", of: nil) == .holds(true))
        #expect(verdict(.isdistinct, ["1"], type: "int4", of: nil) == .holds(true))
    }

    @Test func aPatternThatIsTriedTooOftenFails() {
        let start = ContinuousClock.now
        let pattern = "%" + String(repeating: "a", count: 900) + "b"
        #expect(
            verdict(.like, [pattern], type: "text", of: String(repeating: "a", count: 1 << 20))
                == .fails(.tooLong))
        #expect(
            verdict(.like, [pattern], type: "text", of: String(repeating: "a", count: 2_000))
                == .holds(false))
        #expect(
            verdict(.ilike, ["%B%"], type: "text", of: String(repeating: "a", count: 1 << 20))
                == .holds(false))
        #expect(ContinuousClock.now - start < .seconds(30))
    }

    @Test func whatOnlyPostgresKnowsIsAsked() {
        let question = { (name: ChangeFilter.Operator, base: String) in
            FilterTest.Question(
                comparison: Comparison(sqlType: base, operator: name), value: "b", operand: "a")
        }
        #expect(verdict(.gt, ["a"], type: "text", of: "b") == .ask([question(.gt, "text")]))
        #expect(verdict(.match, ["a"], type: "text", of: "b") == .ask([question(.match, "text")]))
        #expect(verdict(.eq, ["a"], type: "interval", of: "b") == .ask([question(.eq, "interval")]))
        #expect(verdict(.in, ["1", "2"], type: "int4", of: "2") == .holds(true))
        #expect(verdict(.lt, ["2024-01-01"], type: "date", of: "0044-03-15 BC") != .holds(true))
    }
}

@Suite("Messages of changes")
struct ChangeMessageTests {
    private static let relation = LogicalRelation(
        id: 1, schema: "public", name: "notes", identity: .key,
        columns: [
            .init(isKey: true, name: "id", type: 20, modifier: -1),
            .init(isKey: false, name: "body", type: 25, modifier: -1),
        ])

    private func facts(
        secured: Bool = false, keys: [String] = ["id"], readable: Set<String> = ["id", "body"]
    ) -> TableFacts {
        TableFacts(
            hasRowSecurity: secured, keys: keys,
            columns: [
                "id": ColumnFacts(type: "int8", sqlType: "bigint", base: "int8", element: nil),
                "body": ColumnFacts(type: "text", sqlType: "text", base: "text", element: nil),
            ], readable: ["anon": readable])
    }

    private func data(
        _ kind: ChangeKind, new: [LogicalValue]? = nil, old: LogicalOldRow? = nil, _ facts: TableFacts? = nil,
        columns: Set<String>? = nil, bytesMax: Int = 1_000
    ) throws -> JSONText {
        let change = RowChange(
            relation: Self.relation, kind: kind, new: new, old: old,
            time: PostgresTimestamp(microsecondsSinceEpoch: 1_767_323_045_678_901))
        let message = ChangeMessage(
            change: change, facts: facts ?? self.facts(), role: "anon", columns: columns, bytesMax: bytesMax)
        let payload = message.payload(ids: [7])
        #expect(payload["ids"] == JSONText.array([.number("7")]))
        return try #require(payload["data"])
    }

    @Test func anInsertIsWhole() throws {
        #expect(
            try data(.insert, new: [.text("1"), .null]).text
                == #"{"schema":"public","table":"notes","commit_timestamp":"2026-01-02T03:04:05.678Z","#
                + #""type":"INSERT","columns":[{"name":"id","type":"int8"},{"name":"body","type":"text"}],"#
                + #""record":{"id":1,"body":null},"errors":null}"#)
    }

    @Test func anUpdateKnowsTheKey() throws {
        let same = try data(.update, new: [.text("1"), .text("b")])
        #expect(same["old_record"]?.text == #"{"id":1}"#)
        let moved = try data(.update, new: [.text("2"), .text("b")], old: .key([.text("1"), .null]))
        #expect(moved["old_record"]?.text == #"{"id":1}"#)
        #expect(moved["record"]?.text == #"{"id":2,"body":"b"}"#)
    }

    @Test func largeValuesThatStayAreMissingOrOld() throws {
        #expect(try data(.update, new: [.text("1"), .unchanged])["record"]?.text == #"{"id":1}"#)
        let full = try data(.update, new: [.text("1"), .unchanged], old: .full([.text("1"), .text("big")]))
        #expect(full["record"]?.text == #"{"id":1,"body":"big"}"#)
    }

    @Test func ofADeletedRowPoliciesLeaveTheKey() throws {
        let old = LogicalOldRow.full([.text("1"), .text("secret")])
        #expect(try data(.delete, old: old)["old_record"]?.text == #"{"id":1,"body":"secret"}"#)
        #expect(try data(.delete, old: old, facts(secured: true))["old_record"]?.text == #"{"id":1}"#)
        #expect(try data(.delete, old: old)["record"] == nil)
    }

    @Test func columnsThatMayNotBeReadAreMissing() throws {
        let data = try data(.insert, new: [.text("1"), .text("x")], facts(readable: ["id"]))
        #expect(data["record"]?.text == #"{"id":1}"#)
        #expect(data["columns"]?.arrayValue?.count == 1)
    }

    @Test func withoutAKeyThereIsAnError() throws {
        let keyless = try data(.insert, new: [.text("1"), .text("x")], facts(keys: []))
        #expect(keyless["errors"]?.text == #"["Error 400: Bad Request, no primary key"]"#)
        #expect(keyless["record"] == nil)
        let hidden = try data(.insert, new: [.text("1"), .text("x")], facts(readable: ["body"]))
        #expect(hidden["errors"]?.text == #"["Error 401: Unauthorized"]"#)
        let deleted = try data(.delete, old: .key([.text("1"), .null]), facts(readable: ["body"]))
        #expect(deleted["old_record"] == .null)
        #expect(deleted["errors"] == .null)
    }

    @Test func largeRecordsLoseTheirLargeValues() throws {
        let big = String(repeating: "x", count: 100)
        let data = try data(.insert, new: [.text("1"), .text(big)], bytesMax: 200)
        #expect(data["errors"]?.text == #"["Error 413: Payload Too Large"]"#)
        #expect(data["record"]?.text == #"{"id":1}"#)
    }

    @Test func whatIsFarTooLargeIsNotRead() throws {
        let large = String(repeating: "[0, ", count: 1_000)
        #expect(
            try data(.insert, new: [.text("1"), .text(large)])["errors"]?.text
                == #"["Error 413: Payload Too Large"]"#)
    }

    @Test func selectedColumnsHaveTheKey() throws {
        let data = try data(.insert, new: [.text("1"), .text("x")], columns: ["body"])
        #expect(data["record"]?.text == #"{"id":1,"body":"x"}"#)
        let none = try self.data(.insert, new: [.text("1"), .text("x")], columns: [])
        #expect(none["record"]?.text == #"{"id":1}"#)
    }

    @Test(.enabled(if: RecordedData.exists("realtime-value-encoding.json"))) func recordedValuesAreWrittenAlike() throws
    {
        // bpchar and bit are cut by an accident; composites and hstore stay texts; digits of floats are compared apart.
        let apart: Set = ["bpchar", "bit", "pair", "hstore", "json", "jsonb", "mood", "posint"]
        let values = try #require(try RecordedData.json("realtime-value-encoding.json")["values"]?.arrayValue)
        for value in values where value["pgoutput_kind"]?.stringValue == "t" {
            let type = try #require(value["type"]?.stringValue)
            guard !apart.contains(type) else { continue }
            let element = type.hasPrefix("_") ? String(type.dropFirst()) : nil
            let column = ColumnFacts(type: type, sqlType: type, base: type, element: element)
            let text = try #require(value["pgoutput_text"]?.stringValue)
            let wanted = try json(try #require(value["supabase_json"]?.stringValue))
            #expect(ValueJSON.json(text, column) == wanted, "\(type) \(text)")
        }
    }

    @Test func documentsStayDocuments() throws {
        let column = ColumnFacts(type: "jsonb", sqlType: "jsonb", base: "jsonb", element: nil)
        #expect(ValueJSON.json(#"{"a": 1.0, "b": [1, 2]}"#, column).text == #"{"a":1.0,"b":[1,2]}"#)
        let domain = ColumnFacts(type: "posint", sqlType: "posint", base: "int4", element: nil)
        #expect(ValueJSON.json("5", domain) == .number("5"))
    }
}
