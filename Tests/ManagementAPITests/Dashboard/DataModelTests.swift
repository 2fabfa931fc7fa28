import HTTPTypes
import Testing

@testable import APIKit
@testable import Dashboard

@Suite("Rows and statements of the data pages")
struct DataModelTests {
    @Test("an answer keeps the order of its columns, and every kind of value as text")
    func table() throws {
        let json = #"""
            [{"z":1,"a":"x\"}],[","n":null,"j":{"b":[1,"}"]},"t":true,"big":12345678901234567890.10},
             {"z":-2.50,"a":"é\n","n":[],"j":"","t":false,"big":1e400}]
            """#
        let table = try #require(ResultTable(Array(json.utf8)))
        #expect(table.columns == ["z", "a", "n", "j", "t", "big"])
        #expect(table.rows[0] == ["1", "x\"}],[", nil, #"{"b":[1,"}"]}"#, "true", "12345678901234567890.10"])
        #expect(table.rows[1] == ["-2.50", "é\n", "[]", "", "false", "1e400"])
        #expect(!table.isCut && table.values(of: "n") == [nil, "[]"] && table.values(of: "none").isEmpty)
    }

    @Test("no rows are a table, more than the limit are cut, and what is no list of objects is none")
    func bounds() throws {
        #expect(ResultTable(Array("[]".utf8)) == ResultTable(columns: [], rows: [], isCut: false))
        let many = "[" + (0..<7).map { "{\"n\":\($0)}" }.joined(separator: ",") + "]"
        let cut = try #require(ResultTable(Array(many.utf8), limit: 5))
        #expect(cut.isCut && cut.rows.count == 5)
        #expect(try #require(ResultTable(Array(many.utf8), limit: 7)).isCut == false)
        for bad in [
            "", "{}", "[", "[1]", "[{\"a\":1]", "[{\"a\"1}]", "[{\"a\":}]", "[{\"a\":1} {\"a\":2}]", "[{\"a\":\"",
        ] {
            #expect(ResultTable(Array(bad.utf8)) == nil, "\(bad)")
        }
    }

    private static let table = TableShape(
        oid: "1", schema: "pub\"lic", name: "t\"; drop table x; --",
        columns: [
            .init(name: "id", type: "bigint", isNullable: false, hasDefault: true, isKey: true),
            .init(name: "na\"me", type: "text"), .init(name: "n", type: "integer", hasDefault: true),
            .init(name: "sum", type: "integer", isComputed: true),
        ])

    private func query(_ text: String) throws -> RowQuery {
        try RowQuery(QueryParameters(text), of: Self.table)
    }

    @Test("names are quoted, values are parameters, and a page has one row more than it shows")
    func statement() throws {
        let text = try query("column=na%22me&op=contains&value=%27%3B--&sort=n&desc=1&page=2").statement(of: Self.table)
        #expect(text.sql.contains(#"from "pub""lic"."t""; drop table x; --""#))
        #expect(text.sql.contains(#"where strpos(lower("na""me"::text), lower($1::text)) > 0"#))
        #expect(text.sql.contains(#"order by "n" desc nulls last, "id" limit 51 offset 100"#))
        #expect(text.sql.contains(#"left("id"::text, 301) as c0"#) && text.sql.contains(#""id"::text as k0"#))
        #expect(text.parameters == ["';--"] && text.isReadOnly && text.role == nil)
        let other = try query("").statement(of: Self.table, role: "anon")
        #expect(other.sql.hasSuffix(#"order by "id" limit 51 offset 0"#) && !other.isReadOnly && other.role == "anon")
    }

    @Test(
        "every comparison has a condition; unknown columns and words are left out",
        arguments: RowQuery.Comparison.allCases)
    func comparisons(comparison: RowQuery.Comparison) throws {
        let text = try query("column=n&op=\(comparison.rawValue)&value=5").statement(of: Self.table)
        #expect(text.sql.contains(" where ") && text.sql.contains("\"n\""))
        #expect(text.parameters.isEmpty == [.isNull, .isNotNull].contains(comparison))
        #expect(try query("column=x&op=\(comparison.rawValue)&value=5&sort=x") == RowQuery())
        #expect(try query("column=n&op=or&value=5") == RowQuery())
    }

    @Test("a page out of bounds is refused", arguments: ["page=-1", "page=x", "page=10001"])
    func pages(text: String) {
        #expect(throws: APIError.self) { try query(text) }
    }

    @Test("a list's links keep what was looked for")
    func links() throws {
        let query = try query("column=n&op=equals&value=a%26b&page=1")
        #expect(
            query.path(sort: "na\"me", isDescending: true, page: 2, role: "anon")
                == "?column=n&op=equals&value=a%26b&sort=na%22me&desc=1&page=2&role=anon")
        #expect(RowQuery().path(sort: nil, isDescending: false, page: 0, role: nil).isEmpty)
    }

    private func changes(_ form: String, present: [String?]? = nil) throws -> [String: RowEdit.Assignment] {
        let edit = RowEdit(try FormFields(form), of: Self.table, present: present)
        return Dictionary(edit.changes.map { ($0.column, $0.assignment) }) { $1 }
    }

    @Test("in a new row a typed text counts, else the choice; columns of the database are left out")
    func insert() throws {
        #expect(
            try changes("v0=&m0=default&v1=x&m1=null&v2=&m2=null&v3=9&m3=value")
                == ["na\"me": .value("x"), "n": .null])
        #expect(try changes("v0=&m0=value&v1=&m1=value") == ["id": .value(""), "na\"me": .value("")])
        #expect(try changes("v0=&m0=default&v1=&m1=default").isEmpty)
        let text = RowEdit(try FormFields("v1=a&v2=&m2=null"), of: Self.table, present: nil)
            .insertion(into: Self.table, role: "anon")
        #expect(text.sql.hasSuffix(#"("na""me", "n") values ($1, null)"#) && text.parameters == ["a"])
        let empty = RowEdit(try FormFields(""), of: Self.table, present: nil).insertion(into: Self.table, role: nil)
        #expect(empty.sql.hasSuffix(" default values"))
    }

    @Test("of a row that is there only what was changed is written, ends of lines of browsers apart")
    func update() throws {
        let present: [String?] = ["1", "a\nb", nil, "3"]
        #expect(try changes("v0=1&m0=value&v1=a%0D%0Ab&m1=value&v2=&m2=null&v3=4", present: present).isEmpty)
        #expect(
            try changes("v0=1&v1=c&m1=null&v2=7&m2=null", present: present) == [
                "na\"me": .value("c"), "n": .value("7"),
            ])
        #expect(try changes("v1=a%0Ab&m1=null&v2=&m2=default", present: present) == ["na\"me": .null, "n": .standard])
        #expect(try changes("v2=&m2=value", present: present) == ["n": .value("")])
        let edit = RowEdit(try FormFields("v1=c&v2=&m2=default"), of: Self.table, present: present)
        let owned = RowState(texts: present, version: "700")
        let text = edit.update(of: Self.table, key: RowKey(["1"]), from: owned, role: nil)
        #expect(
            text.sql.hasSuffix(
                #"set "na""me" = $1, "n" = default where "id" = $2 and xmin::text = $3 returning 1 as changed"#))
        #expect(text.parameters == ["c", "1", "700"] && !text.isReadOnly)
        let deletion = RowKey(["1"]).deletion(from: Self.table, in: RowState(texts: present), role: "anon")
        #expect(
            deletion.sql.contains(
                #"where "id" = $1 and "id"::text collate "C" = $2 and "na""me"::text collate "C" = $3 and "n"::text is null"#
            ))
        #expect(deletion.parameters == ["1", "1", "a\nb", "3"] && deletion.role == "anon")
        // A role may lack the right to read `xmin`, and a foreign table has none that says anything.
        #expect(RowKey(["1"]).reading(of: Self.table, role: nil).sql.contains("xmin::text as version"))
        #expect(!RowKey(["1"]).reading(of: Self.table, role: "anon").sql.contains("xmin"))
    }

    @Test("a field that says what it was filled with was not touched, ends of lines of browsers apart")
    func touch() {
        for (shown, text, isUntouched) in [
            ("a\nb", "a\r\nb", true), ("a\r\nb", "a\nb", true), ("a", "b", false), (nil, "", true), (nil, "a", false),
            ("", "", true),
        ] as [(String?, String, Bool)] {
            #expect(RowEdit.isUntouched(text, seen: RowEdit.fieldMark(of: shown)) == isUntouched)
        }
        #expect(RowEdit.fieldMark(of: nil) != RowEdit.fieldMark(of: ""))
    }

    @Test("a row is named by its whole key or not at all")
    func key() throws {
        #expect(try RowKey(of: Self.table) { $0 == "k0" ? "5" : nil } == RowKey(["5"]))
        #expect(throws: APIError.self) { try RowKey(of: Self.table) { _ in nil } }
        let keyless = TableShape(oid: "1", schema: "s", name: "t", columns: [.init(name: "a", type: "text")])
        #expect(throws: APIError.self) { try RowKey(of: keyless) { _ in "5" } }
        #expect(keyless.obstacle == nil && keyless.editObstacle?.contains("primary key") == true)
        let view = TableShape(oid: "1", schema: "s", name: "t", kind: "v", columns: [])
        #expect(view.obstacle?.contains("view") == true)
    }

    @Test("the place of an error is a line, a column, and a mark under it")
    func place() {
        let sql = "select 1;\nselect é from t;"
        let refusal = SQLRefusal(["message": "no column", "position": "18", "hint": "h"], of: sql)
        #expect(refusal.line == 2 && refusal.column == 8 && refusal.hint == "h")
        #expect(refusal.excerpt == "select é from t;\n       ^")
        for position in ["0", "-1", "x", "999"] {
            #expect(SQLRefusal(["message": "m", "position": .string(position)], of: sql).line == nil)
        }
        #expect(SQLRefusal(nil, of: sql).message == "the database refused the statement")
    }

    @Test(
        "bytes and numbers are short",
        arguments: [
            (0, "0 B"), (1_023, "1023 B"), (1_024, "1 KiB"), (1_536, "1.5 KiB"), (10_485_760, "10 MiB"),
            (123_456_789_012, "115 GiB"), (-2_048, "-2 KiB"),
            (.max, "8388608 TiB"), (.min, "-8388608 TiB"),
        ] as [(Int64, String)])
    func bytes(count: Int64, text: String) { #expect(PageText.bytes(count) == text) }
}
