import CurlKit
import HTTPStub
import Orchestrator
import ProjectModel
import Reconciler
import Testing

@testable import DockerEngine

@Suite("Pulls with credentials")
struct RegistryPullTests {
    /// Knows one registry.
    private struct OneRegistry: RegistryCredentials {
        func credential(
            for image: ImageReference
        ) async throws(RegistryCredentialError) -> RegistryCredential? {
            if image.repository.hasPrefix("broken.example/") { throw RegistryCredentialError("the helper failed") }
            guard RegistryName(of: image).host == "ghcr.io" else { return nil }
            return RegistryCredential(username: "me", secret: Secret("hunter2"))
        }
    }

    private func pull(_ images: [String], answer: String) async throws -> (calls: [StubRequest], errors: [String]) {
        let stub = try StubServer { request in
            request.target == "/version"
                ? [.response(200, #"{"ApiVersion": "1.41", "Version": "x"}"#)] : [.response(200, answer)]
        }
        defer { stub.stop() }
        let http = try HTTPClient()
        let engine = DockerContainerEngine(
            host: try DockerHost(parsing: "unix://\(stub.socketPath)"), http: http, installation: "i",
            registries: OneRegistry())
        var errors: [String] = []
        for image in images {
            let ref = try #require(ProjectRef("abcdefghijklmnopqrst"))
            do throws(EngineError) { try await engine.perform(.pullImage(image), for: ref) } catch {
                errors.append("\(error)")
            }
        }
        await http.shutdown()
        return (Array(stub.requests.dropFirst()), errors)
    }

    @Test("only the registry that a credential is for gets to see it")
    func header() async throws {
        let images = ["ghcr.io/a/b:1", "a/b:1", "ghcr.io.evil.example/a/b:1"]
        let (calls, errors) = try await pull(images, answer: #"{"status":"Done"}"#)
        #expect(errors == [])
        #expect(calls.map { $0.headers["x-registry-auth"] != nil } == [true, false, false])
        #expect(calls.allSatisfy { !$0.target.contains("hunter2") })
    }

    @Test("a registry that wants credentials is named, with what to do")
    func refusal() async throws {
        let answer = #"{"errorDetail":{"message":"unauthorized: authentication required"},"error":"unauthorized"}"#
        let (_, errors) = try await pull(["ghcr.io/a:1", "quay.example/a:1"], answer: answer)
        #expect(errors.count == 2)
        #expect(errors.first?.contains("registry ghcr.io refused the credentials") == true)
        #expect(errors.last?.contains("run supamanager registries login quay.example") == true)
        #expect(errors.allSatisfy { !$0.contains("hunter2") })
    }

    @Test("a credential that cannot be found out fails the pull with the reason, and nothing is asked")
    func broken() async throws {
        let (calls, errors) = try await pull(["broken.example/a:1"], answer: "{}")
        #expect(calls.isEmpty)
        #expect(errors.first?.contains("the helper failed") == true)
    }
}
