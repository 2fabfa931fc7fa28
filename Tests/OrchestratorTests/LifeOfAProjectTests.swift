import Orchestrator
import OrchestratorTesting
import ProjectModel
import Reconciler
import Testing

@Suite("The life of a project")
struct LifeOfAProjectTests {
    @Test("a new project becomes ACTIVE, every service started after what it depends on", arguments: UInt64(0)..<20)
    func creation(seed: UInt64) async throws {
        try await SimulatedHost.run(seed: seed, template: SampleTemplates.twelve) { host in
            try await host.manage { manager in
                let ref = try await manager.create()
                let record = try await host.wait(for: .active, of: ref)
                #expect(record?.status == .active)
                #expect(record?.failure == nil)
                #expect(host.engine.violations == [])
                let contents = host.engine.contents(of: ref)
                #expect(contents.containers.count == 12)
                #expect(contents.containers.allSatisfy { $0.state == .running })
                #expect(contents.networks.map(\.subnet) == [record?.leases?.subnet])
                #expect(host.folders.prepared == [ref])
                #expect(host.engine.calls.allSatisfy { $0.error == nil })
            }
        }
    }

    @Test("pausing stops every container and keeps volumes, ports and subnet; resuming brings them back")
    func pauseAndResume() async throws {
        try await SimulatedHost.run(seed: 1, template: SampleTemplates.twelve) { host in
            try await host.manage { manager in
                let ref = try await manager.create()
                let active = try await host.wait(for: .active, of: ref)
                let before = host.engine.contents(of: ref)
                _ = try await manager.catalog.request(.pauseRequested, of: ref)
                let paused = try await host.wait(for: .paused, of: ref)
                #expect(paused?.status == .paused)
                #expect(paused?.leases == active?.leases)
                let stopped = host.engine.contents(of: ref)
                #expect(stopped.containers.allSatisfy { $0.state == .exited })
                #expect(Set(stopped.volumes.map(\.name)) == Set(before.volumes.map(\.name)))
                #expect(stopped.networks == before.networks)
                _ = try await manager.catalog.request(.resumeRequested, of: ref)
                let resumed = try await host.wait(for: .active, of: ref)
                #expect(resumed?.status == .active)
                #expect(resumed?.leases == active?.leases)
                let after = host.engine.contents(of: ref)
                #expect(Set(after.containers.map(\.id)) == Set(before.containers.map(\.id)))
                #expect(host.engine.violations == [])
            }
        }
    }
}
