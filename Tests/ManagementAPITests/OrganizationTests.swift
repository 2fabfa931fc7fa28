import Identity
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

@Suite("Organizations")
struct OrganizationTests {
    @Test("the list has what one is a member of, and nothing else")
    func list() async throws {
        try await APIHost.run { host in
            for path in ["/platform/organizations", "/organizations"] {
                let json = try await host.send("GET", path, token: Person.developer.token).json
                #expect(json.all("slug") == [.string("default")])
                #expect(json[0]?["is_owner"] == .bool(false))
                #expect(json[0]?["plan"] == .object(["id": .string("free"), "name": .string("Free")]))
                #expect(json[0]?["opt_in_tags"] == .array([]))
            }
            let owned = try await host.send("GET", "/platform/organizations").json
            #expect(owned[0]?["is_owner"] == .bool(true))
            #expect(
                try await host.send("GET", "/v1/organizations", token: Person.stranger.token).json
                    == .array([
                        .object([
                            "id": .string("elsewhere"), "slug": .string("elsewhere"), "name": .string("Elsewhere"),
                        ])
                    ]))
        }
    }

    @Test("the creator owns it at once; its slug has the form of a ref", arguments: ["/platform", "/v1"])
    func create(base: String) async throws {
        try await APIHost.run { host in
            let body = #"{"name":"Harbour","tier":"tier_free","kind":"PERSONAL","size":"1"}"#
            let answer = try await host.send(
                "POST", "\(base)/organizations", body: body, token: Person.readOnly.token)
            #expect(answer.status == 201)
            let slug = try #require(try answer.json["slug"]?.text)
            #expect(ProjectRef(slug) != nil)
            let detail = try await host.send(
                "GET", "/platform/organizations/\(slug)", token: Person.readOnly.token)
            #expect(detail.status == 200)
            #expect(try detail.json["name"] == .string("Harbour"))
            #expect(try detail.json["is_owner"] == .bool(true))
            #expect(try detail.json["has_oriole_project"] == .bool(false))
            #expect(try await host.send("GET", "/platform/organizations/\(slug)").status == 404)
            let trail = try await host.ledger.trail(AuditQuery(scope: .organization(slug)))
            #expect(trail.map(\.deed.action) == ["organization.create"])
            #expect(trail.first?.deed.after == ["name": "Harbour"])
        }
    }

    @Test(
        "a name that is none is 400", arguments: ["{}", #"{"name":""}"#, #"{"name":"a\u0000"}"#, #"{"name":7}"#])
    func badName(body: String) async throws {
        try await APIHost.run { host in
            for base in ["/platform", "/v1"] {
                let answer = try await host.send("POST", "\(base)/organizations", body: body)
                #expect(answer.status == 400)
                #expect(try answer.message?.contains("name") == true)
            }
        }
    }

    @Test("an owner changes it, with what was before and after in the trail; other roles do not")
    func update() async throws {
        try await APIHost.run { host in
            let path = "/platform/organizations/default"
            let body =
                #"{"name":"Harbour","billing_email":"bills@example.com","opt_in_tags":["AI_SQL_GENERATOR_OPT_IN"]}"#
            let answer = try await host.send("PATCH", path, body: body)
            #expect(answer.status == 200)
            #expect(try answer.json["name"] == .string("Harbour"))
            #expect(try answer.json["billing_email"] == .string("bills@example.com"))
            #expect(try answer.json["stripe_customer_id"] == .null)
            #expect(try await host.send("GET", path).json["opt_in_tags"]?.count == 1)
            #expect(
                try await host.send("GET", "/v1/organizations/default").json.keys == [
                    "id", "name", "plan", "opt_in_tags", "allowed_release_channels",
                ])
            let deed = try #require(
                try await host.ledger.trail(AuditQuery(scope: .organization("default"))).first?.deed)
            #expect(deed.action == "organization.update")
            #expect(deed.before["name"] == "Default Organization")
            #expect(deed.after["name"] == "Harbour")
            for person in [Person.administrator, .developer, .readOnly] {
                #expect(try await host.send("PATCH", path, body: body, token: person.token).status == 403)
                #expect(try await host.send("DELETE", path, token: person.token).status == 403)
            }
            for body in [#"{"opt_in_tags":["X"]}"#, #"{"billing_email":"x"}"#, #"{"name":""}"#] {
                #expect(try await host.send("PATCH", path, body: body).status == 400)
            }
        }
    }

    @Test("the default organization stays, one with projects stays, an empty one goes")
    func delete() async throws {
        try await APIHost.run { host in
            #expect(try await host.send("DELETE", "/platform/organizations/default").status == 409)
            let made = try await host.send("POST", "/platform/organizations", body: #"{"name":"Harbour"}"#).json
            let slug = try #require(made["slug"]?.text)
            let path = "/platform/organizations/\(slug)"
            let project = try await host.send(
                "POST", "/platform/projects", body: #"{"name":"demo","organization_slug":"\#(slug)"}"#)
            #expect(project.status == 201)
            #expect(try await host.send("DELETE", path).status == 409)
            let ref = try #require(try project.json["ref"]?.text.flatMap { ProjectRef($0) })
            try await host.set(.deleting, of: ref)
            try await host.set(.deleted, of: ref)
            let answer = try await host.send("DELETE", path)
            #expect(answer.status == 200)
            #expect(answer.body.isEmpty)
            #expect(try await host.send("GET", path).status == 404)
        }
    }

    @Test("its projects come in pages with their one database, on both APIs")
    func projects() async throws {
        try await APIHost.run { host in
            let refs = [try await host.create("one"), try await host.create("two")]
            let page = try await host.send(
                "GET", "/platform/organizations/default/projects?limit=1&offset=1&sort=name_asc",
                token: Person.readOnly.token
            ).json
            #expect(
                page["pagination"] == .object(["count": .number(2), "limit": .number(1), "offset": .number(1)]))
            let project = try #require(page["projects"]?[0])
            #expect(project["ref"] == .string(refs[1].text))
            #expect(project["integration_source"] == .null)
            #expect(project["databases"]?[0]?["identifier"] == project["ref"])
            #expect(project["databases"]?[0]?["type"] == .string("PRIMARY"))
            #expect(project["databases"]?[0]?["status"] == .string("COMING_UP"))
            let v1 = try await host.send("GET", "/v1/organizations/default/projects").json
            #expect(v1["projects"]?.count == 2)
            #expect(v1["projects"]?[0]?.keys.contains("integration_source") == false)
            let other = try await host.send(
                "GET", "/platform/organizations/elsewhere/projects", token: Person.stranger.token
            ).json
            #expect(other["projects"] == .array([]))
        }
    }

    @Test("a token for projects of two organizations finds each in its own")
    func projectsOfTwo() async throws {
        try await APIHost.run { host in
            let here = try await host.create("here")
            _ = try await host.create("unnamed")
            let made = try await host.send("POST", "/v1/organizations", body: #"{"name":"Harbour"}"#).json
            let slug = try #require(made["slug"]?.text)
            let there = try #require(
                try await host.send(
                    "POST", "/v1/projects", body: #"{"name":"there","organization_slug":"\#(slug)"}"#
                ).json["ref"]?.text)
            let token = try #require(
                try await host.send(
                    "POST", "/platform/profile/scoped-access-tokens",
                    body: #"{"name":"x","permissions":["projects_read"],"project_refs":["\#(here)","\#(there)"]}"#
                ).json["token"]?.text)
            let all = try await host.send("GET", "/platform/projects", token: token).json
            #expect(Set(all["projects"]?.all("name") ?? []) == [.string("here"), .string("there")])
            for (organization, names) in [("default", ["here", "unnamed"]), (slug, ["there"])] {
                let path = "/platform/organizations/\(organization)/projects?sort=name_asc"
                #expect(
                    try await host.send("GET", path).json["projects"]?.all("name") == names.map(JSONValue.string))
            }
        }
    }

    @Test("every status of a project is a status that databases can have", arguments: StudioStatus.allCases)
    func databaseStatus(status: StudioStatus) {
        #expect(StudioStatus.databaseStatuses.contains(status.databaseStatus))
        if StudioStatus.databaseStatuses.contains(status.rawValue) {
            #expect(status.databaseStatus == status.rawValue)
        }
    }
}
