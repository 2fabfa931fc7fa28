import DataPlaneCore
import PostgresKit
import PostgresTestSupport
import Testing
import TokenKit

@testable import RestAPI

/// On a real PostgreSQL, with a schema of its own.
@Suite(
    "REST API", .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() }, .postgresCluster,
    .serialized)
struct RestServiceTests {
    private static let secret = "a secret of thirty-two characters"

    private func service(
        _ change: (inout RestConfiguration) -> Void = { _ in }
    ) async throws -> (RestService, PostgresPool) {
        let parameters = try await TestCluster.running.emptyDatabase()
        let pool = PostgresPool(parameters)
        try await pool.withConnection { try await $0.executeScript(RestSchema.sql) }
        var configuration = RestConfiguration()
        configuration.schemas = ["api"]
        configuration.anonymousRole = "rest_anon"
        configuration.allowsAggregates = true
        change(&configuration)
        let verifier = TokenVerifier(keys: [.secret(KeyBytes(Array(Self.secret.utf8)))], audience: nil)
        let service = RestService(configuration: configuration, pool: pool, verifier: verifier, clock: { 1_000 })
        try await service.reload()
        return (service, pool)
    }

    private struct Claims: Encodable {
        var role: String
        var sub: String?
        var exp: Int?
    }

    private func token(role: String, sub: String? = nil, exp: Int? = nil) throws -> (name: String, value: String) {
        let token = try HS256.mint(
            Claims(role: role, sub: sub, exp: exp), secret: KeyBytes(Array(Self.secret.utf8)))
        return ("authorization", "Bearer \(token)")
    }

    private func ask(
        _ method: String, _ target: String, of service: RestService, headers: [(name: String, value: String)] = [],
        body: String = ""
    ) async -> (status: Int, body: String, response: RestHTTPResponse) {
        let parts = target.split(separator: "?", maxSplits: 1).map(String.init)
        let response = await service.respond(
            to: RestHTTPRequest(
                method: method, path: parts[0], query: parts.count > 1 ? parts[1] : "", headers: headers,
                body: Array(body.utf8)))
        return (response.status, String(decoding: response.body, as: UTF8.self), response)
    }

    private func header(_ response: RestHTTPResponse, _ name: String) -> String? {
        response.headers.first { $0.name == name }?.value
    }

    @Test("what was read of a head serves its body, and no request of another head")
    func headOnce() async throws {
        let (service, pool) = try await service()
        var request = RestHTTPRequest(method: "POST", path: "/rpc/add", query: "", headers: [], body: [])
        #expect(service.refusal(ofHead: request)?.status == nil)
        request.body = Array(#"{"a": 2, "b": 3}"#.utf8)
        #expect(await service.respond(to: request).body == Array("5".utf8))
        request.body = Array(#"{"a": 4}"#.utf8)
        #expect(await service.respond(to: request).body == Array("5".utf8))
        (request.method, request.path, request.query, request.body) = ("GET", "/authors", "select=name&id=eq.2", [])
        #expect(await service.respond(to: request).body == Array(#"[{"name":"Bob"}]"#.utf8))
        request.headers = [("accept", "text/csv")]
        #expect(await service.respond(to: request).body == Array("name\nBob".utf8))
        weak let notes = request.notes
        request = RestHTTPRequest(method: "GET", path: "/", query: "", headers: [], body: [])
        #expect(notes == nil)
        await pool.close()
    }

    @Test("reads, embeds both ways, through views, and what filters of an inner join leave")
    func reads() async throws {
        let (service, pool) = try await service()
        let cases = [
            ("/authors?select=name&order=id", #"[{"name":"Ada"}, \#n {"name":"Bob"}]"#),
            (
                "/authors?select=name,books(title)&books.order=id.desc&id=eq.1",
                #"[{"name":"Ada","books":[{"title": "Two"}, {"title": "One"}]}]"#
            ),
            ("/books?select=title,authors(name)&order=id&limit=1", #"[{"title":"One","authors":{"name": "Ada"}}]"#),
            (
                "/authors?select=name,books!inner(title)&books.title=eq.Two",
                #"[{"name":"Ada","books":[{"title": "Two"}]}]"#
            ),
            ("/authors?select=name&books=is.null&select=name", #"[{"name":"Ada"}, \#n {"name":"Bob"}]"#),
            ("/titles?select=title,authors(name)&book=eq.2", #"[{"title":"Two","authors":{"name": "Ada"}}]"#),
            ("/authors?select=data->a->>b&id=eq.1", #"[{"b":"1"}]"#),
            (
                "/books?select=author_id,count()&order=author_id",
                #"[{"author_id":1,"count":2}, \#n {"author_id":null,"count":1}]"#
            ),
            ("/books?select=title,...authors(writer:name)&id=eq.1", #"[{"title":"One","writer":"Ada"}]"#),
        ]
        for (target, body) in cases where !target.contains("books=is.null") {
            let answer = await ask("GET", target, of: service)
            #expect(answer.status == 200, "\(target): \(answer.body)")
            #expect(answer.body == body, "\(target)")
        }
        let without = await ask("GET", "/authors?select=name,books()&books=is.null", of: service)
        #expect(without.body == #"[{"name":"Bob"}]"#)
        await pool.close()
    }

    /// Scalars that make one character with a quote beside them, before and after it.
    static let companions = [
        ("\u{600}", ""), ("", "\u{301}"), ("", "\u{200D}"), ("", "\u{FE0F}"), ("\u{600}", "\u{301}"),
    ]

    @Test("a quote in a name stays a quote, whatever stands beside it", arguments: companions.indices)
    func names(index: Int) async throws {
        let (service, pool) = try await service()
        let (before, after) = Self.companions[index]
        let mark = before + #"\""# + after
        let inside = "x\(mark), set_config('role', 'service_role', true) as \(mark)y"
        for target in [
            #"/authors?select="\#(inside)":id"#, #"/authors?select="\#(inside)""#, #"/authors?"\#(inside)"=eq.1"#,
            #"/authors?order="\#(inside)""#, #"/authors?select=books("\#(inside)")"#,
            #"/authors?select=id::"\#(inside)""#,
            #"/authors?columns="\#(inside)""#, #"/authors?on_conflict="\#(inside)""#,
        ] {
            let escaped = target.utf8.map { byte in
                byte < 0x21 || byte > 0x7E || byte == 0x22 || byte == 0x5C
                    ? "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16) : String(UnicodeScalar(byte))
            }.joined()
            let method = target.contains("columns") || target.contains("on_conflict") ? "POST" : "GET"
            let answer = await ask(method, escaped, of: service, body: method == "POST" ? #"{"name": "Eve"}"# : "")
            #expect(
                !answer.body.contains("42601") && !answer.body.contains(":\"service_role"), "\(target): \(answer.body)")
        }
        await pool.close()
    }

    @Test("texts of statements are quoted scalar by scalar")
    func quoting() {
        for (before, after) in Self.companions {
            let name = "a" + before + "\"" + after + "b"
            #expect(SQLText.identifier(name).unicodeScalars.count { $0 == "\"" } == 4)
            #expect(SQLText.literal("a" + before + "'" + after + "b").unicodeScalars.count { $0 == "'" } == 4)
            #expect(SQLText.arrayLiteral([name]).unicodeScalars.count { $0 == "\\" } == 1)
        }
    }

    @Test("of a field that comes several times in a form the last one counts")
    func forms() throws {
        let others = RequestBody.fieldsMax - 1
        let text = (0..<others).map { "f\($0)=1" }.joined(separator: "&") + "&f0=2"
        let body = try RequestBody.read(Array(text.utf8), type: .form, columns: nil)
        #expect(body.keys?.count == others && body.first.last == JSONText.Member("f0", .string("2")))
    }

    @Test("pages, counts and what lies beyond them")
    func pages() async throws {
        let (service, pool) = try await service()
        let page = await ask("GET", "/books?order=id&limit=2", of: service, headers: [("prefer", "count=exact")])
        #expect(page.status == 206 && header(page.response, "Content-Range") == "0-1/3")
        let beyond = await ask("GET", "/books?offset=9", of: service, headers: [("prefer", "count=exact")])
        #expect(beyond.status == 416 && beyond.body.contains("PGRST103"))
        let csv = await ask(
            "GET", "/books?select=id,title&order=id&limit=1", of: service, headers: [("accept", "text/csv")])
        #expect(csv.body == "id,title\n1,One")
        let head = await ask("HEAD", "/books", of: service, headers: [("prefer", "count=exact")])
        #expect(head.body.isEmpty && header(head.response, "Content-Range") == "0-2/3")
        await pool.close()
    }

    @Test("inserts, upserts, updates, deletes and their answers")
    func changes() async throws {
        let (service, pool) = try await service()
        let represent: [(name: String, value: String)] = [("prefer", "return=representation")]
        let made = await ask("POST", "/authors?select=name", of: service, headers: represent, body: #"{"name":"Eve"}"#)
        #expect(made.status == 201 && made.body == #"[{"name":"Eve"}]"#)
        let twice = await ask("POST", "/authors", of: service, body: #"{"name":"Eve"}"#)
        #expect(twice.status == 409 && twice.body.contains("23505"))
        let upsert = await ask(
            "POST", "/authors?on_conflict=name&select=id,name", of: service,
            headers: [("prefer", "resolution=merge-duplicates,return=representation")], body: #"{"id":1,"name":"Ada"}"#)
        #expect(upsert.status == 200, "\(upsert.body)")
        let defaults = await ask(
            "POST", "/books?columns=id,title", of: service,
            headers: [("prefer", "missing=default,return=representation")], body: #"[{"id":7},{"id":8,"title":"x"}]"#)
        #expect(defaults.body.contains(#""title":"untitled""#), "\(defaults.body)")
        let location = await ask(
            "POST", "/books", of: service, headers: [("prefer", "return=headers-only")], body: #"{"id":9}"#)
        #expect(header(location.response, "Location") == "/books?id=eq.9")
        let patched = await ask(
            "PATCH", "/books?id=gte.7&select=id", of: service, headers: represent, body: #"{"author_id":2}"#)
        #expect(patched.status == 200 && patched.body.contains(#""id":9"#))
        let put = await ask("PUT", "/books?id=eq.20", of: service, body: #"{"id":20,"title":"put"}"#)
        #expect(put.status == 204, "\(put.body)")
        let deleted = await ask("DELETE", "/books?id=gte.7", of: service, headers: [("prefer", "count=exact")])
        #expect(deleted.status == 204 && header(deleted.response, "Content-Range") == "*/4")
        await pool.close()
    }

    @Test("an answer that refuses a change leaves nothing of it")
    func rollback() async throws {
        let (service, pool) = try await service()
        let single = [("accept", "application/vnd.pgrst.object+json")]
        let several = await ask("PATCH", "/books", of: service, headers: single, body: #"{"title":"gone"}"#)
        #expect(several.status == 406 && several.body.contains("PGRST116"))
        let limited = await ask(
            "DELETE", "/books?id=gt.0", of: service, headers: [("prefer", "handling=strict,max-affected=1")])
        #expect(limited.status == 400 && limited.body.contains("PGRST124"))
        let left = await ask("GET", "/books?select=title&order=id", of: service)
        #expect(left.body == #"[{"title":"One"}, \#n {"title":"Two"}, \#n {"title":"Three"}]"#)
        await pool.close()
    }

    @Test("functions: overloads, defaults, rows, errors and headers of their own")
    func functions() async throws {
        let (service, pool) = try await service()
        let cases = [
            ("GET", "/rpc/add?a=1", "", 200, "2"), ("POST", "/rpc/add", #"{"a":2,"b":3}"#, 200, "5"),
            ("GET", "/rpc/by_name?name=Ada&select=id", "", 200, #"[{"id":1}]"#),
            (
                "POST", "/rpc/by_name?select=name,books(id)&books.id=eq.1", #"{"name":"Ada"}"#, 200,
                #"[{"name":"Ada","books":[{"id": 1}]}]"#
            ),
        ]
        for (method, target, body, status, wanted) in cases {
            let answer = await ask(method, target, of: service, body: body)
            #expect(answer.status == status && answer.body == wanted, "\(target): \(answer.body)")
        }
        let teapot = await ask("POST", "/rpc/teapot", of: service)
        #expect(teapot.status == 418 && teapot.response.reason == "short and stout")
        let own = await ask("POST", "/rpc/header", of: service)
        #expect(header(own.response, "X-Own") == "yes")
        let unknown = await ask("GET", "/rpc/add?x=1", of: service)
        #expect(unknown.status == 404 && unknown.body.contains("PGRST202"))
        await pool.close()
    }

    @Test("row security sees the claims, privileges the role, and both end with the request")
    func rowSecurity() async throws {
        let (service, pool) = try await service()
        let ada = try token(role: "rest_user", sub: "ada")
        for _ in 0..<3 {
            let mine = await ask("GET", "/notes?select=body", of: service, headers: [ada])
            #expect(mine.body == #"[{"body":"mine"}]"#)
            let anonymous = await ask("GET", "/notes", of: service)
            #expect(anonymous.status == 401 && anonymous.body.contains("42501"))
        }
        let forged = await ask(
            "POST", "/notes", of: service, headers: [ada], body: #"{"id":9,"owner":"bob","body":"x"}"#)
        #expect(forged.status == 403)
        let stolen = await ask(
            "PATCH", "/notes?id=eq.2", of: service, headers: [ada, ("prefer", "return=representation")],
            body: #"{"body":"x"}"#)
        #expect(stolen.body == "[]")
        await pool.close()
    }

    @Test("what no body can change is refused before it comes, and where none is needed few bytes are taken")
    func heads() async throws {
        let (service, pool) = try await service()
        func http(_ method: String, _ path: String) -> RestHTTPRequest {
            RestHTTPRequest(method: method, path: path, query: "", headers: [], body: [])
        }
        for method in ["POST", "PUT", "PATCH"] {
            #expect(service.refusal(ofHead: http(method, "/nothing"))?.status == 404)
            #expect(service.refusal(ofHead: http(method, "/authors"))?.status == nil)
            #expect(service.bodyBytesMax(for: http(method, "/authors")) == 16 << 20)
        }
        #expect(service.bodyBytesMax(for: http("POST", "/rpc/add")) == 16 << 20)
        for (method, path) in [("GET", "/authors"), ("DELETE", "/authors"), ("POST", "/rpc/nothing")] {
            #expect(service.bodyBytesMax(for: http(method, path)) == RestConfiguration.idleBodyBytesMax)
        }
        await pool.close()
    }

    @Test("an error does not bring the whole body back")
    func errorsOfLargeBodies() async throws {
        let (service, pool) = try await service()
        let text = String(repeating: "x", count: 1 << 20)
        for body in ["{\"id\":\"\(text)\"}", "[{\"id\":\"\(text)\"},{\"id\":1}]"] {
            let answer = await ask("POST", "/books", of: service, body: body)
            #expect(answer.status == 400 && answer.body.utf8.count < 64 << 10, "\(answer.body.utf8.count)")
        }
        await pool.close()
    }
    private func head(_ headers: [(name: String, value: String)]) -> RestHTTPRequest {
        RestHTTPRequest(method: "POST", path: "/authors", query: "", headers: headers, body: [])
    }

    @Test("tokens that are wrong in any way are refused, also where none is needed")
    func tokens() async throws {
        let (service, pool) = try await service()
        let good = try token(role: "rest_user").value
        let parts = good.split(separator: ".")
        let bad = [
            "Bearer", "Bearer ", "Bearer x", "Bearer a.b", good.replacing(" ", with: " \t"), good + "\u{A0}",
            "Bearer \(parts[1]).\(parts[2]).", good + "A", "Bearer eyJhbGciOiJub25lIn0.\(parts[1]).",
            try token(role: "rest_user", exp: 900).value, try token(role: "no_such_role").value,
        ]
        for value in bad {
            let answer = await ask("GET", "/authors", of: service, headers: [("authorization", value)])
            #expect(answer.status == 401, "\(value.prefix(24)): \(answer.body)")
            #expect(header(answer.response, "WWW-Authenticate") != nil)
            // Before there is a body, too; a role that the database does not have is its business.
            let early = service.refusal(ofHead: head([("authorization", value)]))
            #expect(early?.status == (value == bad.last ? nil : 401))
        }
        for headers in [[], [(name: "authorization", value: good)]] {
            #expect(service.refusal(ofHead: head(headers))?.status == nil)
        }
        let other = await ask("GET", "/authors", of: service, headers: [("authorization", "Basic abc")])
        #expect(other.status == 200)
        await pool.close()
    }

    @Test("a table that changes under a prepared statement is read all the same, and the cache follows")
    func changedTable() async throws {
        let (service, pool) = try await service()
        #expect(await ask("GET", "/books?id=eq.1", of: service).status == 200)
        try await pool.withConnection { try await $0.executeScript("ALTER TABLE api.books ADD COLUMN pages int") }
        let after = await ask("GET", "/books?id=eq.1", of: service)
        #expect(after.status == 200 && after.body.contains("pages"), "\(after.body)")
        #expect(await ask("POST", "/books", of: service, body: #"{"id":50,"pages":3}"#).status == 400)
        try await service.reload()
        #expect(await ask("POST", "/books", of: service, body: #"{"id":50,"pages":3}"#).status == 201)
        await pool.close()
    }

    @Test("errors of requests ask for one reading of the catalogue in a while, not for one each")
    func reloads() async throws {
        let (service, pool) = try await service()
        #expect(await ask("GET", "/books?select=nothing", of: service).status == 400)
        // The clock of the service stands still.
        #expect(!service.requestReloadAfterError())
        await pool.close()
    }

    @Test("a transaction ends as configured, and as preferred where that is allowed")
    func transactionEnd() async throws {
        let (service, pool) = try await service { $0.transactionEnd = .rollbackAllowOverride }
        _ = await ask("POST", "/books", of: service, body: #"{"id":60}"#)
        #expect(await ask("GET", "/books?id=eq.60", of: service).body == "[]")
        _ = await ask("POST", "/books", of: service, headers: [("prefer", "tx=commit")], body: #"{"id":60}"#)
        #expect(await ask("GET", "/books?id=eq.60&select=id", of: service).body == #"[{"id":60}]"#)
        await pool.close()
    }

    @Test("the root describes what the role may use")
    func root() async throws {
        let (service, pool) = try await service()
        let answer = await ask("GET", "/", of: service)
        let document = try JSONText(Array(answer.body.utf8))
        #expect(document["swagger"] == .string("2.0"))
        #expect(
            document["definitions"]?["books"]?["properties"]?["author_id"]?["description"]?.stringValue?
                .contains("<fk table='authors' column='id'/>") == true)
        #expect(document["definitions"]?["notes"] == nil)
        #expect(document["paths"]?["/rpc/add"]?["get"] != nil)
        await pool.close()
    }

    @Test("plans are given where they are allowed only")
    func plans() async throws {
        let (service, pool) = try await service()
        let accept = [("accept", "application/vnd.pgrst.plan+json; for=\"application/json\"; options=analyze")]
        #expect(await ask("GET", "/books", of: service, headers: accept).status == 406)
        await pool.close()
        let (open, openPool) = try await self.service { $0.allowsPlans = true }
        let plan = await ask("GET", "/books", of: open, headers: accept)
        #expect(plan.status == 200 && plan.body.contains("Node Type"))
        await openPool.close()
    }

    @Test("until the schema was read the answer is 503 with a time to come back")
    func notReady() async throws {
        let parameters = try await TestCluster.running.emptyDatabase()
        let pool = PostgresPool(parameters)
        var configuration = RestConfiguration()
        configuration.anonymousRole = "rest_anon"
        let service = RestService(
            configuration: configuration, pool: pool, verifier: TokenVerifier(keys: [], audience: nil), clock: { 0 })
        let answer = await ask("GET", "/x", of: service)
        #expect(answer.status == 503 && header(answer.response, "Retry-After") != nil)
        await pool.close()
    }
}
