import OrchestratorTesting
import ProjectModel
import Reconciler
import Testing

@testable import Orchestrator

@Suite("A pass that fails as a whole")
struct FailedPassTests {
    @Test("an engine that is away from the beginning is the reason that a creation tells")
    func engineAway() async throws {
        try await SimulatedHost.run(seed: 1) { host in
            host.engine.setDown(true)
            try await host.manage { manager in
                let ref = try await manager.create()
                let isTold = try await host.wait(upTo: .seconds(5)) {
                    let progress = try await manager.catalog.openOperation(of: ref)?.progress
                    return progress?.lastError == "the engine does not answer: connection refused"
                        && progress?.nextRetryAt != nil
                }
                #expect(isTold)
                let creation = try #require(try await manager.catalog.openOperation(of: ref))
                let explanation = try await manager.catalog.explain(creation.id, of: ref)
                #expect(explanation.operation.progress.lastError?.contains("does not answer") == true)
                try await host.time.sleep(for: .seconds(1_000))
                #expect(try await host.store.project(ref)?.status == .provisioning, "time without an engine is no time")
                host.engine.setDown(false)
                #expect(try await host.wait(for: .active, of: ref, upTo: .seconds(60))?.status == .active)
                let ended = try await manager.catalog.operation(creation.id, of: ref)
                #expect(ended.state == .succeeded)
            }
        }
    }

    @Test("what the engine can never do fails a start at once, with the reason", arguments: [true, false])
    func permanent(isFirst: Bool) async throws {
        try await SimulatedHost.run(seed: 2) { host in
            let reason = "invalid reference format: repository name must be lowercase"
            let bad = ServiceBehaviour(refusal: .invalid(message: reason))
            if isFirst { host.engine.behave(.auth, as: bad) }
            try await host.manage { manager in
                let ref = try await manager.create()
                if !isFirst {
                    try await host.wait(for: .active, of: ref)
                    _ = try await manager.catalog.request(.pauseRequested, of: ref)
                    try await host.wait(for: .paused, of: ref)
                    host.engine.behave(.auth, as: bad)
                    _ = try await manager.catalog.request(.resumeRequested, of: ref)
                }
                let record = try await host.wait(for: isFirst ? .failed : .degraded, of: ref, upTo: .seconds(10))
                #expect(record?.failure?.service == .auth)
                #expect(record?.failure?.message.contains(reason) == true, "\(String(describing: record?.failure))")
                let refusals = host.engine.calls.filter { $0.error?.isPermanent == true }
                #expect(refusals.count == 1 || !isFirst, "a project with data keeps healing")
            }
        }
    }

    @Test("a project that cannot be rendered is that project's failure, and its neighbour's business is none of it")
    func unrenderable() async throws {
        try await SimulatedHost.run(seed: 3) { host in
            let (broken, sound) = try await host.manage { manager in
                let broken = try await manager.create("broken")
                let sound = try await manager.create("sound")
                try await host.wait(for: .active, of: broken)
                try await host.wait(for: .active, of: sound)
                return (broken, sound)
            }
            let before = host.engine.contents(of: broken).fingerprint
            host.renderer.setFailure(.broken("the memory limit is no size"), of: broken)
            try await host.manage { _ in
                let record = try await host.wait(for: .degraded, of: broken, upTo: .seconds(30))
                #expect(record?.failure?.message.contains("the memory limit is no size") == true)
                host.engine.kill(.auth, of: sound)
                try await host.wait(for: .degraded, of: sound)
                #expect(try await host.wait(for: .active, of: sound)?.status == .active)
                host.renderer.setFailure(.broken("the CPU limit is no number"), of: broken)
                let isUpdated = try await host.wait {
                    try await host.store.project(broken)?.failure?.message.contains("CPU limit") == true
                }
                #expect(isUpdated)
                #expect(host.engine.contents(of: broken).fingerprint == before, "its containers run on")
                host.renderer.setFailure(nil, of: broken)
                let healed = try await host.wait(for: .active, of: broken)
                #expect(healed?.status == .active && healed?.failure == nil)
            }
        }
    }

    @Test("objects of a project without a record are reported once, and again when they have changed")
    func unknownObjects() async throws {
        let lines = LogLines()
        try await SimulatedHost.run(seed: 4, logger: lines.logger()) { host in
            let warnings = { @Sendable in lines.all.count { $0.contains("of a project without a record") } }
            try await host.engine.perform(
                .createVolume(DesiredVolume(name: "lost", composeName: "db")), for: .sample(7))
            try await host.manage { _ in
                try await host.time.sleep(for: .seconds(700))
                #expect(warnings() == 1, "once, though every list shows them")
                let subnet = try #require(IPv4Network("10.201.9.0/27"))
                let network = DesiredNetwork(name: "lost_default", subnet: subnet)
                try await host.engine.perform(.createNetwork(network), for: .sample(7))
                try await host.time.sleep(for: .seconds(700))
                #expect(warnings() == 2)
            }
            #expect(host.engine.contents(of: .sample(7)).volumes.map(\.name) == ["lost"], "they are left alone")
        }
    }
}
