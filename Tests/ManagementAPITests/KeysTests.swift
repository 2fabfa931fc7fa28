import FoundationEssentials
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI
@testable import Projects

@Suite("API keys")
struct KeysTests {
    @Test("the two signed keys and the first opaque ones are listed; a secret key only when it is asked for")
    func list() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let masked = try await host.send("GET", "/v1/projects/\(ref)/api-keys")
            let keys = try masked.json
            #expect(keys.all("name").compactMap(\.text) == ["anon", "service_role", "default", "default"])
            #expect(keys.all("type").compactMap(\.text) == ["legacy", "legacy", "publishable", "secret"])
            #expect(keys[0]?["api_key"] == .string("anon.\(ref).token"))
            #expect(keys[2]?["api_key"]?.text?.hasPrefix("sb_publishable_") == true)
            #expect(keys[3]?["api_key"] == .null)
            #expect(keys[3]?["secret_jwt_template"]?["role"] == .string("service_role"))
            let shown = try await host.send("GET", "/v1/projects/\(ref)/api-keys?reveal=true").json
            let secret = try #require(shown[3]?["api_key"]?.text)
            #expect(secret.hasPrefix("sb_secret_"))
            #expect(!masked.text.contains(secret))
            #expect(shown[0] == keys[0])
            #expect(try await host.send("GET", "/v1/projects/\(ref)/api-keys?reveal=maybe").status == 400)
        }
    }

    @Test("a key is made, read, renamed and deleted; its name is unique among its kind")
    func life() async throws {
        try await APIHost.run { host in
            let path = "/v1/projects/\(try await host.create())/api-keys"
            let body =
                #"{"type":"secret","name":"server","description":"ci","secret_jwt_template":{"role":"service_role"}}"#
            let made = try await host.send("POST", "\(path)?reveal=true", body: body)
            #expect(made.status == 201)
            let id = try #require(try made.json["id"]?.text)
            let key = try #require(try made.json["api_key"]?.text)
            #expect(try await host.send("POST", path, body: body).status == 409)
            #expect(try await host.send("POST", path, body: #"{"type":"publishable","name":"server"}"#).status == 201)
            let read = try await host.send("GET", "\(path)/\(id.uppercased())")
            #expect(try read.json["api_key"] == .null)
            #expect(try read.json["description"] == .string("ci"))
            let renamed = try await host.send(
                "PATCH", "\(path)/\(id)?reveal=true", body: #"{"name":"other","description":null}"#)
            #expect(try renamed.json["name"] == .string("other"))
            #expect(try renamed.json["description"] == .null)
            #expect(try renamed.json["api_key"] == .string(key))
            let deleted = try await host.send("DELETE", "\(path)/\(id)?was_compromised=true&reason=leak")
            #expect(deleted.status == 200)
            #expect(try deleted.json["id"] == .string(id))
            #expect(try await host.send("GET", "\(path)/\(id)").status == 404)
            #expect(try await host.send("DELETE", "\(path)/\(id)").status == 404)
            let actions = host.ledger.entries.map(\.deed.action)
            #expect(actions.suffix(4) == ["api_key.create", "api_key.create", "api_key.update", "api_key.delete"])
            #expect(!"\(host.ledger.entries)".contains(key))
        }
    }

    @Test(
        "what cannot be a key is 400",
        arguments: [
            #"{"type":"legacy","name":"good"}"#, #"{"type":"secret","name":"abc"}"#, #"{"type":"secret"}"#,
            #"{"type":"secret","name":"Upper"}"#, #"{"type":"publishable","name":"good","secret_jwt_template":{}}"#,
            #"{"type":"secret","name":"good","secret_jwt_template":{"role":"anon"}}"#,
        ])
    func badKeys(body: String) async throws {
        try await APIHost.run { host in
            let path = "/v1/projects/\(try await host.create())/api-keys"
            #expect(try await host.send("POST", path, body: body).status == 400)
            #expect(try await host.send("GET", path).json.count == 4)
        }
    }

    @Test("the signed keys can be turned off and on, and neither changed nor deleted one by one")
    func legacy() async throws {
        try await APIHost.run { host in
            let path = "/v1/projects/\(try await host.create())/api-keys"
            #expect(try await host.send("GET", "\(path)/legacy").json == .object(["enabled": .bool(true)]))
            #expect(try await host.send("PUT", "\(path)/legacy").status == 400)
            let off = try await host.send("PUT", "\(path)/legacy?enabled=false")
            #expect(off.status == 200)
            #expect(try off.json == .object(["enabled": .bool(false)]))
            #expect(try await host.send("GET", "\(path)/legacy").json == .object(["enabled": .bool(false)]))
            let id = try #require(try await host.send("GET", path).json[0]?["id"]?.text)
            #expect(try await host.send("GET", "\(path)/\(id)").json["name"] == .string("anon"))
            #expect(try await host.send("DELETE", "\(path)/\(id)").status == 400)
            #expect(try await host.send("PATCH", "\(path)/\(id)", body: #"{"name":"mine"}"#).status == 400)
        }
    }

    @Test("one key signs, the JWT secret: it is listed without its value, and a second one is refused")
    func signingKeys() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let path = "/v1/projects/\(ref)/config/auth/signing-keys"
            let list = try await host.send("GET", path)
            let id = try #require(list.json["keys"]?[0]?["id"]?.text)
            #expect(try await host.send("GET", "\(path)/legacy").json["id"] == .string(id))
            #expect(try await host.send("GET", "\(path)/\(id)").json == list.json["keys"]?[0])
            #expect(try await host.send("GET", "\(path)/00000000-0000-4000-8000-000000000000").status == 404)
            for (method, tail) in [("POST", ""), ("POST", "/legacy"), ("PATCH", "/\(id)"), ("DELETE", "/\(id)")] {
                #expect(try await host.send(method, path + tail, body: "{}").status == 403)
            }
            let secret = try #require(try await host.catalog.secrets(of: ref)["JWT_SECRET"]?.reveal())
            #expect(!list.text.contains(secret))
        }
    }

    @Test("a temporary key has a role and a life of at most an hour")
    func temporary() async throws {
        try await APIHost.run { host in
            let path = "/platform/projects/\(try await host.create())/api-keys/temporary"
            let made = try await host.send("POST", "\(path)?authorization_exp=300&claims=%7B%22role%22%3A%22anon%22%7D")
            #expect(made.status == 201)
            #expect(try made.json["api_key"]?.text?.hasPrefix("anon.") == true)
            #expect(try await host.send("POST", path).json["api_key"]?.text?.hasPrefix("service_role.") == true)
            for query in [
                "authorization_exp=3601", "authorization_exp=0", "claims=%7B%22role%22%3A%22postgres%22%7D",
                "claims=no",
                "claims=%7B%22role%22%3A%22anon%22%2C%22sub%22%3A%22x%22%7D", "claims=%7B%7D",
            ] {
                #expect(try await host.send("POST", "\(path)?\(query)").status == 400, "\(query)")
            }
            #expect(try await host.send("POST", path, token: Person.readOnly.token).status == 403)
        }
    }

    @Test("another JWT secret brings other signed keys, and stands in no trail and no answer")
    func rotation() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let path = "/platform/projects/\(ref)/config/secrets"
            let before = try await host.catalog.secrets(of: ref)
            let secret = "a-new-secret-of-more-than-32-characters"
            let answer = try await host.send(
                "PATCH", path, body: #"{"jwt_secret":"\#(secret)","change_tracking_id":"abc"}"#)
            #expect(answer.status == 200)
            let after = try await host.catalog.secrets(of: ref)
            #expect(after["JWT_SECRET"]?.reveal() == secret)
            #expect(after["ANON_KEY"] != before["ANON_KEY"])
            #expect(after["POSTGRES_PASSWORD"] == before["POSTGRES_PASSWORD"])
            #expect(!"\(host.ledger.entries)".contains(secret))
            #expect(!answer.text.contains(secret))
            #expect(host.ledger.entries.last?.deed.action == "project.jwt_secret")
            #expect(try await host.send("PATCH", path, body: #"{"jwt_secret":"short"}"#).status == 400)
            let status = try await host.send("GET", "\(path)/update-status")
            #expect(try status.json == .object(["update_status": .null]))
        }
    }

    @Test("ids of signed keys are UUIDs of version 8 and differ between refs and names", arguments: UInt64(1)...20)
    func identifiers(seed: UInt64) {
        let ids = [ProjectRef.sample(seed), .sample(seed + 1_000)].flatMap { ref in
            ["anon", "service_role", "signing key"].map { APIKey.identifier(of: $0, in: ref) }
        }
        #expect(Set(ids).count == 6)
        let pattern = /[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/
        for id in ids { #expect(id.wholeMatch(of: pattern) != nil, "\(id)") }
    }
}
