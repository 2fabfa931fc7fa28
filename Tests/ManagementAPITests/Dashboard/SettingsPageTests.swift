import HTTPTypes
import Identity
import Orchestrator
import OrchestratorTesting
import ProjectModel
import SettingTables
import Testing

@testable import APIKit
@testable import Dashboard
@testable import ManagementAPI

@Suite("Pages of settings, organization and installation")
struct SettingsPageTests {
    @Test("what was not touched stays as others have set it; what both have changed is refused")
    func lostUpdate() throws {
        let form = form(["max_rows": .integer(500), "db_schema": .string("public")])
        let group = try #require(form.groups.first { $0.keys.contains("max_rows") })
        func fields(_ text: String) throws -> FormFields { try FormFields(text) }
        // The form was made when max_rows was 1000, and asks for nothing: another's 500 stays.
        let untouched = try fields("s-max_rows=1000&o-max_rows=1000&s-db_schema=public&o-db_schema=public")
        #expect(form.change(untouched, group: group) == nil && form.conflicts(untouched, group: group).isEmpty)
        // It asks for 2000 and does not know of 500.
        let both = try fields("s-max_rows=2000&o-max_rows=1000")
        #expect(form.conflicts(both, group: group) == ["max_rows"])
        // Both want the same, or it knows what is there.
        for known in ["s-max_rows=500&o-max_rows=1000", "s-max_rows=2000&o-max_rows=500"] {
            #expect(try form.conflicts(fields(known), group: group).isEmpty, "\(known)")
        }
        #expect(
            try form.change(fields("s-max_rows=2000&o-max_rows=500"), group: group) == ["max_rows": .integer(2_000)])
    }

    @Test(
        "a form that is shown again shows what others have set where nothing was typed, and has seen no more than it says"
    )
    func shownAgain() throws {
        let form = form(["max_rows": .integer(500), "db_schema": .string("public"), "db_pool": .integer(7)])
        let given = try FormFields(
            "group=&s-max_rows=1000&o-max_rows=1000&s-db_schema=a&o-db_schema=b&s-db_pool=9&o-db_pool=3")
        func shown(_ conflicts: [String]) -> [String: [String?]] {
            let inputs = form.fields(given: given, problem: "no", conflicts: conflicts).elements[0]["inputs"].elements
            return Dictionary(
                inputs.map { ($0["key"].string ?? "", [$0["value"].string, $0["seen"].string]) }
            ) { $1 }
        }
        // Refused for another reason: the changes of others are still to be found.
        #expect(shown([]) == ["max_rows": ["500", "500"], "db_schema": ["a", "b"], "db_pool": ["9", "3"]])
        #expect(
            shown(["db_pool"]) == ["max_rows": ["500", "500"], "db_schema": ["a", "b"], "db_pool": ["9", "7"]])
    }

    private func form(_ values: [String: JSON]) -> SettingsForm { SettingsForm(area: .rest, values: values) }

    @Test("only what was changed is sent, with the type that its setting has")
    func changes() throws {
        let form = form(["db_schema": "public", "max_rows": 1_000, "db_pool": nil])
        let group = try #require(form.groups.first)
        #expect(form.groups.count == 1 && group.keys == ["db_schema", "max_rows", "db_pool"])
        func change(_ text: String) throws -> JSON? { form.change(try FormFields(text), group: group) }
        #expect(try change("s-db_schema=public&s-max_rows=1000&s-db_pool=") == nil)
        #expect(
            try change("s-db_schema=a,b&s-max_rows=5&s-db_pool=9") == ["db_schema": "a,b", "max_rows": 5, "db_pool": 9])
        #expect(try change("s-max_rows=many&s-unknown=1") == ["max_rows": "many"])
    }

    @Test("keys of nested objects are flattened and put together again")
    func nested() throws {
        let flat = SettingsForm.flat(["features": ["s3Protocol": ["enabled": true]], "fileSizeLimit": 5])
        #expect(flat == ["features.s3Protocol.enabled": true, "fileSizeLimit": 5])
        let form = SettingsForm(area: .storage, values: flat)
        let group = try #require(form.groups.first)
        let change = form.change(try FormFields("s-features.s3Protocol.enabled=false&s-fileSizeLimit=5"), group: group)
        #expect(change == ["features": ["s3Protocol": ["enabled": false]]])
    }

    @Test("every group of every service fits into a form, and has a rule for each setting")
    func groups() {
        for service in SettingsRoutes.services {
            let keys = SettingsForm.keys(of: service.area)
            let form = SettingsForm(
                area: service.area, values: Dictionary(uniqueKeysWithValues: keys.map { ($0, JSON.null) }))
            #expect(Set(form.groups.flatMap(\.keys)) == Set(keys))
            // A value and what was seen of it.
            for group in form.groups { #expect(2 * group.keys.count <= FormFields.fieldsMax - 5, "\(group.name)") }
            for group in form.fields(given: nil, problem: nil).elements {
                for input in group["inputs"].elements { #expect(input["rule"].string?.isEmpty == false) }
            }
        }
        #expect(SettingsForm.group(of: "external_google_client_id") == "external google")
        #expect(SettingsForm.group(of: "smtp_host") == "smtp" && SettingsForm.group(of: "external_x") == "external")
    }

    @Test("a setting is changed by its form, and a refusal stands at its field with what was typed")
    func page() async throws {
        try await APIHost.run { host in
            let ref = try await host.create("shop")
            try await host.set(.active, of: ref)
            let browser = try await BrowserVisitor(host, as: .owner)
            let path = "/dashboard/projects/\(ref)/settings"
            for suffix in [""] + SettingsRoutes.services.map({ "/\($0.name)" }) {
                #expect(try await browser.get(path + suffix).status == 200, "\(suffix)")
            }
            let saved = try await browser.post("\(path)/api", ["group": "", "s-max_rows": "77"])
            #expect(saved.status == 303 && saved.header("Location") == "\(path)/api?saved=1")
            #expect(try await host.send("GET", "/v1/projects/\(ref)/postgrest").json["max_rows"] == .number(77))
            let bad = try await browser.post("\(path)/api", ["group": "", "s-max_rows": "\"><script>"])
            #expect(bad.status == 400 && bad.text.contains("&quot;&gt;&lt;script&gt;"))
            let field = try #require(
                bad.text.firstMatch(of: #/s-max_rows"[\s\S]*?<p class="problem" role="alert">([^<]*)</#))
            #expect(field.1.contains("max_rows"))
            let both = try await browser.post(
                "\(path)/api",
                [
                    "group": "", "s-max_rows": "78", "o-max_rows": "1", "s-db_pool": "9", "o-db_pool": "3",
                    "s-db_schema": "old", "o-db_schema": "old",
                ])
            #expect(both.status == 409 && both.text.contains("max_rows, db_pool were changed"))
            #expect(!both.text.contains("value=\"old\"") && both.text.contains("name=\"o-max_rows\" value=\"77\""))
            #expect(try await browser.post("\(path)/api", ["group": "none"]).status == 404)
            let reader = try await BrowserVisitor(host, as: .readOnly)
            #expect(try await reader.post("\(path)/api", ["group": "", "s-max_rows": "5"]).status == 403)
        }
    }

    @Test("a member is invited, gets another role and is removed; the link of an invitation is shown once")
    func organization() async throws {
        try await APIHost.run { host in
            let browser = try await BrowserVisitor(host, as: .owner)
            let path = "/dashboard/organizations/default"
            let invited = try await browser.post(
                "\(path)/invitations", ["email": Person.stranger.account.email, "role": "4"])
            #expect(invited.status == 200)
            let link = try #require(
                invited.text.firstMatch(of: #/<pre>(\/dashboard\/organizations\/default\/join\/[^<]+)</#)
            ).1
            #expect(try await !browser.get(path).text.contains(String(link)))
            let guest = try await BrowserVisitor(host, as: .stranger)
            let page = try await guest.get(String(link))
            #expect(page.status == 200 && page.text.contains(">Join<"))
            #expect(try await BrowserVisitor(host, as: .developer).get(String(link)).text.contains("another e-mail"))
            #expect(try await guest.post(String(link)).status == 303)
            #expect(try await guest.get(path).status == 200)
            let id = Person.stranger.account.id
            #expect(try await browser.post("\(path)/members/\(id)/role", ["role": "3"]).status == 303)
            #expect(try await browser.post("\(path)/members/\(id)/remove").status == 303)
            #expect(try await guest.get(path).status == 404)
            #expect(try await guest.get("\(path)/join/none").status == 404)
        }
    }

    @Test("the installation's page is for its administrators")
    func installation() async throws {
        try await APIHost.run { host in
            let browser = try await BrowserVisitor(host, as: .owner)
            let page = try await browser.get("/dashboard/installation")
            #expect(page.status == 200 && page.text.contains("Kept volumes"))
            #expect(try await browser.get("/dashboard/installation/jobs").status == 200)
            let stored = try await browser.post(
                "/dashboard/installation/registries",
                ["registry": "registry.example", "username": "<b>me", "password": "hunter-secret"])
            #expect(stored.status == 303)
            let shown = try await browser.get("/dashboard/installation").text
            #expect(shown.contains("registry.example") && shown.contains("&lt;b&gt;me"))
            #expect(!shown.contains("hunter-secret"))
            #expect(try await browser.post("/dashboard/installation/orphans/5/remove").status == 404)
            for person in [Person.developer, .readOnly, .stranger] {
                let other = try await BrowserVisitor(host, as: person)
                #expect([403, 404].contains(try await other.get("/dashboard/installation").status), "\(person)")
                #expect(try await !other.get("/dashboard").text.contains("/dashboard/installation"), "\(person)")
            }
        }
    }
}
