import DataPlaneCore
import Testing

@testable import RestAPI

@Suite("What a body costs")
struct BodyCostTests {
    private static func body(_ text: String, bytes: Int) -> String {
        "[" + String(repeating: text + ",", count: bytes / (text.utf8.count + 1)) + text + "]"
    }

    /// Members that are kept of a body beside its text.
    private func kept(_ text: String) throws -> Int {
        let body = try RequestBody.read(Array(text.utf8), type: .json, columns: nil)
        return body.first.count + (body.keys?.count ?? 0)
    }

    @Test("of many rows nothing is kept but the text and the first")
    func manyRows() throws {
        #expect(try kept(Self.body(#"{"a":1}"#, bytes: 1 << 20)) == 2)
        #expect(try kept(Self.body(#"{"a":[[],[],{"b":[1,2,3]}]}"#, bytes: 1 << 20)) == 2)
    }

    @Test("of a row with many members the values of the first are kept")
    func manyMembers() throws {
        let members = (0..<10_000).map { #""k\#($0)":1"# }
        let rows = try JSONRows(Array("[{\(members.joined(separator: ","))}]".utf8))
        #expect(rows.first.count == 10_000)
        #expect(rows.first.count { $0.value != .null } == JSONRows.valuesMax)
    }

    /// Values in a document, the document itself among them.
    private static func count(_ value: JSONText) -> Int {
        switch value {
        case .array(let elements): elements.reduce(1) { $0 + count($1) }
        case .object(let members): members.reduce(1) { $0 + count($1.value) }
        default: 1
        }
    }

    @Test("of arrays and objects in the first row nothing is kept", arguments: ["[%@]", "%@"])
    func nested(shape: String) throws {
        let nested = "[" + Array(repeating: #"{"b":[[]]}"#, count: 100_000).joined(separator: ",") + "]"
        let text = shape.replacing("%@", with: #"{"id":1,"a":\#(nested),"c":"x"}"#)
        let rows = try JSONRows(Array(text.utf8))
        #expect(rows.first.map(\.name) == ["id", "a", "c"])
        #expect(rows.first.reduce(0) { $0 + Self.count($1.value) } == 3)
    }

    @Test("a row has so many names at most")
    func names() throws {
        let row = { (count: Int) in
            Array("[{\(Array(repeating: #""a":1"#, count: count).joined(separator: ","))}]".utf8)
        }
        #expect(try JSONRows(row(JSONRows.membersMax)).first.count == JSONRows.membersMax)
        #expect(throws: JSONText.Failure.self) { try JSONRows(row(JSONRows.membersMax + 1)) }
    }

    @Test("a row that is put keeps the arrays and objects in it")
    func put() throws {
        let row = #"{"id": 1, "data": {"é": [1, {"b": null}]}}"#
        for body in [row, " [ \(row) , \(row)]"] {
            let plan = try StatementTests.plan("PUT", "/authors", query: "id=eq.1", body: body)
            #expect(plan.statement.parameters.contains(row))
        }
    }

    @Test("a CSV header has as many fields as a table has columns at most, counted while they are read")
    func csvHeader() throws {
        let header = { (count: Int) in Array(Array(repeating: "a", count: count).joined(separator: ",").utf8) }
        var reader = CSVReader(header(CSVReader.columnsMax))
        #expect(try reader.document().header.count == CSVReader.columnsMax)
        let tooMany = RestError.tooManyValues(CSVReader.columnsMax)
        reader = CSVReader(header(CSVReader.columnsMax + 1))
        #expect(throws: tooMany) { try reader.document() }
        // What stands after the field that is one too many is not looked at.
        reader = CSVReader(header(CSVReader.columnsMax + 1) + Array(",\"".utf8))
        #expect(throws: tooMany) { try reader.document() }
    }

    @Test("the text of a CSV body is bounded by the largest body")
    func csv() throws {
        let text = String(repeating: "h", count: 1_000) + String(repeating: "\n1", count: 100)
        let bytes = Array(text.utf8)
        #expect(throws: RestError.bodyTooLarge(20_000)) {
            try RequestBody.read(bytes, type: .csv, columns: nil, bytesMax: 10_000)
        }
        #expect(try RequestBody.read(bytes, type: .csv, columns: nil, bytesMax: 100_000).rows == 100)
    }

    @Test("a form for a function has as few fields as one for a table")
    func formOfCall() {
        let form = String(repeating: "first=1&", count: RequestBody.fieldsMax + 1)
        #expect(throws: RestError.tooManyValues(RequestBody.fieldsMax)) {
            try CallFixture.plan(
                "POST", "/rpc/add", headers: [("content-type", "application/x-www-form-urlencoded")], body: form)
        }
    }

    @Test("without a setting a body has 16 MiB at most")
    func standard() { #expect(RestConfiguration().bodyBytesMax == 16 << 20) }
}
