import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

@Suite("The API of a project whose stack gives other names to everything")
struct OtherNamesTests {
    private func run(_ body: @Sendable (APIHost, ProjectRecord) async throws -> Void) async throws {
        try await APIHost.run(renderer: .other) { host in
            let ref = try await host.create()
            try await host.bring(ref, to: .active)
            try await body(host, try #require(try await host.store.project(ref)))
        }
    }

    @Test("SQL runs as its owner, on its database, at its port")
    func queries() async throws {
        try await run { host, record in
            let path = "/v1/projects/\(record.ref)/database/query"
            #expect(try await host.send("POST", path, body: #"{"query":"select 1"}"#).status == 201)
            let target = try #require(host.databases.calls.last?.target)
            #expect(target.user == "keeper" && target.roles == OtherNames.names.roles.database)
            #expect(target.port == record.leases?.ports["STORE_AT"] && target.password.reveal() == "Str0ng-pass-word")
        }
    }

    @Test("a password is changed by its administrator, for its roles; a login role is its owner's")
    func roles() async throws {
        try await run { host, record in
            let base = "/v1/projects/\(record.ref)"
            let role = try await host.send("POST", "\(base)/cli/login-role", body: #"{"read_only":false}"#)
            #expect(try role.json["role"] == .string("cli_login_keeper"))
            let answer = try await host.send(
                "PATCH", "\(base)/database/password", body: #"{"password":"another-pass"}"#)
            #expect(answer.status == 200)
            let call = try #require(host.databases.calls.last)
            #expect(call.target.user == "chief")
            for name in ["keeper", "reader", "chief"] { #expect(call.query.sql.contains("'\(name)'")) }
            #expect(!call.query.sql.contains("supabase"))
            #expect(try await host.catalog.secrets(of: record.ref)["MASTER"]?.reveal() == "another-pass")
        }
    }

    @Test("its services are reached through its gateway, with its own key")
    func services() async throws {
        try await run { host, record in
            host.gateways.setAnswer { _ in
                GatewayAnswer(status: 200, contentType: "application/json", body: Array("[]".utf8))
            }
            let answer = try await host.send("GET", "/platform/storage/\(record.ref)/buckets")
            #expect(answer.status == 200)
            let target = try #require(host.gateways.calls.last?.target)
            let address = try #require(await StandInAddresses().address(behind: "DOOR_AT", of: record))
            #expect(target.baseURL == "http://\(address.host):\(address.port)")
            #expect(target.serviceKey == (try await host.catalog.secrets(of: record.ref)["FULL_TOKEN"]))
        }
    }

    @Test("connection data and keys have its names")
    func data() async throws {
        try await run { host, record in
            let base = "/platform/projects/\(record.ref)"
            let settings = try await host.send("GET", "\(base)/settings").json
            #expect(settings["db_name"] == .string("rows") && settings["db_user"] == .string("keeper"))
            let secrets = try await host.catalog.secrets(of: record.ref)
            #expect(settings["jwt_secret"]?.text == secrets["SIGNING"]?.reveal())
            let login = try await host.send("GET", "\(base)/credentials").json
            #expect(login["database"]?["password"] == .string("Str0ng-pass-word"))
            #expect(login["dashboard"]?["username"] == .string("desk"))
            #expect(login["dashboard"]?["password"] == .null)
            let keys = try await host.send("GET", "/v1/projects/\(record.ref)/api-keys?reveal=true").json
            #expect(keys[0]?["api_key"]?.text == secrets["OPEN_TOKEN"]?.reveal())
            #expect(keys[1]?["api_key"]?.text == secrets["FULL_TOKEN"]?.reveal())
        }
    }

    @Test("one container answers for four health names, and is restarted under any of its names")
    func health() async throws {
        try await run { host, record in
            let rows = try await host.send("GET", "/v1/projects/\(record.ref)/health").json
            let names = (0..<rows.count).compactMap { rows[$0]?["name"]?.text }
            #expect(names.sorted() == ["auth", "db", "realtime", "rest", "storage"])
            let path = "/platform/projects/\(record.ref)/restart-services"
            let body = #"{"restartRequest":{"services":["gotrue"]}}"#
            #expect(try await host.send("POST", path, body: body).status == 201)
            #expect(try await host.store.project(record.ref)?.restartServices == [OtherNames.server])
        }
    }

    @Test("what it has no service, port or setting for is unsupported, in words that say so")
    func gaps() async throws {
        try await run { host, record in
            let (v1, platform) = ("/v1/projects/\(record.ref)", "/platform/projects/\(record.ref)")
            for (method, path, body) in [
                ("GET", "\(v1)/types/typescript", nil as String?),
                ("POST", "\(platform)/restart-services", #"{"restartRequest":{"services":["kong"]}}"#),
            ] {
                let answer = try await host.send(method, path, body: body)
                #expect(answer.status == 403, "\(path)")
                #expect(try answer.message?.contains("not supported by the stack of project") == true, "\(path)")
            }
            #expect(try await host.send("GET", "\(v1)/config/database/pooler").json == .array([]))
            let change = try await host.send("PATCH", "\(v1)/config/auth", body: #"{"disable_signup":true}"#)
            #expect(change.status == 400)
            #expect(try change.message?.contains("disable_signup") == true)
        }
    }
}
