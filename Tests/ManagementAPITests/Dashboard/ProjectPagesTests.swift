import HTTPTypes
import Identity
import NIOCore
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import Dashboard
@testable import ManagementAPI

@Suite("Pages of projects")
struct ProjectPagesTests {
    @Test("the front page says that there is nothing, then shows each project with its status")
    func list() async throws {
        try await APIHost.run { host in
            let browser = try await BrowserVisitor(host, as: .owner)
            #expect(try await browser.get("/dashboard").text.contains("There is no project yet"))
            let ref = try await host.create("shop")
            try await host.set(.active, of: ref)
            _ = try await host.create("blog")
            let page = try await browser.get("/dashboard").text
            #expect(page.contains("<bdi>shop</bdi>") && page.contains("<bdi>blog</bdi>"))
            #expect(page.contains("status good\">Running") && page.contains("status busy\">Starting"))
            #expect(page.contains("/dashboard/projects/\(ref)"))
        }
    }

    @Test("the list can be searched and filtered, and what was looked for stays in the form")
    func search() async throws {
        try await APIHost.run { host in
            let browser = try await BrowserVisitor(host, as: .owner)
            let shop = try await host.create("shop front")
            _ = try await host.create("blog")
            try await host.set(.active, of: shop)
            let found = try await browser.get("/dashboard?search=shop%20f").text
            #expect(found.contains("<bdi>shop front</bdi>") && !found.contains("blog"))
            #expect(found.contains("value=\"shop f\""))
            let running = try await browser.get("/dashboard?filter=running").text
            #expect(running.contains("shop") && !running.contains("<bdi>blog"))
            #expect(running.contains("<option value=\"running\" selected>"))
            let none = try await browser.get("/dashboard?search=%22%3E%3Cscript%3E&filter=nonsense")
            #expect(none.status == 200 && none.text.contains("No project is like that"))
            #expect(!none.text.contains("\"><script>"))
            let part = try await browser.get("/dashboard/projects?search=blog").text
            #expect(part.contains("<bdi>blog</bdi>") && !part.contains("<html"))
        }
    }

    @Test("a project is created by the form, and its page shows each service")
    func create() async throws {
        try await APIHost.run { host in
            let browser = try await BrowserVisitor(host, as: .owner)
            #expect(try await browser.get("/dashboard/new").text.contains("value=\"lite\" checked"))
            let bad = try await browser.post("/dashboard/new", ["name": "", "organization": "default"])
            #expect(bad.status == 400 && bad.text.contains("role=\"alert\""))
            let unknown = try await browser.post(
                "/dashboard/new", ["name": "<i>x</i>", "organization": "default", "stack": "unknown"])
            #expect((400..<500).contains(unknown.status) && !unknown.text.contains("<i>x"))
            let made = try await browser.post("/dashboard/new", ["name": " shop ", "organization": "default"])
            #expect(made.status == 303)
            let path = try #require(made.header("Location"))
            let ref = try #require(ProjectRef(path.replacing("/dashboard/projects/", with: "")))
            #expect(try await host.store.project(ref)?.name.text == "shop")
            let page = try await browser.get(path)
            #expect(page.status == 200 && page.text.contains("<h1><bdi>shop</bdi></h1>"))
            let record = try #require(try await host.store.project(ref))
            for service in record.services { #expect(page.text.contains("id=\"service-\(service)\""), "\(service)") }
            let events = try await host.ledger.trail(.init(scope: .organization("default"))).map(\.deed)
            #expect(events.first?.action == "project.create" && events.first?.route == "POST /platform/projects")
            #expect(events.first?.credential.hasPrefix("session ") == true)
            let again = try await browser.post("/dashboard/new", ["name": "shop", "organization": "default"])
            #expect(again.status == 409 && again.text.contains("value=\"shop\""))
        }
    }

    @Test("pause, resume and restart are asked for as by the API, and refused as there")
    func lifecycle() async throws {
        try await APIHost.run { host in
            let browser = try await BrowserVisitor(host, as: .owner)
            let ref = try await host.create()
            try await host.set(.active, of: ref)
            let path = "/dashboard/projects/\(ref)"
            #expect(try await browser.post("\(path)/resume").status == 409)
            #expect(try await browser.post("\(path)/pause").header("Location") == path)
            #expect(try await host.store.project(ref)?.status == .pausing)
            let page = try await browser.get(path).text
            #expect(page.contains("status busy\">Pausing") && !page.contains("\(path)/pause"))
            #expect(page.contains("/operations/"))
            let operation = try #require(page.firstMatch(of: #/operations\/([0-9a-f-]{36})"/#)).1
            #expect(try await browser.get("\(path)/operations/\(operation)").text.contains("<h1>pause</h1>"))
            try await host.set(.paused, of: ref)
            #expect(try await browser.post("\(path)/resume").status == 303)
            #expect(try await host.store.project(ref)?.status == .resuming)
            let cancel = try await browser.post("\(path)/operations/\(operation)/cancel")
            #expect(cancel.status == 409, "an operation that has ended was cancelled")
        }
    }

    @Test("keys are not in a page until they are asked for, which the audit trail keeps")
    func keys() async throws {
        try await APIHost.run { host in
            let browser = try await BrowserVisitor(host, as: .owner)
            let ref = try await host.create()
            try await host.set(.active, of: ref)
            let secrets = try await host.catalog.secrets(of: ref).values.map { $0.reveal() }.filter { $0.count > 8 }
            #expect(!secrets.isEmpty)
            for path in ["", "/parts"] {
                let page = try await browser.get("/dashboard/projects/\(ref)\(path)").text
                for secret in secrets { #expect(!page.contains(secret)) }
            }
            let page = try await browser.post("/dashboard/projects/\(ref)/keys")
            #expect(page.status == 200 && page.text.contains("service_role"))
            #expect(secrets.contains { page.text.contains($0) })
            #expect(page.header("Cache-Control") == "no-store")
            let actions = try await host.ledger.trail(.init(scope: .organization("default"))).map(\.deed.action)
            #expect(actions.contains("project.credentials"))
            #expect(try await browser.get("/dashboard/projects/\(ref)/keys").status == 405)
        }
    }

    @Test("a deletion wants the name and a choice about the data, and does what was chosen", arguments: [true, false])
    func deletion(keeps: Bool) async throws {
        try await APIHost.run { host in
            let browser = try await BrowserVisitor(host, as: .owner)
            let ref = try await host.create("shop")
            try await host.set(.active, of: ref)
            let path = "/dashboard/projects/\(ref)/delete"
            let page = try await browser.get(path).text
            #expect(page.contains("value=\"keep\" checked") && page.contains("lost for good"))
            let data = keeps ? "keep" : "destroy"
            for fields in [
                ["name": "shopp", "data": data], ["data": data], ["name": "shop"], ["name": "shop", "data": "x"],
            ] {
                let answer = try await browser.post(path, fields)
                #expect(answer.status == 400 && answer.text.contains("nothing was deleted"), "\(fields)")
            }
            #expect(try await host.store.project(ref)?.status == .active)
            let deleted = try await browser.post(path, ["name": "shop", "data": data])
            #expect(deleted.status == 303)
            #expect(try await host.store.project(ref)?.status == .deleting)
            let receipt = try await browser.get("/dashboard/projects/\(ref)/deletion")
            #expect(receipt.status == 200)
            #expect(receipt.text.contains(keeps ? "The volumes are kept" : "The volumes are destroyed"))
        }
    }

    @Test("a log is shown as text")
    func log() async throws {
        try await APIHost.run { host in
            let browser = try await BrowserVisitor(host, as: .owner)
            let ref = try await host.create()
            let answer = try await browser.get("/dashboard/projects/\(ref)/services/none/logs")
            #expect(answer.status == 404 && answer.text.contains("has no such service"))
            #expect(try await browser.get("/dashboard/projects/\(ref)/services/%3Cscript%3E/logs").status == 404)
        }
    }

    @Test("an organization's page has its members, and its trail for those who may read it")
    func organization() async throws {
        try await APIHost.run { host in
            let owner = try await BrowserVisitor(host, as: .owner).get("/dashboard/organizations/default").text
            #expect(owner.contains("developer@example.com") && owner.contains("Read-only"))
            #expect(owner.contains("Audit trail"))
            let reader = try await BrowserVisitor(host, as: .readOnly).get("/dashboard/organizations/default").text
            #expect(reader.contains("owner@example.com") && !reader.contains("Audit trail"))
        }
    }

    @Test("a path that does not exist and a method that it does not know are pages, too")
    func unknown() async throws {
        try await APIHost.run { host in
            let browser = try await BrowserVisitor(host, as: .owner)
            for path in [
                "/dashboard/nowhere", "/dashboard/projects/short", "/dashboard/",
                "/dashboard/projects/\(ProjectRef.sample)",
            ] {
                let answer = try await browser.get(path)
                #expect(answer.status == 404 && answer.text.contains("<h1>Not found</h1>"), "\(path)")
            }
            let beside = try await host.send("GET", "/dashboards", token: nil)
            #expect(beside.status == 404 && beside.isJSON)
        }
    }
}

extension ProjectRef {
    fileprivate static var sample: String { "zzzzzzzzzzzzzzzzzzzz" }
}
