import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@Suite("Logins at registries")
struct RegistryLoginTests {
    private let store = InMemoryRegistryLoginStore()
    private var logins: RegistryLogins { RegistryLogins(store: store, sealer: PlainRegistryPasswordSealer()) }

    private func host(_ text: String) throws -> RegistryHost { try #require(RegistryHost(text)) }

    @Test(
        "a registry is its host and port, however it is written",
        arguments: [
            ("ghcr.io", "ghcr.io"), ("GHCR.io", "ghcr.io"), ("https://ghcr.io/v2/", "ghcr.io"),
            ("docker.io", "docker.io"), ("https://index.docker.io/v1/", "docker.io"),
            ("registry-1.docker.io", "docker.io"), ("registry.example.com:5000", "registry.example.com:5000"),
            ("localhost:5000", "localhost:5000"), ("localhost", "localhost"), ("10.0.0.1:80", "10.0.0.1:80"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            (String(repeating: "a", count: 255), String(repeating: "a", count: 255)),
        ])
    func hosts(text: String, host: String) { #expect(RegistryHost(text)?.text == host) }

    @Test(
        "what is no host is no registry",
        arguments: [
            "", "/", "https://", "a b", "a@b", "me:secret@ghcr.io", "-a", "a-", ".a", "a.", "a:", "a:0", "a:65536",
            "a:123456", "a:x", "a:1:2", "bücher.example", "a_b", "%67hcr.io", "a\n", String(repeating: "a", count: 256),
        ])
    func noHosts(text: String) { #expect(RegistryHost(text) == nil) }

    @Test("the store does what every store of logins does")
    func contract() async throws { try await RegistryLoginStoreContract.run(on: store) }

    @Test("a login is opened for its registry alone, and replaced by the next")
    func life() async throws {
        let (first, second) = (try host("ghcr.io"), try host("ghcr.io:5000"))
        let made = try await logins.save(username: "me", password: Secret("hunter2"), at: first)
        #expect(made.before == nil && made.after.username == "me")
        #expect(try await logins.credential(at: first)?.password.reveal() == "hunter2")
        #expect(try await logins.credential(at: second) == nil)
        let next = try await logins.save(username: "you", password: Secret("hunter3"), at: first)
        #expect(next.before == made.after)
        #expect(try await logins.credential(at: first)?.username == "you")
        #expect(try await logins.remove(at: first) == next.after)
        await #expect(throws: RegistryLoginError.notFound(first)) { try await logins.remove(at: first) }
        #expect(try await logins.all().isEmpty)
    }

    @Test("a row that was changed to another registry or account opens for neither")
    func moved() async throws {
        let (own, other) = (try host("ghcr.io"), try host("evil.example"))
        var login = try await logins.save(username: "me", password: Secret("hunter2"), at: own).after
        login.host = other
        _ = try await store.save(login, limit: 2)
        await #expect(throws: RegistryLoginError.unreadable(other)) { try await logins.credential(at: other) }
        (login.host, login.username) = (own, "you")
        _ = try await store.save(login, limit: 2)
        await #expect(throws: RegistryLoginError.unreadable(own)) { try await logins.credential(at: own) }
    }

    @Test("names and passwords have bounds, and there are no more registries than the most")
    func bounds() async throws {
        let own = try host("ghcr.io")
        for (username, password) in [
            ("", "x"), ("me", ""), ("a\nb", "x"), (String(repeating: "a", count: 256), "x"), ("me", "a\0b"),
            ("me", String(repeating: "a", count: RegistryLogins.passwordBytesMax + 1)),
        ] {
            do {
                _ = try await logins.save(username: username, password: Secret(password), at: own)
                Issue.record("\(username.prefix(5)) was stored")
            } catch { #expect("\(error)".contains("must have 1 to")) }
        }
        for number in 1...RegistryLogins.countMax {
            _ = try await logins.save(username: "me", password: Secret("x"), at: try host("r\(number).example"))
        }
        await #expect(throws: RegistryLoginError.tooMany) {
            try await logins.save(username: "me", password: Secret("x"), at: own)
        }
        _ = try await logins.save(username: "me", password: Secret("y"), at: try host("r1.example"))
    }
}
