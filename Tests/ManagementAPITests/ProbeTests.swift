import Orchestrator
import OrchestratorTesting
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import Installation
@testable import ManagementAPI

@Suite("/health and /ready")
struct ProbeTests {
    private static func checks(_ store: InMemoryProjectStore, _ engine: FakeEngine) -> [ReadinessCheck] {
        [
            ReadinessCheck(name: "database") { try await store.ping() },
            ReadinessCheck(name: "engine") { try await engine.ping() },
        ]
    }

    @Test("health answers without a token in every outage; ready says what is missing, and when it is back")
    func readiness() async throws {
        try await APIHost.run(readiness: Self.checks) { host in
            let ready = try await host.send("GET", "/ready", token: nil)
            #expect(ready.status == 200)
            #expect(try ready.json == .object(["status": .string("ready"), "role": .string("active")]))
            host.engine.setDown(true)
            let noEngine = try await host.send("GET", "/ready", token: nil)
            #expect(noEngine.status == 503)
            #expect(noEngine.header("Retry-After") == "2")
            #expect(try noEngine.message?.hasPrefix("engine: ") == true)
            host.store.setDown(true)
            let nothing = try await host.send("GET", "/ready", token: nil)
            #expect(try nothing.message?.contains("database: ") == true)
            #expect(try nothing.message?.contains("engine: ") == true)
            let health = try await host.send("GET", "/health", token: nil)
            #expect(health.status == 200)
            #expect(try health.json == .object(["status": .string("ok")]))
            host.engine.setDown(false)
            host.store.setDown(false)
            #expect(try await host.send("GET", "/ready", token: nil).status == 200)
        }
    }

    @Test("the log gets each failure at its start and end; the public answer names the dependency only")
    func details() async throws {
        try await APIHost.run(readiness: Self.checks) { host in
            for _ in 1...2 {
                host.engine.setDown(true)
                for _ in 0..<3 {
                    let answer = try await host.send("GET", "/ready", token: nil)
                    #expect(answer.status == 503)
                    #expect(try answer.message == "engine: not ready")
                }
                host.engine.setDown(false)
                for _ in 0..<3 { #expect(try await host.send("GET", "/ready", token: nil).status == 200) }
            }
            let lines = host.log.lines.filter { $0.contains("\"engine\"") || $0.contains(": engine") }
            #expect(lines.count { $0.contains("is not ready") && $0.contains("connection refused") } == 2, "\(lines)")
            #expect(lines.count { $0.contains("ready again") } == 2, "\(lines)")
        }
    }
}
