import DataPlaneCore
import Testing

@testable import RestAPI

@Suite("Bounds of statements")
struct StatementBoundTests {
    private static func plan(
        _ query: String, headers: [(name: String, value: String)] = []
    ) throws(RestError) -> RequestPlan {
        try StatementTests.plan("GET", "/authors", query: query, headers: headers)
    }

    private static func repeated(_ text: String, _ count: Int, separator: String = "") -> String {
        Array(repeating: text, count: count).joined(separator: separator)
    }

    @Test(
        "an alias that PostgreSQL would cut is refused, and not repeated whole",
        arguments: ["%@:name", "%@:books(title)", "books(%@:title)", "books(%@:authors(name))", "%@:data->x"])
    func alias(select: String) throws {
        let fitting = Self.repeated("a", SQLText.nameBytesMax)
        let whole = select.replacing("%@", with: fitting)
        #expect(try Self.plan("select=\(whole)").statement.text.contains("\"\(fitting)\""))
        for length in [SQLText.nameBytesMax + 1, 24 << 10] {
            let long = select.replacing("%@", with: Self.repeated("a", length))
            let error = try #require(throws: RestError.self) { try Self.plan("select=\(long)") }
            #expect(error.status == 400 && error.code == "PGRST100")
            #expect(error.body(isMinimal: false).utf8.count < 1_024)
        }
    }

    @Test("bytes are counted, not characters")
    func bytesOfAliases() throws {
        let select = { (count: Int) in PercentCoding.encode("\(Self.repeated("é", count)):name") }
        #expect(throws: Never.self) { try Self.plan("select=\(select(31))") }
        #expect(throws: RestError.self) { try Self.plan("select=\(select(32))") }
    }

    @Test("what a name is called makes no statement longer than its own columns")
    func laterals() throws {
        let columns = Self.columns(500)
        let size = { (alias: String) throws in
            try Self.plan("select=\(alias):books(\(columns))").statement.text.utf8.count
        }
        let (short, long) = (try size("a"), try size(Self.repeated("a", SQLText.nameBytesMax)))
        #expect(long - short == SQLText.nameBytesMax - 1)
        let twice = try Self.plan("select=a:books(id),b:books(id)").statement.text
        #expect(twice.contains("AS \"pgrst_embed_1\" ON") && twice.contains("AS \"pgrst_embed_2\" ON"))
    }

    /// A list of different columns.
    private static func columns(_ count: Int) -> String {
        (0..<count).map { "title\($0)" }.joined(separator: ",")
    }

    /// `select` of nested spreads around an item.
    private static func spreads(_ item: String, depth: Int) -> String {
        let names = (0..<depth).map { $0 % 2 == 0 ? "...books(" : "...authors(" }
        return names.joined() + item + repeated(")", depth)
    }

    @Test("a long name of a column is written as far as PostgreSQL reads it")
    func longColumns() throws {
        let plan = try Self.plan("select=\(Self.spreads(Self.repeated("x", 20 << 10), depth: 30))")
        #expect(plan.statement.text.utf8.count < 32 << 10)
        #expect(plan.statement.text.contains("\"\(Self.repeated("x", SQLText.nameBytesMax))\""))
        #expect(SQLText.identifier(Self.repeated("é", 40)) == "\"\(Self.repeated("é", 31))\"")
        #expect(SQLText.identifier(Self.repeated("\"", 64)).utf8.count == 2 * SQLText.nameBytesMax + 2)
    }

    private static let tooLarge = RestError.statementTooLarge(SQLBuilder.bytesMax)

    @Test("conditions of an embed that stand in each condition on it are bounded while they are written")
    func productOfConditions() throws {
        let query = { (count: Int) in
            "select=id,books()&limit=1&" + Self.repeated("books=not.is.null", count, separator: "&") + "&"
                + Self.repeated("books.id=eq.1", count, separator: "&")
        }
        let headers = [(name: "prefer", value: "count=exact")]
        #expect(try Self.plan(query(10), headers: headers).statement.parameters.count < 200)
        #expect(throws: Self.tooLarge) { try Self.plan(query(1_000), headers: headers) }
        #expect(throws: Self.tooLarge) { try Self.plan(query(1_000), headers: [("prefer", "count=planned")]) }
    }

    @Test("columns that move up through spreads are bounded while they are written")
    func productOfSpreads() throws {
        let columns = Self.columns(1_900)
        #expect(throws: Never.self) { try Self.plan("select=\(Self.spreads(columns, depth: 1))") }
        #expect(throws: Self.tooLarge) { try Self.plan("select=\(Self.spreads(columns, depth: 31))") }
    }

    @Test(
        "a level of select names a column, a value in it or a relation a few times only",
        arguments: ["name", "data->a", "data->>b->>c", "authors(name)", "...authors(name)"])
    func repetitions(item: String) throws {
        let max = ReadPlanner.repetitionsMax
        let query = { (count: Int) in
            let items = (0..<count).map { item.hasPrefix("...") ? item : "a\($0):\(item)" }
            return "select=books(\(items.joined(separator: ","))),id"
        }
        #expect(throws: Never.self) { try Self.plan(query(max)) }
        let error = try #require(throws: RestError.self) { try Self.plan(query(max + 1)) }
        #expect(error.status == 400 && error.code == "PGRST100" && error.message.contains("more than \(max) times"))
    }

    @Test("another spelling of the same value is the same value")
    func spellings() throws {
        let name = Self.repeated("x", SQLText.nameBytesMax)
        for item in [{ (count: Int) in "data->\(Self.repeated("0", count))" }, { name + Self.repeated("y", $0) }] {
            let items = (0...ReadPlanner.repetitionsMax).map { "a\($0):" + item($0 + 1) }
            #expect(throws: RestError.self) { try Self.plan("select=\(items.joined(separator: ","))") }
        }
    }

    @Test("beyond the bound a builder takes nothing")
    func builder() throws {
        var builder = SQLBuilder()
        let half = Self.repeated("x", SQLBuilder.bytesMax / 2)
        #expect(builder.counted(half) == half && builder.counted(half) == half)
        #expect(try builder.statement("SELECT 1").text == "SELECT 1")
        #expect(builder.counted("x").isEmpty && builder.counted("").isEmpty)
        #expect(throws: Self.tooLarge) { try builder.statement("SELECT 1") }
        var read = ReadSQL(cache: StatementTests.cache, builder: builder)
        #expect(read.bind("value").isEmpty && read.builder.parameters.isEmpty)
    }
}
