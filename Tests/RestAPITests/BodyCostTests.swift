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
        let members = (0..<10_000).map { #""k\#($0)":[[1]]"# }
        let rows = try JSONRows(Array("[{\(members.joined(separator: ","))}]".utf8))
        #expect(rows.first.count == 10_000)
        #expect(rows.first.count { $0.value != .null } == JSONRows.valuesMax)
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
