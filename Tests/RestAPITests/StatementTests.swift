import DataPlaneCore
import Testing

@testable import RestAPI

@Suite("Statements")
struct StatementTests {
    /// A cache of three tables: authors have books, books have tags by a junction.
    static let cache: SchemaCache = {
        var cache = SchemaCache()
        let name = { (text: String) in QualifiedName(schema: "api", name: text) }
        let column = { (name: String, type: String) in
            Column(name: name, type: type, baseType: type, isNullable: true, defaultSQL: nil, maxLength: nil)
        }
        for (table, columns) in [
            ("authors", [column("id", "integer"), column("name", "text"), column("data", "jsonb")]),
            ("books", [column("id", "integer"), column("title", "text"), column("author_id", "integer")]),
        ] {
            cache.tables[name(table)] = Table(
                name: name(table), isView: false, columns: columns, primaryKey: ["id"], canInsert: true,
                canUpdate: true, canDelete: true, comment: nil)
        }
        let pairs = [ColumnPair(origin: "author_id", target: "id")]
        cache.relationships[name("books")] = [
            Relationship(
                origin: name("books"), target: name("authors"), kind: .manyToOne(constraint: "books_author", pairs))
        ]
        cache.relationships[name("authors")] = [
            Relationship(
                origin: name("authors"), target: name("books"),
                kind: .oneToMany(constraint: "books_author", [ColumnPair(origin: "id", target: "author_id")]))
        ]
        return cache
    }()

    static func plan(
        _ method: String, _ path: String, query: String = "", headers: [(name: String, value: String)] = [],
        body: String = ""
    ) throws(RestError) -> RequestPlan {
        var configuration = RestConfiguration()
        configuration.schemas = ["api"]
        let http = RestHTTPRequest(method: method, path: path, query: query, headers: headers, body: Array(body.utf8))
        let request = try RestRequest(http, configuration)
        return try RequestPlanner(request: request, cache: cache, configuration: configuration).plan()
    }

    @Test(
        "values travel as parameters, whatever they hold",
        arguments: [
            "authors?name=eq.", "authors?name=in.(a,", "authors?or=(name.eq.", "authors?data->x=eq.",
            "authors?name=fts(english).", "authors?name=like.*", "authors?select=data->",
        ])
    func parameters(prefix: String) throws {
        let marker = "x'); DROP TABLE authors; --"
        let encoded = PercentCoding.encode(marker)
        let parts = (prefix + encoded + (prefix.contains("(a,") || prefix.contains("or=(") ? ")" : ""))
            .split(separator: "?", maxSplits: 1)
        do throws(RestError) {
            let plan = try Self.plan("GET", "/\(parts[0])", query: String(parts[1]))
            #expect(!plan.statement.text.contains("DROP"))
            #expect(plan.statement.parameters.contains { $0?.contains("x'") == true })
        } catch { #expect(error.code == "PGRST100") }
    }

    @Test("names are quoted wherever they come from")
    func identifiers() throws {
        let name = "a\"; DROP TABLE authors; --"
        let quoted = "\"\(name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\\""))\""
        let encoded = PercentCoding.encode(quoted)
        let plan = try Self.plan("GET", "/authors", query: "select=\(encoded)&\(encoded)=eq.1&order=\(encoded)")
        #expect(plan.statement.text.contains("\"a\"\"; DROP TABLE authors; --\""))
        #expect(!plan.statement.text.contains("a\";"))
    }

    @Test("requests of one shape have one text")
    func shapes() throws {
        let first = try Self.plan("GET", "/authors", query: "id=eq.1&name=in.(a,b)&limit=3&offset=1")
        let second = try Self.plan("GET", "/authors", query: "id=eq.99&name=in.(c)&limit=7&offset=50")
        #expect(first.statement.text == second.statement.text)
        #expect(first.statement.parameters != second.statement.parameters)
    }

    @Test("an embed is a lateral join on the keys")
    func embed() throws {
        let plan = try Self.plan("GET", "/authors", query: "select=name,books(title)&books.title=eq.x")
        let text = plan.statement.text
        #expect(text.contains("LEFT JOIN LATERAL"))
        #expect(text.contains("\"books_1\".\"author_id\" = \"api\".\"authors\".\"id\""))
        #expect(text.contains("COALESCE(\"pgrst_embed_1\".\"pgrst_embed_1\", '[]') AS \"books\""))
    }

    @Test("without a representation a change returns no column", arguments: ["POST", "PATCH"])
    func minimal(method: String) throws {
        let plan = try Self.plan(method, "/authors", body: #"{"name":"n"}"#)
        #expect(plan.statement.text.contains("RETURNING 1"))
        #expect(!plan.isReadOnly)
    }

    @Test(
        "what the cache does not have is named",
        arguments: [
            ("GET", "/nowhere", "", "", 404, "PGRST205"), ("GET", "/authors", "select=nowhere(*)", "", 400, "PGRST200"),
            ("GET", "/authors", "nowhere.id=eq.1", "", 400, "PGRST108"),
            ("POST", "/authors", "", #"{"nothing":1}"#, 400, "PGRST204"),
            ("POST", "/rpc/nothing", "", "{}", 404, "PGRST202"), ("DELETE", "/rpc/f", "", "", 405, "PGRST101"),
            ("COPY", "/authors", "", "", 405, "PGRST117"), ("GET", "/a/b/c", "", "", 404, "PGRST125"),
            ("PUT", "/authors", "id=gt.1", #"{"id":1}"#, 405, "PGRST105"),
            ("PUT", "/authors", "id=eq.1", #"{"id":2}"#, 400, "PGRST115"),
            ("GET", "/authors", "limit=-1", "", 416, "PGRST103"),
            ("GET", "/authors", "select=id.sum()", "", 400, "PGRST123"),
            ("POST", "/authors", "", "{", 400, "PGRST102"), ("POST", "/authors", "", "[1]", 400, "PGRST102"),
            ("POST", "/authors", "", #"[{"id":1},{"name":"x"}]"#, 400, "PGRST102"),
        ])
    func refusals(method: String, path: String, query: String, body: String, status: Int, code: String) throws {
        let error = try #require(throws: RestError.self) {
            try Self.plan(method, path, query: query, body: body)
        }
        #expect(error.status == status && error.code == code)
    }

    @Test(
        "a range is read or ignored",
        arguments: [
            ("0-9", RowRange(offset: 0, limit: 10)), ("5-", RowRange(offset: 5, limit: nil)), ("x", nil), ("-5", nil),
            ("1-2-3", nil), ("items=1-1", RowRange(offset: 1, limit: 1)),
        ])
    func range(header: String, range: RowRange?) throws {
        #expect(try RowRange(header: header) == range)
    }

    @Test("ranges beyond any number do not trap")
    func hugeRanges() throws {
        let range = try #require(try RowRange(header: "0-\(Int64.max)"))
        #expect(range.limit == nil)
        let meet = RowRange(offset: .max, limit: .max).intersection(RowRange(offset: 1, limit: 1))
        #expect(meet.limit == 0)
    }
}
