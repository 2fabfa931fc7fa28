import Identity
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

@Suite("Members, roles and invitations")
struct MembersTests {
    private static let base = "/platform/organizations/default"

    private static func member(_ person: Person) -> String { "\(base)/members/\(person.account.id)" }

    private static func roles(_ host: APIHost) async throws -> [String: JSONValue] {
        let json = try await host.send("GET", "\(base)/members").json
        var roles: [String: JSONValue] = [:]
        for index in 0..<json.count {
            guard let name = json[index]?["username"]?.text else { continue }
            roles[name] = json[index]?["role_ids"]
        }
        return roles
    }

    @Test("members are listed with their roles, for all who are in")
    func list() async throws {
        try await APIHost.run { host in
            let json = try await host.send("GET", "\(Self.base)/members", token: Person.readOnly.token).json
            #expect(json.count == 4)
            #expect(
                json[0]?.keys == [
                    "gotrue_id", "username", "primary_email", "role_ids", "mfa_enabled", "is_sso_user", "metadata",
                    "avatar_url",
                ])
            #expect(
                try await Self.roles(host) == [
                    "owner": .array([.number(1)]), "administrator": .array([.number(2)]),
                    "developer": .array([.number(3)]), "readOnly": .array([.number(4)]),
                ])
            let v1 = try await host.send("GET", "/v1/organizations/default/members").json
            #expect(
                v1.all("role_name") == ["Owner", "Administrator", "Developer", "Read-only"].map(JSONValue.string))
            #expect(
                try await host.send("GET", "\(Self.base)/members/reached-free-project-limit").json == .array([]))
        }
    }

    @Test("roles: four for the organization, and those made for projects with the projects' names")
    func roles() async throws {
        try await APIHost.run { host in
            let ref = try await host.create("demo")
            let body = #"{"role_id":3,"role_scoped_projects":["\#(ref)"]}"#
            #expect(try await host.send("PATCH", Self.member(.readOnly), body: body).status == 200)
            let json = try await host.send("GET", "\(Self.base)/roles").json
            #expect(
                json["org_scoped_roles"]?.all("name")
                    == ["Owner", "Administrator", "Developer", "Read-only"].map(JSONValue.string))
            let scoped = try #require(json["project_scoped_roles"]?[0])
            #expect(scoped["base_role_id"] == .number(3))
            #expect(
                scoped["projects"]
                    == .array([.object(["name": .string("demo"), "ref": .string(ref.text)])]))
        }
    }

    @Test("a role is given, limited to projects and taken away; each change counts at once and stands in the trail")
    func changes() async throws {
        try await APIHost.run { host in
            let ref = try await host.create("demo")
            // Asked first, so that an answer remembered from before would show.
            #expect(
                try await host.send("POST", "/platform/projects/\(ref)/pause", token: Person.readOnly.token).status
                    == 403)
            let answer = try await host.send("PATCH", Self.member(.readOnly), body: #"{"role_id":2}"#)
            #expect(answer.status == 200)
            #expect(answer.body.isEmpty)
            #expect(try await Self.roles(host)["readOnly"] == .array([.number(2)]))
            try await host.bring(ref, to: .active)
            #expect(
                try await host.send("POST", "/platform/projects/\(ref)/pause", token: Person.readOnly.token).status
                    == 201)
            let deed = try #require(
                try await host.ledger.trail(AuditQuery(scope: .organization("default")))
                    .first { $0.deed.action == "member.role" }?.deed)
            #expect(deed.before == ["roles": "Read-only"])
            #expect(deed.after == ["roles": "Administrator"])
            #expect(deed.target["account"] == Person.readOnly.account.id)
            let limited = #"{"role_scoped_projects":["\#(ref)"]}"#
            #expect(
                try await host.send("PUT", "\(Self.member(.readOnly))/roles/3", body: limited).status == 200)
            #expect(
                try await host.send("DELETE", "\(Self.member(.readOnly))/roles/2").status == 200)
            let left = try #require(try await Self.roles(host)["readOnly"])
            #expect(left.count == 1)
            #expect(left != .array([.number(2)]))
        }
    }

    @Test("the last owner stays, administrators make no owners, and who may not change members does not")
    func refused() async throws {
        try await APIHost.run { host async throws in
            #expect(try await host.send("DELETE", Self.member(.owner)).status == 409)
            #expect(
                try await host.send("PATCH", Self.member(.owner), body: #"{"role_id":4}"#).status == 409)
            #expect(
                try await host.send(
                    "PATCH", Self.member(.administrator), body: #"{"role_id":1}"#, token: Person.administrator.token
                ).status == 403)
            #expect(
                try await host.send("DELETE", Self.member(.owner), token: Person.administrator.token).status == 403)
            #expect(
                try await host.send("DELETE", Self.member(.readOnly), token: Person.developer.token).status == 403)
            #expect(try await host.send("DELETE", Self.member(.stranger)).status == 404)
            for (body, status) in [
                ("{}", 400), (#"{"role_id":99}"#, 404), (#"{"role_id":3,"role_scoped_projects":["x"]}"#, 400),
            ] {
                #expect(try await host.send("PATCH", Self.member(.readOnly), body: body).status == status)
            }
            #expect(
                try await host.send("PUT", "\(Self.member(.readOnly))/roles/3", body: "{}").status == 400)
            #expect(try await host.send("DELETE", "\(Self.base)/members/nobody").status == 404)
            #expect(try await Self.roles(host).count == 4)
            #expect(host.ledger.entries.isEmpty)
        }
    }

    @Test("an administrator removes a member, and members leave")
    func leaving() async throws {
        try await APIHost.run { host in
            #expect(
                try await host.send("DELETE", Self.member(.developer), token: Person.administrator.token).status == 200)
            #expect(try await host.send("GET", Self.base, token: Person.developer.token).status == 404)
            #expect(
                try await host.send("DELETE", Self.member(.readOnly), token: Person.readOnly.token).status == 200)
            #expect(Set(try await Self.roles(host).keys) == ["owner", "administrator"])
            let trail = try await host.ledger.trail(AuditQuery(scope: .organization("default")))
            #expect(trail.map(\.deed.action) == ["member.remove", "member.remove"])
            #expect(trail.first?.deed.before == ["roles": "Read-only"])
            #expect(trail.first?.deed.after == [:])
        }
    }

    @Test("an invitation shows its token once, and admits its address, once, and no other")
    func invitation() async throws {
        try await APIHost.run { host in
            let all = "\(Self.base)/members/invitations"
            let body = #"{"email":"stranger@example.com","role_id":3}"#
            let answer = try await host.send("POST", all, body: body, token: Person.administrator.token)
            #expect(answer.status == 201)
            let token = try #require(try answer.json["token"]?.text)
            #expect(try answer.json["succeeded"] == .array([.string("stranger@example.com")]))
            let list = try await host.send("GET", all)
            #expect(try list.json["invitations"]?[0]?["invited_email"] == .string("stranger@example.com"))
            #expect(try list.json["invitations"]?[0]?["role_id"] == .number(3))
            #expect(!list.text.contains(token))
            for entry in host.ledger.entries { #expect(!entry.deed.canonical(number: 1).contains(token)) }

            let status = try await host.send("GET", "\(all)/\(token)", token: Person.stranger.token).json
            #expect(status["email_match"] == .bool(true))
            #expect(status["organization_name"] == .string("Default Organization"))
            #expect(status["expired_token"] == .bool(false))
            #expect(status["token_does_not_exist"] == .bool(false))
            let mismatch = try await host.send("GET", "\(all)/\(token)", token: Person.developer.token).json
            #expect(mismatch["email_match"] == .bool(false))
            #expect(
                try await host.send("POST", "\(all)/\(token)", token: Person.developer.token).status == 403)
            let elsewhere = "/platform/organizations/elsewhere/members/invitations/\(token)"
            #expect(
                try await host.send("GET", elsewhere, token: Person.stranger.token).json["token_does_not_exist"]
                    == .bool(true))
            #expect(try await host.send("POST", elsewhere, token: Person.stranger.token).status == 404)

            #expect(try await host.send("GET", Self.base, token: Person.stranger.token).status == 404)
            #expect(
                try await host.send("POST", "\(all)/\(token)", token: Person.stranger.token).status == 201)
            #expect(try await host.send("GET", Self.base, token: Person.stranger.token).status == 200)
            #expect(
                try await host.send("POST", "\(all)/\(token)", token: Person.stranger.token).status == 404)
            #expect(
                try await host.ledger.trail(AuditQuery(scope: .organization("default"))).map(\.deed.action)
                    == ["member.join", "invitation.create"])
        }
    }

    @Test("an invitation can be withdrawn, and unknown ones are distinguished from none")
    func withdrawn() async throws {
        try await APIHost.run { host in
            let all = "\(Self.base)/members/invitations"
            let made = try await host.send("POST", all, body: #"{"email":"x@example.com","role_id":4}"#).json
            guard case .number(let number)? = made["id"] else {
                Issue.record("there is no id")
                return
            }
            #expect(try await host.send("DELETE", "\(all)/\(Int(number))").status == 200)
            #expect(try await host.send("DELETE", "\(all)/\(Int(number))").status == 404)
            #expect(try await host.send("DELETE", "\(all)/x").status == 404)
            #expect(try await host.send("GET", all).json["invitations"] == .array([]))
            let status = try await host.send("GET", "\(all)/unknown").json
            #expect(status["token_does_not_exist"] == .bool(true))
            #expect(status.keys.contains("invite_id") == false)
            for body in [#"{"email":"x","role_id":4}"#, #"{"email":"x@example.com"}"#, #"{"role_id":4}"#] {
                #expect(try await host.send("POST", all, body: body).status == 400)
            }
            #expect(
                try await host.send(
                    "POST", all, body: #"{"email":"x@example.com","role_id":1}"#, token: Person.administrator.token
                ).status == 403)
        }
    }

    @Test("a member of one project sees the organization, that project in its list, and nothing to change")
    func limitedMember() async throws {
        try await APIHost.run { host in
            let (mine, other) = (try await host.create("mine"), try await host.create("other"))
            let token = Person.readOnly.token
            let path = "\(Self.member(.readOnly))/roles"
            let body = #"{"role_id":2,"role_scoped_projects":["\#(mine)"]}"#
            #expect(try await host.send("PATCH", Self.member(.readOnly), body: body).status == 200)
            #expect(try await host.send("DELETE", "\(path)/4").status == 200)
            #expect(try await host.send("GET", Self.base, token: token).status == 200)
            #expect(try await host.send("GET", "\(Self.base)/members", token: token).status == 200)
            let list = try await host.send("GET", "\(Self.base)/projects", token: token).json
            #expect(list["projects"]?.all("ref") == [.string(mine.text)])
            #expect(list["pagination"]?["count"] == .number(1))
            let otherRole = #"{"role_id":3,"role_scoped_projects":["\#(other)"]}"#
            #expect(try await host.send("PATCH", Self.member(.developer), body: otherRole).status == 200)
            let roles = try await host.send("GET", "\(Self.base)/roles", token: token)
            #expect(roles.text.contains(mine.text) && !roles.text.contains(other.text))
            #expect(try await host.send("DELETE", "/platform/projects/\(other)", token: token).status == 404)
            #expect(try await host.send("PATCH", Self.base, body: #"{"name":"x"}"#, token: token).status == 403)
            #expect(try await host.send("GET", "\(Self.base)/audit", token: token).status == 403)
            #expect(try await host.send("DELETE", "/platform/projects/\(mine)", token: token).status == 200)
        }
    }

    @Test("second factors are not offered, which is said and not pretended")
    func enforcement() async throws {
        try await APIHost.run { host in
            let path = "\(Self.base)/members/mfa/enforcement"
            let answer = try await host.send("GET", path)
            #expect(answer.status == 201)
            #expect(try answer.json == .object(["enforced": .bool(false)]))
            #expect(try await host.send("PATCH", path, body: #"{"enforced":false}"#).status == 201)
            let refused = try await host.send("PATCH", path, body: #"{"enforced":true}"#)
            #expect(refused.status == 403)
            #expect(try refused.message?.contains("not offered") == true)
        }
    }
}
