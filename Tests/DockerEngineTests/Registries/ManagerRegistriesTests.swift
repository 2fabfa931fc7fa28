import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import DockerEngine

@Suite("The manager's own logins at registries")
struct ManagerRegistriesTests {
    /// Knows every registry.
    private struct Everywhere: RegistryCredentials {
        func credential(for image: ImageReference) async throws(RegistryCredentialError) -> RegistryCredential? {
            RegistryCredential(username: "docker login", secret: Secret("other"))
        }
    }

    private let store = InMemoryRegistryLoginStore()

    private func user(of image: String) async throws -> String? {
        let logins = RegistryLogins(store: store, sealer: PlainRegistryPasswordSealer())
        let registries = ManagerRegistries(logins, then: Everywhere())
        return try await registries.credential(for: try ImageReference(image))?.username
    }

    private func save(_ host: String, _ username: String) async throws {
        let logins = RegistryLogins(store: store, sealer: PlainRegistryPasswordSealer())
        _ = try await logins.save(
            username: username, password: Secret("hunter2"), at: try #require(RegistryHost(host)))
    }

    @Test("they count before those of docker login, each for its own registry, from the next pull on")
    func order() async throws {
        #expect(try await user(of: "ghcr.io/a/b:1") == "docker login")
        try await save("ghcr.io", "own")
        try await save("index.docker.io", "hub")
        try await save("registry.example.com:5000", "port")
        #expect(try await user(of: "ghcr.io/a/b:1") == "own")
        for image in ["postgres:17", "a/b:1", "docker.io/a/b:1"] { #expect(try await user(of: image) == "hub") }
        #expect(try await user(of: "registry.example.com:5000/a:1") == "port")
        for image in ["registry.example.com/a:1", "ghcr.io.evil.example/a:1", "ghcr.io:444/a:1", "quay.io/a:1"] {
            #expect(try await user(of: image) == "docker login", "\(image)")
        }
        _ = try await store.delete(at: try #require(RegistryHost("ghcr.io")))
        #expect(try await user(of: "ghcr.io/a/b:1") == "docker login")
    }

    @Test("one that cannot be read is an error that says so, and nothing else is shown instead")
    func unreadable() async throws {
        let host = try #require(RegistryHost("ghcr.io"))
        _ = try await store.save(
            RegistryLogin(host: host, username: "me", sealedPassword: [1], updatedAt: Timestamp(milliseconds: 0)),
            limit: 1)
        do {
            _ = try await user(of: "ghcr.io/a:1")
            Issue.record("a login that cannot be read was used")
        } catch let error as RegistryCredentialError {
            #expect(error.description.contains("ghcr.io") && error.description.contains("log in again"))
        }
    }
}
