import Identity
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import ManagementAPI

@Suite("Secrets that are seen")
struct SeenSecretsTests {
    @Test("reading or minting a key is audited, without the key")
    func trail() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let before = host.ledger.entries.count
            let quiet = try await host.send("GET", "/v1/projects/\(ref)/api-keys")
            #expect(quiet.status == 200)
            #expect(host.ledger.entries.count == before)
            for (method, path, action) in [
                ("GET", "/v1/projects/\(ref)/api-keys?reveal=true", "api_key.reveal"),
                ("GET", "/platform/projects/\(ref)/credentials", "project.credentials"),
                ("POST", "/platform/projects/\(ref)/api-keys/temporary", "api_key.temporary"),
            ] {
                let answer = try await host.send(method, path, token: Person.developer.token)
                #expect((200..<300).contains(answer.status), "\(path)")
                #expect(answer.header("Cache-Control") == "no-store", "\(path)")
                let entry = try await host.ledger.trail(AuditQuery(scope: .organization("default"), limit: 1)).first
                #expect(entry?.deed.action == action)
                #expect(entry?.deed.actorID == Person.developer.account.id)
                let text = entry?.deed.canonical(number: 1) ?? ""
                let secrets = try await host.catalog.secrets(of: ref).values
                for secret in secrets { #expect(!text.contains(secret.reveal())) }
            }
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
