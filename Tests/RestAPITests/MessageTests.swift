import DataPlaneCore
import Testing

@testable import RestAPI

@Suite("Headers and bodies")
struct MessageTests {
    @Test("the first preference of a kind wins, and what is none is listed")
    func preferences() {
        let preferences = Preferences(headers: ["return=minimal, count=exact", "return=representation, foo=1, bar"])
        #expect(preferences.representation == .minimal && preferences.count == .exact)
        #expect(preferences.invalid == ["foo=1", "bar"])
    }

    @Test(
        "accepted types come by quality, then by place",
        arguments: [
            (nil, ["*/*"]), ("text/csv, application/json", ["text/csv", "application/json"]),
            ("text/csv;q=0.1, application/json", ["application/json", "text/csv"]), ("text/csv;q=0", ["*/*"]),
            ("nonsense", ["*/*"]),
        ])
    func accept(header: String?, names: [String]) {
        #expect(MediaType.accepted(header).map(\.name) == names)
    }

    @Test("a small CSV body that means a large text is refused while it is written")
    func csvBounds() throws {
        let lines = Array(("a" + String(repeating: "\n", count: 1_000)).utf8)
        var reader = CSVReader(lines, valuesMax: 999)
        #expect(try reader.document().rows == 999)
        reader = CSVReader(lines, valuesMax: 998)
        #expect(throws: RestError.tooManyValues(998)) { try reader.document() }
        // A long header is repeated in every row.
        let wide = Array((String(repeating: "h", count: 10_000) + String(repeating: "\n", count: 1_000)).utf8)
        reader = CSVReader(wide, jsonBytesMax: 100_000)
        #expect(throws: RestError.bodyTooLarge(100_000)) { try reader.document() }
        let long = Array("a\n\(String(repeating: "x", count: 200_000))".utf8)
        reader = CSVReader(long, jsonBytesMax: 100_000)
        #expect(throws: RestError.bodyTooLarge(100_000)) { try reader.document() }
        let form = Array(String(repeating: "a=1&", count: RequestBody.fieldsMax).utf8)
        #expect(throws: RestError.tooManyValues(RequestBody.fieldsMax)) {
            try RequestBody.read(form, type: .form, columns: nil)
        }
    }

    @Test(
        "whatever stands in a CSV field stands in the JSON string",
        arguments: ["", "a", "\"", "\\", "a,b", "a\nb", "\r\n", "\u{1}\t", "ü\u{301}🎉", "null", "NULL "])
    func csvFields(_ field: String) throws {
        let quoted = "\"" + field.replacing("\"", with: "\"\"") + "\""
        var reader = CSVReader(Array("k,ü\n\(quoted),\(quoted)\n".utf8))
        let document = try reader.document()
        let list = try JSONText(Array(document.json.utf8))
        #expect(list == .array([.object([.init("k", .string(field)), .init("ü", .string(field))])]))
        #expect(document.header == ["k", "ü"])
    }

    @Test("bytes that are no UTF-8 are replaced, and lines of another length are refused")
    func csvOddities() throws {
        var reader = CSVReader([0x61, 0x0A, 0xFF, 0x0A])
        #expect(try reader.document().json == "[{\"a\":\"\u{FFFD}\"}]")
        for text in ["a,b\n1\n", "a\n1,2\n", "a\n\"x\"y\n1,2", "a,b\n1,\n2"] {
            reader = CSVReader(Array(text.utf8))
            #expect(throws: RestError.unequalLines) { try reader.document() }
        }
        reader = CSVReader([])
        #expect(throws: RestError.badBody("not enough input")) { try reader.document() }
    }

    @Test("CSV becomes objects; quotes, line ends and NULL")
    func csv() throws {
        let body = try RequestBody.read(Array("a,b\r\n\"x\"\"y\",NULL\n1,\n".utf8), type: .csv, columns: nil)
        #expect(body.json == #"[{"a":"x\"y","b":null},{"a":"1","b":""}]"#)
        #expect(body.keys == ["a", "b"])
        #expect(throws: RestError.self) { try RequestBody.read(Array("a,b\n1".utf8), type: .csv, columns: nil) }
        #expect(throws: RestError.self) { try RequestBody.read(Array("a\n\"x".utf8), type: .csv, columns: nil) }
    }

    @Test("with columns the body is not parsed")
    func columns() throws {
        let body = try RequestBody.read(Array(" [not json".utf8), type: .json, columns: ["b", "a", "b"])
        #expect(body.keys == ["a", "b"] && body.isArray)
    }

    @Test(
        "the role stands where the path says",
        arguments: [
            ("$.role", #"{"role":"r"}"#, "r"), (".app.roles[1]", #"{"app":{"roles":["a","b"]}}"#, "b"),
            (".a.\"b.c\"", #"{"a":{"b.c":"r"}}"#, "r"), (".role", #"{"role":1}"#, nil), (".a[9]", #"{"a":[]}"#, nil),
        ])
    func role(path: String, claims: String, role: String?) throws {
        let claim = try #require(RoleClaim(path))
        #expect(claim.value(in: try .init(Array(claims.utf8))) == role)
    }

    @Test("paths that lead nowhere are refused", arguments: ["", "$", "role", ".", ".a[", ".a[x]"])
    func badRole(path: String) { #expect(RoleClaim(path) == nil) }

    @Test("a view's columns are found in its rule, and not those of the queries inside")
    func viewRule() {
        let rule = """
            ({QUERY :commandType 1 :rtable ({RTE :subquery {QUERY :targetList ({TARGETENTRY :expr {VAR :varno 1} :resno 9 \
            :resname q :resorigtbl 7 :resorigcol 7 :resjunk false})}}) :targetList ({TARGETENTRY :expr {VAR :varno 1} \
            :resno 1 :resname a\\)b :ressortgroupref 0 :resorigtbl 16384 :resorigcol 2 :resjunk false} {TARGETENTRY :expr \
            {CONST} :resno 2 :resname c :resorigtbl 0 :resorigcol 0 :resjunk false}) :returningList <>})
            """
        #expect(ViewRule.entries(of: rule) == [.init(number: 1, originTable: 16384, originColumn: 2)])
        #expect(ViewRule.entries(of: "").isEmpty && ViewRule.entries(of: "{{{").isEmpty)
    }

    @Test("names that are meant are found, and others are not guessed")
    func nearest() {
        #expect(NearestName.find("auther", among: ["author", "book"], likeness: 0.75) == "author")
        #expect(NearestName.find("zebra", among: ["author", "book"], likeness: 0.75) == nil)
    }
}
