import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

@Suite("Network of a project")
struct NetworkTests {
    @Test("all addresses may connect: that is shown and accepted, other lists are refused")
    func restrictions() async throws {
        try await APIHost.run { host in
            let path = "/v1/projects/\(try await host.create())/network-restrictions"
            let read = try await host.send("GET", path)
            #expect(try read.json["config"]?["dbAllowedCidrs"] == .array([.string("0.0.0.0/0")]))
            let all = #"{"dbAllowedCidrs":["0.0.0.0/0"],"dbAllowedCidrsV6":["::/0"]}"#
            let applied = try await host.send("POST", "\(path)/apply", body: all)
            #expect(applied.status == 201)
            #expect(applied.body == read.body)
            for body in [#"{"dbAllowedCidrs":["10.0.0.0/8"]}"#, #"{"dbAllowedCidrsV6":["fd00::/8"]}"#] {
                let refused = try await host.send("POST", "\(path)/apply", body: body)
                #expect(refused.status == 400)
                #expect(try refused.message?.contains("firewall") == true)
            }
            let edited = try await host.send("PATCH", path, body: #"{"add":{"dbAllowedCidrs":["0.0.0.0/0"]}}"#)
            #expect(try edited.json["config"]?["dbAllowedCidrs"]?[1]?["type"] == .string("v6"))
            let removal = #"{"remove":{"dbAllowedCidrs":["0.0.0.0/0"]}}"#
            #expect(try await host.send("PATCH", path, body: removal).status == 400)
        }
    }

    @Test("no address is banned, and encryption is not enforced")
    func bansAndEncryption() async throws {
        try await APIHost.run { host in
            let path = "/v1/projects/\(try await host.create())"
            for tail in ["retrieve", "retrieve/enriched"] {
                let answer = try await host.send("POST", "\(path)/network-bans/\(tail)")
                #expect(answer.status == 201)
                #expect(try answer.json == .object(["banned_ipv4_addresses": .array([])]))
            }
            let lifted = try await host.send(
                "DELETE", "\(path)/network-bans", body: #"{"ipv4_addresses":["192.0.2.1"],"requester_ip":true}"#)
            #expect(lifted.status == 200)
            #expect(try await host.send("DELETE", "\(path)/network-bans", body: "{}").status == 400)
            let plain = #"{"requestedConfig":{"database":false}}"#
            let answer = try await host.send("PUT", "\(path)/ssl-enforcement", body: plain)
            #expect(try answer.json["appliedSuccessfully"] == .bool(true))
            let enforced = try await host.send(
                "PUT", "\(path)/ssl-enforcement", body: #"{"requestedConfig":{"database":true}}"#)
            #expect(enforced.status == 400)
            #expect(try enforced.message?.contains("not allowed to configure SSL enforcements") == true)
        }
    }
}

@Suite("Changes of a project")
struct ProjectEditTests {
    @Test("a project is renamed on both APIs; a name that another one has is 409")
    func rename() async throws {
        try await APIHost.run { host in
            let ref = try await host.create("first")
            _ = try await host.create("second")
            for (path, name) in [("/platform/projects/\(ref)", "third"), ("/v1/projects/\(ref)", "fourth")] {
                let answer = try await host.send("PATCH", path, body: #"{"name":"\#(name)"}"#)
                #expect(answer.status == 200)
                #expect(try answer.json.keys == ["id", "ref", "name"])
                #expect(try await host.send("GET", path).json["name"] == .string(name))
                #expect(try await host.send("PATCH", path, body: #"{"name":"second"}"#).status == 409)
                #expect(try await host.send("PATCH", path, body: #"{"name":""}"#).status == 400)
            }
            #expect(host.ledger.entries.last?.deed.before == ["name": "third"])
        }
    }

    @Test("single services are restarted by the names that Studio has for them")
    func restart() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            try await host.bring(ref, to: .active)
            let path = "/platform/projects/\(ref)/restart-services"
            for (services, status) in [
                (#"["walg"]"#, 400), (#"["postgresql","x"]"#, 400), ("[]", 400), (#"["pgbouncer"]"#, 403),
            ] {
                let body = #"{"restartRequest":{"region":"local","services":\#(services)}}"#
                #expect(try await host.send("POST", path, body: body).status == status, "\(services)")
            }
            let body = #"{"restartRequest":{"region":"local","services":["postgresql","kong","envoy"]}}"#
            let answer = try await host.send("POST", path, body: body)
            #expect(answer.status == 201)
            let record = try #require(try await host.store.project(ref))
            #expect(record.restartServices?.map(\.text) == ["db", "gateway"])
            #expect(host.ledger.entries.last?.deed.target["services"] == "db, gateway")
        }
    }

    @Test("the database gets the new password before it is stored, and stands in no trail")
    func password() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            for (path, password) in [
                ("/platform/projects/\(ref)/db-password", "New-password-1"),
                ("/v1/projects/\(ref)/database/password", "New-password-2"),
            ] {
                let old = try #require(try await host.catalog.secrets(of: ref)["POSTGRES_PASSWORD"])
                let answer = try await host.send("PATCH", path, body: #"{"password":"\#(password)"}"#)
                #expect(answer.status == 200)
                #expect(try answer.json["message"]?.text?.isEmpty == false)
                let call = try #require(host.databases.calls.last)
                #expect(call.target.user == "supabase_admin")
                #expect(call.target.password == old)
                #expect(call.query.sql.contains(try PlainKeyMinter().digest(Secret(password))))
                #expect(!call.query.sql.contains(password))
                #expect(try await host.catalog.secrets(of: ref)["POSTGRES_PASSWORD"]?.reveal() == password)
                #expect(!"\(host.ledger.entries)".contains(password))
            }
        }
    }

    @Test("a password that cannot be used does not reach the database; one that the database refuses is not stored")
    func badPassword() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let path = "/v1/projects/\(ref)/database/password"
            for password in ["abc", "elevenchars", "with a space in it", "a/b@c:d-and-more"] {
                #expect(try await host.send("PATCH", path, body: #"{"password":"\#(password)"}"#).status == 400)
            }
            #expect(host.databases.calls.isEmpty)
            host.databases.setAnswer { _ throws(ProjectDatabaseError) in throw .unreachable("gone") }
            #expect(try await host.send("PATCH", path, body: #"{"password":"New-password-3"}"#).status == 503)
            #expect(try await host.catalog.secrets(of: ref)["POSTGRES_PASSWORD"]?.reveal() == "Str0ng-pass-word")
        }
    }

    @Test("a password that cannot be stored is taken back in the database")
    func compensation() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            // The manager's own database goes away between the two steps.
            host.databases.setAnswer { [store = host.store] _ in
                store.setDown(true)
                return QueryAnswer(json: Array("[]".utf8), rowCount: 0)
            }
            let answer = try await host.send(
                "PATCH", "/v1/projects/\(ref)/database/password", body: #"{"password":"New-password-3"}"#)
            host.store.setDown(false)
            #expect(answer.status == 503)
            let calls = host.databases.calls
            #expect(calls.count == 2)
            #expect(calls.last?.target.password.reveal() == "New-password-3")
            let former = try PlainKeyMinter().digest(Secret("Str0ng-pass-word"))
            #expect(calls.last?.query.sql.contains(former) == true)
            #expect(try await host.catalog.secrets(of: ref)["POSTGRES_PASSWORD"]?.reveal() == "Str0ng-pass-word")
        }
    }

    @Test("what cannot be chosen is refused with words about what to do")
    func unoffered() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let calls = [
                ("GET", "/v1/projects/\(ref)/config/disk", ""), ("POST", "/v1/projects/\(ref)/config/disk", "{}"),
                ("GET", "/v1/projects/\(ref)/config/disk/util", ""),
                ("PATCH", "/platform/projects/\(ref)/settings/sensitivity", #"{"is_sensitive":true}"#),
            ]
            for (method, path, body) in calls {
                let answer = try await host.send(method, path, body: body)
                #expect(answer.status == 403, "\(path)")
                #expect(try answer.message?.contains("is not offered by this installation") == true)
            }
            let plain = try await host.send(
                "PATCH", "/platform/projects/\(ref)/settings/sensitivity", body: #"{"is_sensitive":false}"#)
            #expect(try plain.json == .object(["is_sensitive": .bool(false)]))
        }
    }
}
