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

    @Test("CSV becomes objects; quotes, line ends and NULL")
    func csv() throws {
        let body = try RequestBody.read(Array("a,b\r\n\"x\"\"y\",NULL\n1,\n".utf8), type: .csv, columns: nil)
        #expect(body.json == #"[{"a":"x\"y","b":null},{"a":"1","b":""}]"#)
        #expect(body.keys == ["a", "b"])
        #expect(throws: RestError.self) { try RequestBody.read(Array("a,b\n1".utf8), type: .csv, columns: nil) }
        #expect(throws: RestError.self) { try RequestBody.read(Array("a\n\"x".utf8), type: .csv, columns: nil) }
    }

    @Test("with columns nobody looks into the body")
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
