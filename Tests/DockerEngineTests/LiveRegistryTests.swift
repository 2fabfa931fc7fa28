import CurlKit
import Foundation
import HTTPStub
import Orchestrator
import ProjectModel
import Reconciler
import Testing

@testable import DockerEngine

/// A registry of this machine's loopback, to which the engine speaks plain HTTP.
@Suite("Private registries on a real engine", .enabled(if: LiveEngine.isAvailable, LiveEngine.reason), .serialized)
struct LiveRegistryTests {
    private struct Known: RegistryCredentials {
        let registry: String

        func credential(
            for image: ImageReference
        ) async throws(RegistryCredentialError) -> RegistryCredential? {
            guard RegistryName(of: image).host == registry else { return nil }
            return RegistryCredential(username: "me", secret: Secret("hunter2"))
        }
    }

    /// Wants a password for everything, and has no image.
    private func registry() throws -> StubServer {
        try StubServer(.loopback) { request in
            let isKnown = request.headers["authorization"] == "Basic bWU6aHVudGVyMg=="
            guard isKnown else {
                return [
                    .response(
                        401, #"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}"#,
                        headers: ["Www-Authenticate: Basic realm=\"stub\"", "Content-Type: application/json"])
                ]
            }
            let isRoot = request.path == "/v2/"
            return [.response(isRoot ? 200 : 404, isRoot ? "{}" : #"{"errors":[{"code":"MANIFEST_UNKNOWN"}]}"#)]
        }
    }

    /// The error of a pull; empty if there is none. Nothing is made on the engine: the registry has no image.
    private func pull(_ image: String, knowing registry: String) async throws -> String {
        let http = try HTTPClient()
        let engine = DockerContainerEngine(
            host: try DockerHost(parsing: ProcessInfo.processInfo.environment["DOCKER_HOST"]), http: http,
            installation: "registry", registries: Known(registry: registry))
        let ref = try #require(ProjectRef("abcdefghijklmnopqrst"))
        var text = ""
        do throws(EngineError) { try await engine.perform(.pullImage(image), for: ref) } catch { text = "\(error)" }
        await http.shutdown()
        return text
    }

    @Test("the registry sees the credential that is kept for it")
    func known() async throws {
        let stub = try registry()
        defer { stub.stop() }
        let name = "127.0.0.1:\(stub.port)"
        let error = try await pull("\(name)/private/image:1", knowing: name)
        #expect(!error.isEmpty && !error.contains("hunter2"), "\(error)")
        #expect(stub.requests.contains { $0.headers["authorization"] != nil && $0.path.contains("/private/image/") })
    }

    @Test("a registry does not see the credential of another one, and the refusal says what to do")
    func unknown() async throws {
        let stub = try registry()
        defer { stub.stop() }
        let name = "127.0.0.1:\(stub.port)"
        let error = try await pull("\(name)/private/image:1", knowing: "ghcr.io")
        #expect(!stub.requests.isEmpty)
        #expect(stub.requests.allSatisfy { $0.headers["authorization"] == nil })
        #expect(error.contains("docker login \(name)"), "\(error)")
    }
}
