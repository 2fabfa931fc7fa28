import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

@Suite("/platform/projects/{ref}/content")
struct ContentRoutesTests {
    static func id(_ number: Int) -> String { "10000000-0000-4000-8000-0000000000\(number)" }

    static func body(_ number: Int, _ more: String = "", name: String? = nil) -> String {
        #"{"id":"\#(id(number))","name":"\#(name ?? "s\(number)")","type":"sql","visibility":"user"\#(more)}"#
    }

    @Test("a snippet is stored as it is sent, whatever is in it, and read back with its owner and project")
    func roundTrip() async throws {
        try await APIHost.run { host async throws in
            let path = "/platform/projects/\(try await host.create())/content"
            let inner = #"{"sql":"select '\u0000ü'","n":[1,2.5,null,true,{"deep":"x"}],"big":9007199254740993}"#
            let sent = Self.body(10, #","description":"d","favorite":true,"owner_id":99,"content":\#(inner)"#)
            let stored = try await host.send("PUT", path, body: sent)
            #expect(stored.status == 200)
            let row = try stored.json
            #expect(row["content"] == (try JSONValue(bytes: Array(inner.utf8))))
            #expect(stored.text.contains("9007199254740993"))
            #expect(row["favorite"] == .bool(true))
            #expect(row["description"] == .string("d"))
            #expect(row["folder_id"] == .null)
            #expect(row["owner_id"] == .number(1))
            #expect(row["project_id"] == .number(1))
            #expect(row["owner"] == .object(["id": .number(1), "username": .string("owner")]))
            #expect(try await host.send("GET", "\(path)/item/\(Self.id(10).uppercased())").json == row)
            #expect(try await host.send("GET", path).json == .object(["data": .array([row])]))
            #expect(
                try await host.send("GET", "\(path)/count?type=sql").json
                    == .object(["favorites": .number(1), "private": .number(1), "shared": .number(0)]))
            let again = try await host.send("POST", path, body: Self.body(10, name: "renamed"))
            #expect(again.status == 201)
            #expect(try again.json["content"] == row["content"])
            #expect(try again.json["name"] == .string("renamed"))
            #expect(host.ledger.entries.map(\.deed.action) == ["project.create"])
        }
    }

    @Test("only its owner, not even an owner of the organization, sees what is private; members see the rest")
    func visibility() async throws {
        try await APIHost.run { host async throws in
            let path = "/platform/projects/\(try await host.create())/content"
            let mine = try await host.send("PUT", path, body: Self.body(10), token: Person.developer.token)
            #expect(mine.status == 200)
            let item = "\(path)/item/\(Self.id(10))"
            #expect(try await host.send("GET", item).status == 404)
            #expect(try await host.send("GET", "/v1/snippets/\(Self.id(10))").status == 404)
            #expect(try await host.send("GET", path).json["data"] == .array([]))
            #expect(try await host.send("PUT", path, body: Self.body(10)).status == 409)
            #expect(try await host.send("DELETE", "\(path)?ids=\(Self.id(10))").json == .array([]))
            let shared = Self.body(10).replacing(#""user""#, with: #""project""#)
            _ = try await host.send("PUT", path, body: shared, token: Person.developer.token)
            #expect(try await host.send("GET", item, token: Person.readOnly.token).status == 200)
            #expect(try await host.send("PUT", path, body: Self.body(10)).status == 403)
            #expect(try await host.send("PUT", path, body: shared, token: Person.readOnly.token).status == 403)
            #expect(
                try await host.send("GET", "/v1/snippets/\(Self.id(10))", token: Person.stranger.token).status == 404)
            #expect(
                try await host.send("DELETE", "\(path)?ids=\(Self.id(10)),\(Self.id(11))").json
                    == .array([.object(["id": .string(Self.id(10))])]))
            #expect(try await host.send("GET", item).status == 404)
        }
    }

    @Test("an item is found only under its own project")
    func otherProject() async throws {
        try await APIHost.run { host async throws in
            let (one, two) = (try await host.create("one"), try await host.create("two"))
            _ = try await host.send("PUT", "/platform/projects/\(one)/content", body: Self.body(10))
            #expect(
                try await host.send("GET", "/platform/projects/\(two)/content/item/\(Self.id(10))").status == 404)
            #expect(
                try await host.send("PUT", "/platform/projects/\(two)/content", body: Self.body(10)).status == 409)
        }
    }

    @Test("pages follow each other by cursor until none is left; a cursor of another order is 400")
    func pages() async throws {
        try await APIHost.run { host async throws in
            let path = "/platform/projects/\(try await host.create())/content"
            for number in 10...24 { _ = try await host.send("PUT", path, body: Self.body(number)) }
            for order in ["sort_by=name&sort_order=asc", "sort_by=name&sort_order=desc", "sort_by=inserted_at", ""] {
                var names: [String] = []
                var cursor: String? = ""
                while let place = cursor, names.count < 20 {
                    let page = try await host.send("GET", "\(path)?limit=4&\(order)&cursor=\(place)").json
                    names += page["data"]?.all("name").compactMap(\.text) ?? []
                    cursor = page["cursor"]?.text
                }
                #expect(Set(names).count == 15, "\(order)")
                #expect(names.count == 15, "\(order)")
            }
            let byName = try await host.send("GET", "\(path)?limit=4&sort_by=name").json["cursor"]?.text ?? ""
            #expect(try await host.send("GET", "\(path)?sort_by=inserted_at&cursor=\(byName)").status == 400)
            #expect(try await host.send("GET", "\(path)?name=S1&type=sql").json["data"]?.count == 10)
            #expect(try await host.send("GET", "\(path)?type=report,log_sql").json["data"]?.count == 0)
        }
    }

    @Test("folders hold private snippets, list what is in them, and take it with them")
    func folders() async throws {
        try await APIHost.run { host async throws in
            let path = "/platform/projects/\(try await host.create())/content"
            let made = try await host.send("POST", "\(path)/folders", body: #"{"name":"Outer"}"#)
            #expect(made.status == 201)
            let outer = try #require(try made.json["id"]?.text)
            let inner = try #require(
                try await host.send(
                    "POST", "\(path)/folders", body: #"{"name":"Inner","parent_id":"\#(outer)"}"#
                ).json["id"]?.text)
            _ = try await host.send("PUT", path, body: Self.body(10, #","folder_id":"\#(inner)""#))
            _ = try await host.send("PUT", path, body: Self.body(11))
            func names(_ place: String, _ person: Person = .owner) async throws -> [String] {
                let data = try await host.send("GET", "\(path)/folders\(place)", token: person.token).json["data"]
                return (data?["folders"]?.all("name") ?? []).compactMap(\.text)
                    + (data?["contents"]?.all("name") ?? []).compactMap(\.text)
            }
            #expect(try await names("") == ["Outer", "s11"])
            #expect(try await names("", .developer).isEmpty)
            #expect(try await names("/\(outer)") == ["Inner"])
            #expect(try await names("/\(inner)") == ["s10"])
            #expect(try await names("?name=1") == ["s11", "s10"])
            #expect(try await names("?name=INN") == ["Inner"])
            let listing = try await host.send("GET", "\(path)/folders/\(inner)").json
            #expect(listing["data"]?["contents"]?[0]?["content"] == nil)
            let moved = try await host.send("PATCH", "\(path)/folders/\(inner)", body: #"{"parent_id":null}"#)
            #expect(moved.status == 200)
            #expect(try moved.json["parent_id"] == .null)
            #expect(try moved.json["name"] == .string("Inner"))
            let circle = #"{"parent_id":"\#(outer)"}"#
            #expect(try await host.send("PATCH", "\(path)/folders/\(outer)", body: circle).status == 400)
            for method in ["GET", "PATCH"] {
                let answer = try await host.send(
                    method, "\(path)/folders/\(inner)", body: "{}", token: Person.developer.token)
                #expect(answer.status == 404)
            }
            #expect(try await host.send("POST", "\(path)/folders", body: "{}").status == 400)
            let elsewhere = Self.body(12, #","folder_id":"\#(Self.id(99))""#)
            #expect(try await host.send("PUT", path, body: elsewhere).status == 404)
            #expect(try await host.send("DELETE", "\(path)/folders?ids=\(inner)").status == 200)
            #expect(try await host.send("GET", "\(path)/item/\(Self.id(10))").status == 404)
            #expect(try await names("") == ["Outer", "s11"])
        }
    }

    @Test("/v1 lists the SQL snippets of all visible projects, and of one")
    func management() async throws {
        try await APIHost.run { host async throws in
            let (one, two) = (try await host.create("one"), try await host.create("two"))
            let content = #","content":{"sql":"select 1","schema_version":5,"favorite":false}"#
            _ = try await host.send("PUT", "/platform/projects/\(one)/content", body: Self.body(10, content))
            _ = try await host.send("PUT", "/platform/projects/\(two)/content", body: Self.body(11))
            let report = Self.body(12).replacing(#""sql""#, with: #""report""#)
            _ = try await host.send("PUT", "/platform/projects/\(two)/content", body: report)
            let all = try await host.send("GET", "/v1/snippets?sort_by=name&sort_order=desc").json["data"]
            #expect(all?.all("project").compactMap { $0["name"]?.text } == ["two", "one"])
            #expect(all?[0]?["content"] == nil)
            let some = try await host.send("GET", "/v1/snippets?project_ref=\(two)").json["data"]
            #expect(some?.all("id").compactMap(\.text).contains(Self.id(11)) == true)
            #expect(some?.count == 1)
            let snippet = try await host.send("GET", "/v1/snippets/\(Self.id(10))").json["content"]
            #expect(snippet?["sql"] == .string("select 1"))
            #expect(snippet?["schema_version"] == .string("1.0"))
            #expect(try await host.send("GET", "/v1/snippets/\(Self.id(12))").status == 404)
            #expect(try await host.send("GET", "/v1/snippets", token: Person.stranger.token).json["data"]?.count == 0)
            let other = "/v1/snippets?project_ref=\(two)"
            #expect(try await host.send("GET", other, token: Person.stranger.token).status == 404)
            #expect(try await host.send("GET", "/v1/snippets?project_ref=x").status == 400)
        }
    }

    @Test(
        "what cannot be stored is refused, and nothing is stored",
        arguments: [
            ("", 400), ("{}", 400), (body(10).replacing(#""sql""#, with: #""x""#), 400),
            (body(10).replacing(#""user""#, with: #""all""#), 400),
            (body(10, #","content":[]"#), 400), (body(10, #","content":"x""#), 400), (body(10, name: ""), 400),
            (body(10, name: #"a\u0000b"#), 400), (body(10, name: String(repeating: "x", count: 257)), 400),
            (body(10).replacing(id(10), with: "ten"), 400), (body(10, #","favorite":"yes""#), 400),
            (body(10, #","description":"\#(String(repeating: "x", count: 4_097))""#), 400),
            (body(10, #","content":{"sql":"\#(String(repeating: "x", count: 1_000_000))"}"#), 413),
        ])
    func badBodies(body: String, status: Int) async throws {
        try await APIHost.run { host async throws in
            let path = "/platform/projects/\(try await host.create())/content"
            #expect(try await host.send("PUT", path, body: body).status == status)
            #expect(try await host.send("GET", path).json["data"] == .array([]))
        }
    }

    @Test(
        "what is not a query is 400",
        arguments: [
            "?limit=0", "?limit=101", "?limit=x", "?sort_by=size", "?sort_order=up", "?type=x", "?visibility=x",
            "?favorite=maybe", "?cursor=x", "?name=\(String(repeating: "x", count: 257))",
        ])
    func badQueries(query: String) async throws {
        try await APIHost.run { host async throws in
            let path = "/platform/projects/\(try await host.create())/content"
            #expect(try await host.send("GET", path + query).status == 400)
            let many = Array(repeating: Self.id(10), count: 101).joined(separator: ",")
            for ids in ["", "?ids=", "?ids=x", "?ids=\(many)"] {
                #expect(try await host.send("DELETE", path + ids).status == 400)
            }
        }
    }
}
