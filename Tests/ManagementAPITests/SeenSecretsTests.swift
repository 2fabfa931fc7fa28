import Identity
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI
@testable import Projects

@Suite("Secrets that are seen")
struct SeenSecretsTests {
    @Test("reading or minting a key is audited, without the key")
    func trail() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let keys = "/v1/projects/\(ref)/api-keys"
            let ids = try await host.send("GET", keys).json.all("id").compactMap(\.text)
            let before = host.ledger.entries.count
            // The key of the role anon is public, and an opaque key that stays masked is none.
            for id in [ids[0], ids[2], ids[3]] { #expect(try await host.send("GET", "\(keys)/\(id)").status == 200) }
            #expect(host.ledger.entries.count == before)
            for (method, path, action, shown) in [
                ("GET", keys, "api_key.reveal", "service_role"),
                ("GET", "\(keys)?reveal=true", "api_key.reveal", "service_role, secret key default"),
                ("GET", "\(keys)/\(ids[1])", "api_key.reveal", "service_role"),
                ("GET", "\(keys)/\(ids[3])?reveal=true", "api_key.reveal", "secret key default"),
                ("GET", "/platform/projects/\(ref)/settings", "project.settings", "service_role, jwt_secret"),
                ("GET", "/platform/projects/\(ref)/credentials", "project.credentials", "database password"),
                ("GET", "/platform/projects/\(ref)/config/postgrest", "config.postgrest.read", "jwt_secret"),
                ("GET", "/v1/projects/\(ref)/postgrest", "config.postgrest.read", "jwt_secret"),
                ("POST", "/platform/projects/\(ref)/api-keys/temporary", "api_key.temporary", "temporary key"),
            ] {
                let answer = try await host.send(method, path, token: Person.developer.token)
                #expect((200..<300).contains(answer.status), "\(path)")
                #expect(answer.header("Cache-Control") == "no-store", "\(path)")
                let entry = try await host.ledger.trail(AuditQuery(scope: .organization("default"), limit: 1)).first
                #expect(entry?.deed.action == action)
                #expect(entry?.deed.target["shown"] == shown, "\(path)")
                #expect(entry?.deed.actorID == Person.developer.account.id)
                let text = entry?.deed.canonical(number: 1) ?? ""
                let secrets = try await host.catalog.secrets(of: ref).values
                for secret in secrets { #expect(!text.contains(secret.reveal())) }
            }
        }
    }

    @Test("the JWT secret is for those who may read signing keys, whatever else they may read")
    func jwtSecret() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let secret = try #require(try await host.catalog.secrets(of: ref)["JWT_SECRET"]?.reveal())
            let reading = Set(Permission.allCases).filter { $0.rawValue.hasSuffix("_read") }
            for permissions in [reading.subtracting([.signingKeysRead]), reading] {
                let token = try await host.directory.createAccessToken(
                    of: Person.owner.account.id, name: "reader",
                    scope: TokenLimits(permissions: permissions, organizationSlugs: nil, projectRefs: nil),
                    expiresAt: nil
                ).1.reveal()
                let sees = permissions.contains(.signingKeysRead)
                let settings = try await host.send("GET", "/platform/projects/\(ref)/settings", token: token)
                #expect(try settings.json["jwt_secret"] == (sees ? .string(secret) : nil))
                #expect(try settings.json["service_api_keys"]?.count == 2)
                let v1 = try await host.send("GET", "/v1/projects/\(ref)/postgrest", token: token)
                #expect(try v1.json["jwt_secret"] == (sees ? .string(secret) : nil))
                let studio = try await host.send("GET", "/platform/projects/\(ref)/config/postgrest", token: token)
                #expect(try studio.json["jwt_secret"] == .string(sees ? secret : ""))
            }
        }
    }

    @Test("who may change keys or make projects alone sees no key that is there")
    func writersAlone() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let token = try await host.directory.createAccessToken(
                of: Person.owner.account.id, name: "writer",
                scope: TokenLimits(
                    permissions: [.apiKeysWrite, .projectsCreate], organizationSlugs: nil, projectRefs: nil),
                expiresAt: nil
            ).1.reveal()
            let keys = "/v1/projects/\(ref)/api-keys"
            let id = try #require(try await host.send("GET", keys).json[3]?["id"]?.text)
            for (method, body) in [("PATCH", #"{"name":"other"}"#), ("DELETE", "")] {
                let answer = try await host.send(method, "\(keys)/\(id)?reveal=true", body: body, token: token)
                #expect(answer.status == 200)
                #expect(try answer.json["api_key"] == .null, "\(method)")
            }
            let made = try await host.send(
                "POST", "\(keys)?reveal=true", body: #"{"type":"secret","name":"mine"}"#, token: token)
            #expect(try made.json["api_key"]?.text?.hasPrefix("sb_secret_") == true, "its own, once")
            let project = try await host.send(
                "POST", "/platform/projects", body: APIHost.createBody("second"), token: token)
            #expect(project.status == 201)
            #expect(try project.json["service_key"] == .string(""))
        }
    }

    @Test("no response to an authenticated caller may be cached, on any route")
    func noStore() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            for path in ["/platform/profile", "/platform/projects/\(ref)", "/v1/projects"] {
                #expect(try await host.send("GET", path).header("Cache-Control") == "no-store")
            }
        }
    }

    @Test(
        "the audit trail, which is for ever, shows no user and password of an address",
        arguments: [
            ("https://user:pass@hooks.test/x", "https://***@hooks.test/x"),
            ("pg-functions://postgres/public/f", "pg-functions://postgres/public/f"),
            ("https://hooks.test/a@b?c=d@e", "https://hooks.test/a@b?c=d@e"),
            ("a https://u@x, https://v:w@y", "a https://***@x, https://***@y"),
        ])
    func addresses(text: String, expected: String) { #expect(URLText.withoutLogin(text) == expected) }
}
