import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

@Suite("Secrets")
struct SecrecyTests {
    @Test("no log line at any level holds a token, a password or a key")
    func logs() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            for path in ["settings", "status", "services"] {
                _ = try await host.send("GET", "/platform/projects/\(ref)/\(path)?token=\(APIHost.token)")
            }
            _ = try await host.send("GET", "/v1/projects/\(ref)/api-keys?reveal=true")
            _ = try await host.send("GET", "/platform/projects", token: "sbp_wrong-but-still-secret")
            #expect(host.log.lines.contains { $0.contains("/platform/projects/{ref}/settings") })
            let secrets = try await host.catalog.secrets(of: ref).values.map { $0.reveal() }
            for secret in secrets + [APIHost.token, "sbp_wrong-but-still-secret"] {
                #expect(host.log.lines.first { $0.contains(secret) } == nil)
            }
        }
    }
}
