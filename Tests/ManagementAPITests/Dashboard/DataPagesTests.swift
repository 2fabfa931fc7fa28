import HTTPTypes
import Identity
import NIOCore
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Synchronization
import Testing

@testable import APIKit
@testable import Dashboard
@testable import ManagementAPI

@Suite("Pages of a database")
struct DataPagesTests {
    private static let hostile = "\"><script>alert(1)</script>"
    private static let quoted = hostile.replacing("\"", with: "\\\"")

    /// A database with one table, whose names and values try to be more than text.
    private static func answer(_ sql: String) -> String {
        if sql.contains("from pg_namespace where nspname !~") { return #"[{"name":"public"},{"name":"\#(quoted)"}]"# }
        if sql.contains("from pg_roles\n") || sql.contains("from pg_roles where not") || sql.contains("rolcanlogin") {
            return #"[{"name":"anon"},{"name":"authenticated"}]"#
        }
        if sql.contains("pg_total_relation_size") {
            return #"""
                [{"oid":"16400","name":"\#(quoted)","kind":"r","row_security":false,"estimate":"-1","bytes":"8192",
                "policies":"1","comment":"\#(quoted)"}]
                """#
        }
        if sql.contains("c.oid = $1::oid") {
            let columns =
                #"[{"name":"id","type":"bigint","nullable":false,"default":null,"computed":false,"identity":true,"#
                + #""key":true},{"name":"\#(quoted)","type":"text","nullable":true,"default":null,"computed":false,"#
                + #""identity":false,"key":false}]"#
            let policies =
                #"[{"name":"\#(quoted)","permissive":true,"command":"SELECT","roles":"anon","using":"\#(quoted)","#
                + #""check":null}]"#
            return #"""
                [{"schema":"public","name":"\#(quoted)","kind":"r","row_security":"false","estimate":"1",
                "columns":\#(text(columns)),"policies":\#(text(policies))}]
                """#
        }
        if sql.hasPrefix("select left(") {
            return #"[{"c0":"1","c1":"\#(quoted)","k0":"1","is_row":1},{"c0":"2","c1":null,"k0":"2","is_row":1}]"#
        }
        if sql.hasPrefix("select \"id\"::text as c0") {
            return #"[{"c0":"1","c1":"\#(quoted)"\#(sql.contains("xmin") ? #","version":"700""# : "")}]"#
        }
        if sql.contains("pg_available_extensions") {
            return #"[{"name":"\#(quoted)","default_version":"1","installed_version":null,"comment":"\#(quoted)"}]"#
        }
        if sql.contains("returning 1") { return #"[{"changed":1}]"# }
        return "[]"
    }

    /// JSON text as a JSON string.
    private static func text(_ json: String) -> String {
        "\"" + json.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }

    private static func prepare(_ host: APIHost) async throws -> (ref: ProjectRef, browser: BrowserVisitor) {
        let ref = try await host.create("shop")
        try await host.set(.active, of: ref)
        host.databases.setAnswer { call in
            let json = Array(answer(call.query.sql).utf8)
            return QueryAnswer(json: json, rowCount: 1)
        }
        return (ref, try await BrowserVisitor(host, as: .owner))
    }

    @Test("every name and cell is text")
    func hostile() async throws {
        try await APIHost.run { host in
            let (ref, browser) = try await Self.prepare(host)
            let path = "/dashboard/projects/\(ref)"
            for page in [
                "/data", "/data/16400", "/data/16400/policies", "/data/16400/row", "/data/16400/row?k0=1",
                "/data/extensions", "/data/16400?column=%3Cscript%3E&op=equals&value=%22%3E%3Cscript%3Ealert(1)",
            ] {
                let answer = try await browser.get(path + page)
                #expect(answer.status == 200, "\(page): \(answer.text)")
                #expect(!answer.text.contains("<script>alert"), "\(page)")
                #expect(answer.text.contains("&lt;script&gt;alert(1)"), "\(page)")
            }
        }
    }

    @Test("rows are read only, as the owner or as a role of choice, and a row has its form")
    func rows() async throws {
        try await APIHost.run { host in
            let (ref, browser) = try await Self.prepare(host)
            let path = "/dashboard/projects/\(ref)/data/16400"
            let page = try await browser.get("\(path)?sort=id&desc=1").text
            #expect(page.contains("\(path)/row?k0=1") && page.contains("aria-sort=\"descending\""))
            #expect(page.contains("NULL") && page.contains("Rows 1 to 2"))
            #expect(host.databases.calls.allSatisfy { $0.query.isReadOnly })
            _ = try await browser.get("\(path)?role=anon")
            #expect(
                host.databases.calls.last?.query.role == "anon" && host.databases.calls.last?.query.isReadOnly == false)
            _ = try await browser.get("\(path)?role=postgres")
            #expect(host.databases.calls.last?.query.isReadOnly == true, "an unknown role was taken on")
            #expect(try await browser.get("/dashboard/projects/\(ref)/data/x").status == 404)
        }
    }

    @Test("a form of a row that was changed meanwhile changes nothing, and says so; sent again it does")
    func lostUpdate() async throws {
        try await APIHost.run { host in
            let (ref, browser) = try await Self.prepare(host)
            let path = "/dashboard/projects/\(ref)/data/16400"
            let page = try await browser.get("\(path)/row?k0=1").text
            let seen = try #require(page.firstMatch(of: /name="seen" value="([0-9a-f]+)"/)).1
            for (mark, status) in [("abc", 400), (String(seen), 303)] {
                let calls = host.databases.calls.count { $0.query.sql.contains("update ") }
                let changed = try await browser.post(
                    "\(path)/row", ["k0": "1", "v0": "1", "v1": "new", "seen": mark])
                #expect(changed.status == status)
                #expect((status == 400) == changed.text.contains("another one by now"))
                #expect(
                    host.databases.calls.count { $0.query.sql.contains("update ") } == calls + (status == 400 ? 0 : 1))
            }
            let deleted = try await browser.post("\(path)/row/delete", ["k0": "1", "seen": "abc"])
            #expect(deleted.status == 400)
        }
    }

    @Test("a row that another changes between the look and the statement is not changed, and is shown as it is then")
    func changedBetween() async throws {
        for (later, message) in [("other", "another one by now"), ("first", "a policy or a trigger keeps")] {
            try await APIHost.run { host in
                let (ref, browser) = try await Self.prepare(host)
                let reads = Mutex(0)
                host.databases.setAnswer { call in
                    var json = Self.answer(call.query.sql)
                    if call.query.sql.contains("returning 1") { json = "[]" }
                    if call.query.sql.hasPrefix("select \"id\"::text as c0") {
                        let isFirst = reads.withLock { count in
                            count += 1
                            return count == 1
                        }
                        json = #"[{"c0":"1","c1":"\#(isFirst ? "first" : later)"}]"#
                    }
                    return QueryAnswer(json: Array(json.utf8), rowCount: 1)
                }
                let fields = [
                    "k0": "1", "v0": "5", "o0": RowEdit.fieldMark(of: "1"), "m0": "value", "v1": "first",
                    "o1": RowEdit.fieldMark(of: "first"), "m1": "value", "seen": RowEdit.mark(of: ["1", "first"]),
                ]
                let changed = try await browser.post("/dashboard/projects/\(ref)/data/16400/row", fields)
                #expect(changed.status == 400 && changed.text.contains(message))
                #expect(changed.text.contains("name=\"v0\"") && changed.text.contains("value=\"5\""))
                #expect(changed.text.contains("value=\"\(later)\""))
                #expect(changed.text.contains("name=\"seen\" value=\"\(RowEdit.mark(of: ["1", later]))\""))
            }
        }
    }

    @Test("texts that differ have different marks, NULL among them")
    func marks() {
        let texts: [[String?]] = [
            [], [nil], [""], ["-"], ["a", "b"], ["ab"], ["ab", nil], ["a:b"], ["b", "a"], [nil, nil],
        ]
        #expect(Set(texts.map(RowEdit.mark)).count == texts.count)
    }

    @Test("a row is inserted, changed and deleted with parameters, under the role of the form")
    func changes() async throws {
        try await APIHost.run { host in
            let (ref, browser) = try await Self.prepare(host)
            let path = "/dashboard/projects/\(ref)/data/16400"
            let inserted = try await browser.post(
                "\(path)/rows", ["v0": "", "m0": "default", "v1": "'); --", "role": "authenticated"])
            #expect(inserted.status == 303 && inserted.header("Location") == "\(path)?role=authenticated")
            var call = try #require(host.databases.calls.last)
            #expect(call.query.sql.contains("values ($1)") && call.query.parameters == [.string("'); --")])
            #expect(call.query.role == "authenticated")
            let changed = try await browser.post("\(path)/row", ["k0": "1", "v0": "1", "v1": "new"])
            #expect(changed.status == 303 && changed.header("Location") == path)
            call = try #require(host.databases.calls.last)
            #expect(call.query.sql.hasPrefix("update ") && call.query.sql.contains("xmin::text = $3"))
            #expect(call.query.parameters == [.string("new"), .string("1"), .string("700")])
            #expect(call.query.role == nil)
            let deleted = try await browser.post("\(path)/row/delete", ["k0": "1"])
            #expect(deleted.status == 303)
            #expect(host.databases.calls.last?.query.sql.hasPrefix("delete from ") == true)
            let actions = try await host.ledger.trail(.init(scope: .organization("default"))).map(\.deed.action)
            #expect(actions.filter { $0 == "database.query" }.count == 3)
        }
    }

    @Test("what the database refuses stands above the form with what was typed")
    func refused() async throws {
        try await APIHost.run { host in
            let (ref, browser) = try await Self.prepare(host)
            host.databases.setAnswer { call throws(ProjectDatabaseError) in
                guard !call.query.sql.hasPrefix("insert") else {
                    throw .query(QueryFailure(message: "<b>no</b>", code: "22P02"))
                }
                let json = Array(Self.answer(call.query.sql).utf8)
                return QueryAnswer(json: json, rowCount: 1)
            }
            let answer = try await browser.post(
                "/dashboard/projects/\(ref)/data/16400/rows", ["v0": "seven", "v1": "kept"])
            #expect(answer.status == 400 && answer.text.contains("&lt;b&gt;no&lt;/b&gt;"))
            #expect(answer.text.contains("value=\"seven\"") && answer.text.contains("value=\"kept\""))
        }
    }

    @Test("row level security is switched by those who may write, and by a form that says which way")
    func rowSecurity() async throws {
        try await APIHost.run { host in
            let (ref, browser) = try await Self.prepare(host)
            let path = "/dashboard/projects/\(ref)/data/16400/row-security"
            #expect(try await browser.post(path, ["enable": "1"]).status == 303)
            #expect(host.databases.calls.last?.query.sql.hasSuffix("enable row level security") == true)
            #expect(try await browser.post(path).status == 400)
            let reader = try await BrowserVisitor(host, as: .readOnly)
            #expect(try await reader.post(path, ["enable": "0"]).status == 403)
            let page = try await reader.get("/dashboard/projects/\(ref)/data/16400/policies").text
            #expect(!page.contains(path))
        }
    }

    @Test("a statement of the editor answers with its rows, or with its error at the place")
    func editor() async throws {
        try await APIHost.run { host in
            let (ref, browser) = try await Self.prepare(host)
            let path = "/dashboard/projects/\(ref)/sql"
            #expect(try await browser.get(path).text.contains("<textarea"))
            host.databases.setAnswer { call throws(ProjectDatabaseError) in
                if call.query.sql.contains("rolcanlogin") {
                    return QueryAnswer(json: Array(#"[{"name":"anon"}]"#.utf8), rowCount: 1)
                }
                if call.query.sql.contains("bad") {
                    var failure = QueryFailure(message: "no such column", code: "42703")
                    failure.position = 17
                    throw .query(failure)
                }
                return QueryAnswer(json: Array(#"[{"z":"<i>","a":null}]"#.utf8), rowCount: 1)
            }
            let rows = try await browser.post(path, ["sql": "select 1 as z", "role": "anon"])
            #expect(rows.status == 200 && rows.text.contains("&lt;i&gt;") && rows.text.contains("NULL"))
            let heads = try #require(rows.text.firstMatch(of: #/<bdi>z<\/bdi>[\s\S]*<bdi>a<\/bdi>/#))
            #expect(!heads.0.isEmpty)
            #expect(host.databases.calls.contains { $0.query.sql == "select 1 as z" && $0.query.role == "anon" })
            let bad = try await browser.post(path, ["sql": "select 1;\r\nselect bad"])
            #expect(bad.status == 400 && bad.text.contains("line 2, column 7"))
            #expect(bad.text.contains("select 1;\nselect bad"))
            #expect(try await browser.post(path, ["sql": " "]).status == 400)
            let reader = try await BrowserVisitor(host, as: .readOnly)
            _ = try await reader.post(path, ["sql": "delete from t", "role": "anon"])
            #expect(host.databases.calls.last { $0.query.sql == "delete from t" }?.query.isReadOnly == true)
        }
    }

    @Test("a snippet is kept, opened and deleted")
    func snippets() async throws {
        try await APIHost.run { host in
            let (ref, browser) = try await Self.prepare(host)
            let path = "/dashboard/projects/\(ref)/sql"
            let kept = try await browser.post("\(path)/snippets", ["sql": "select 7", "name": Self.hostile])
            #expect(kept.status == 303)
            let place = try #require(kept.header("Location"))
            let page = try await browser.get(place).text
            #expect(page.contains("select 7") && !page.contains("<script>alert"))
            let id = try #require(place.split(separator: "=").last)
            #expect(try await browser.post("\(path)/snippets/\(id)/delete").status == 303)
            #expect(try await browser.get(place).status == 404)
            #expect(try await browser.post("\(path)/snippets", ["sql": "select 7", "name": ""]).status == 400)
        }
    }
}
