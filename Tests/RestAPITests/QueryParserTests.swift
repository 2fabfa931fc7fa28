import DataPlaneCore
import Testing

@testable import RestAPI

@Suite("Query strings")
struct QueryParserTests {
    @Test(
        "select becomes items",
        arguments: [
            ("", [SelectItem.star]),
            ("*", [.star]),
            ("id", [.field(SelectField(path: FieldPath(name: "id")))]),
            (
                " id , name ",
                [.field(SelectField(path: FieldPath(name: "id"))), .field(SelectField(path: FieldPath(name: "name")))]
            ),
            ("\"a,b\"", [.field(SelectField(path: FieldPath(name: "a,b")))]),
            ("n:id::text", [.field(SelectField(alias: "n", path: FieldPath(name: "id"), cast: "text"))]),
            ("t::double precision", [.field(SelectField(path: FieldPath(name: "t"), cast: "double precision"))]),
            ("count()", [.field(SelectField(aggregate: .count))]),
            (
                "total:amount.sum()::int",
                [
                    .field(
                        SelectField(
                            alias: "total", path: FieldPath(name: "amount"), aggregate: .sum, aggregateCast: "int"))
                ]
            ),
            (
                "data->a->>0",
                [
                    .field(
                        SelectField(
                            path: FieldPath(
                                name: "data",
                                jsonPath: [
                                    JSONStep(isText: false, operand: .key("a")),
                                    JSONStep(isText: true, operand: .index("0")),
                                ])))
                ]
            ),
            ("rel(*)", [.embed(EmbedItem(name: "rel", items: [.star]))]),
            ("rel()", [.embed(EmbedItem(name: "rel", items: []))]),
            (
                "a:rel!fk!inner(id)",
                [
                    .embed(
                        EmbedItem(
                            alias: "a", name: "rel", hint: "fk", join: .inner,
                            items: [.field(SelectField(path: FieldPath(name: "id")))]))
                ]
            ),
            (
                "...rel(id)",
                [
                    .embed(
                        EmbedItem(
                            name: "rel", isSpread: true, items: [.field(SelectField(path: FieldPath(name: "id")))]))
                ]
            ),
        ])
    func select(text: String, items: [SelectItem]) throws {
        #expect(try SelectParser.parse(text) == items)
    }

    @Test(
        "what cannot be read says where and what could have stood there",
        arguments: [
            (
                "select=data->(x", "select parameter (data->(x)\" (line 1, column 7)",
                "unexpected \"(\" expecting \"-\", digit or any non reserved character different from: .,>()"
            ),
            (
                "order=name.asc.nullsmaybe", "order (name.asc.nullsmaybe)\" (line 1, column 9)",
                "unexpected '.' expecting \",\" or end of input"
            ),
            (
                "age=12", "filter (12)\" (line 1, column 1)",
                "unexpected \"1\" expecting \"not\" or operator (eq, gt, ...)"
            ),
            (
                "or=()", "logic tree (())\" (line 1, column 4)",
                "unexpected \")\" expecting field name (* or [a..z0..9_$]), negation operator (not) or logic operator (and, or)"
            ),
            (
                "columns=", "columns parameter ()\" (line 1, column 1)",
                "unexpected end of input expecting field name (* or [a..z0..9_$])"
            ),
        ])
    func unreadable(query: String, message: String, details: String) throws {
        let error = try #require(throws: RestError.self) { try QueryReader.read(query, isCall: false) }
        #expect(error.code == "PGRST100" && error.status == 400)
        #expect(error.message.contains(message))
        #expect(error.details == .string(details))
    }

    @Test("filters keep their value whole, dots and commas included")
    func filters() throws {
        let query = try QueryReader.read("a=eq.1,2.3&b=not.in.(x,\"y,z\")&rel.c=is.null", isCall: false)
        #expect(query.filters.map(\.embed) == [[], [], ["rel"]])
        #expect(query.filters[0].filter.operation == .quantified(.eq, nil, value: "1,2.3"))
        #expect(query.filters[1].filter.isNegated)
        #expect(query.filters[1].filter.operation == .inList(["x", "y,z"]))
        #expect(query.filters[2].filter.operation == .isTruth(.null))
    }

    @Test("keys with a path address embedded relations")
    func paths() throws {
        let query = try QueryReader.read("a.b.order=id.desc&a.limit=3&offset=4&a.not.or=(x.eq.1,y.eq.2)", isCall: false)
        #expect(query.orders.map(\.embed) == [["a", "b"]])
        #expect(query.limits == [["a"]: 3] && query.offsets == [[]: 4])
        #expect(query.trees.map(\.embed) == [["a"]])
        guard case .group(let isNegated, let isOr, let parts)? = query.trees.first?.tree else {
            Issue.record("no group")
            return
        }
        #expect(isNegated && isOr && parts.count == 2)
    }

    @Test("in calls what is no filter is an argument")
    func arguments() throws {
        let query = try QueryReader.read("name=eq.x&min=1&text=a.b&max=2", isCall: true)
        #expect(query.filters.count == 1)
        #expect(query.arguments.map(\.name) == ["min", "text", "max"])
    }

    @Test("percent-encoding, plus and unfinished escapes")
    func encoding() {
        let pairs = QueryReader.pairs(of: "a=%C3%A9+%2B&b=%zz&c&d=")
        #expect(pairs.map(\.0) == ["a", "b", "d"])
        #expect(pairs.map(\.1) == ["é +", "%zz", ""])
    }

    @Test("random texts end in a value or in a documented error, never in anything else", arguments: 0..<300)
    func noise(seed: UInt64) {
        var random = Numbers(state: seed)
        let pieces = [
            "select=", "order=", "or=(", "and=(", "a", ".", ",", "(", ")", "\"", "->", "->>", "::", "!", "inner",
            "not.", "eq.", "in.", "is.", "null", "fts(", "%28", "é", "\u{0}", " ", "*", "...", "count()", "&", "=", "-",
            "1",
        ]
        for _ in 0..<20 {
            let text = (0..<Int(random.next() % 24)).map { _ in pieces[Int(random.next() % UInt64(pieces.count))] }
                .joined()
            for isCall in [false, true] {
                do throws(RestError) { _ = try QueryReader.read(text, isCall: isCall) } catch {
                    #expect(error.code == "PGRST100")
                }
            }
        }
    }

    @Test("nesting and number of items have limits")
    func limits() {
        let deep = String(repeating: "a(", count: 40) + "b" + String(repeating: ")", count: 40)
        #expect(throws: ParseFailure.self) { try SelectParser.parse(deep) }
        let wide = Array(repeating: "a", count: SelectParser.itemsMax + 2).joined(separator: ",")
        #expect(throws: ParseFailure.self) { try SelectParser.parse(wide) }
        let tree = String(repeating: "and(", count: 40) + "a.eq.1" + String(repeating: ")", count: 40)
        #expect(throws: ParseFailure.self) { try FilterParser.parse(tree: tree, isNegated: false) }
    }
}

/// A seeded sequence of numbers (SplitMix64).
struct Numbers {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
