import DataPlaneCore
import Testing

@testable import RestAPI

@Suite("What errors repeat of a request")
struct ErrorTextTests {
    /// Bytes of an error that repeats a list of names twice, or a query parameter once.
    private static let errorBytesMax = 3 * ErrorText.listBytesMax
    private static let huge = String(repeating: "a", count: 20_000)

    private func refusal(_ method: String, _ path: String, query: String = "", body: String = "") throws -> RestError {
        try #require(throws: RestError.self) {
            try CallFixture.plan(method, path, query: query, body: body)
        }
    }

    @Test(
        "a huge name is not repeated whole, and nothing is near to it",
        arguments: [
            ("GET", "/\(huge)", "", "", "PGRST205"), ("GET", "/rpc/\(huge)", "", "", "PGRST202"),
            ("GET", "/rpc/add", "\(huge)=1", "", "PGRST202"), ("POST", "/rpc/add", "", "{\"\(huge)\":1}", "PGRST202"),
            ("POST", "/authors", "", "{\"\(huge)\":1}", "PGRST204"),
            ("GET", "/authors", "select=\(huge)(*)", "", "PGRST200"),
            ("GET", "/authors", "select=books!\(huge)(*)", "", "PGRST200"),
            ("GET", "/authors", "id=\(huge)", "", "PGRST100"),
        ])
    func hugeNames(method: String, path: String, query: String, body: String, code: String) throws {
        let error = try refusal(method, path, query: query, body: body)
        #expect(error.code == code && error.hint == .null)
        #expect(error.body(isMinimal: false).utf8.count <= Self.errorBytesMax)
    }

    @Test("what PostgreSQL repeats of a body is not repeated whole")
    func messages() {
        let text = String(repeating: "ü", count: 4 << 20)
        #expect(ErrorText.message(text).unicodeScalars.count == ErrorText.messageScalarsMax + 1)
        #expect(ErrorText.reason(text).unicodeScalars.count == ErrorText.reasonScalarsMax + 1)
        #expect(ErrorText.message("short") == "short")
    }

    @Test("a name that is not embedded is not repeated whole")
    func notEmbedded() throws {
        let error = try refusal("GET", "/authors", query: "\(Self.huge).id=eq.1")
        #expect(error.code == "PGRST108")
        #expect(error.body(isMinimal: false).utf8.count <= Self.errorBytesMax)
    }

    @Test("of sixty thousand keys of a body the first are named, and no function is near to them")
    func manyKeys() throws {
        let body = "{" + (0..<60_000).map { "\"key\($0)\":1" }.joined(separator: ",") + "}"
        let error = try refusal("POST", "/rpc/add", body: body)
        #expect(error.code == "PGRST202" && error.hint == .null)
        #expect(error.message.hasPrefix("Could not find the function api.add(key0, key1, "))
        #expect(error.message.hasSuffix(", key\(ErrorText.namesMax - 1), …) in the schema cache"))
    }

    @Test(
        "ordinary names keep their hint",
        arguments: [
            ("GET", "/author", "", "", "Perhaps you meant the table 'api.authors'"),
            ("GET", "/rpc/num", "", "", "Perhaps you meant to call the function api.nums"),
            ("GET", "/rpc/add", "first=1", "", "Perhaps you meant to call the function api.add(first, second)"),
            (
                "POST", "/rpc/add", "", #"{"first":1,"secnd":2}"#,
                "Perhaps you meant to call the function api.add(first, second)"
            ),
            ("GET", "/authors", "select=bookz(*)", "", "Perhaps you meant 'books' instead of 'bookz'."),
        ])
    func hints(method: String, path: String, query: String, body: String, hint: String) throws {
        #expect(try refusal(method, path, query: query, body: body).hint == .string(hint))
    }

    @Test("the longest name that PostgreSQL has is looked for, and no longer one")
    func longestName() {
        let name = String(repeating: "n", count: NearestName.nameBytesMax)
        #expect(NearestName.find(name, among: [name], likeness: 0.75) == name)
        #expect(NearestName.find(name + "n", among: [name], likeness: 0.75) == nil)
        #expect(NearestName.find(list: ["a", name + "n"], among: ["a, \(name)"]) == nil)
    }

    @Test("likeness goes by scalars: a combining mark is one of them")
    func scalars() {
        #expect(NearestName.likeness("e\u{301}", "e") == 0.5)
        #expect(NearestName.likeness("ABC", "abc") == 1 && NearestName.overlap("abc", "ABC") > 0.99)
    }

    @Test("ordinary texts stay whole, and a scalar is never cut")
    func cutting() {
        let name = String(repeating: "é", count: ErrorText.nameScalarsMax)
        #expect(ErrorText.name(name) == name)
        #expect(ErrorText.name(name + "x") == name + "…")
        #expect(ErrorText.list(["a", "b"]) == "a, b" && ErrorText.list([]).isEmpty)
        let list = ErrorText.list(Array(repeating: String(repeating: "x", count: 200), count: 50))
        #expect(list.utf8.count <= ErrorText.listBytesMax + 5 && list.hasSuffix("x, …"))
    }
}
