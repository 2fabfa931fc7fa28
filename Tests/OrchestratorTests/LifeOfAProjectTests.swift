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

extension LifeOfAProjectTests {
    @Test("a restart replaces every run, in order, and ends ACTIVE")
    func restart() async throws {
        try await SimulatedHost.run(seed: 2, template: SampleTemplates.twelve) { host in
            try await host.manage { manager in
                let ref = try await manager.create()
                try await host.wait(for: .active, of: ref)
                let before = host.engine.contents(of: ref)
                _ = try await manager.catalog.request(.restartRequested, of: ref)
                let requested = try #require(try await host.store.project(ref)?.restartRequestedAt)
                let record = try await host.wait(for: .active, of: ref)
                #expect(record?.status == .active)
                #expect(record?.restartRequestedAt == nil, "what was asked for is done")
                let after = host.engine.contents(of: ref)
                #expect(Set(after.containers.map(\.id)) == Set(before.containers.map(\.id)))
                for container in after.containers { #expect(try #require(container.startedAt) >= requested) }
                #expect(host.engine.violations == [])
                let history = try await manager.catalog.events(of: ref, limit: 20)
                let changes = history.filter { !$0.isOfARestart }.map(\.status)
                #expect(changes == [.active, .restarting, .active, .starting, .provisioning])
            }
        }
    }

    @Test("deleting leaves nothing of the project and everything else as it was", arguments: UInt64(0)..<10)
    func deletion(seed: UInt64) async throws {
        try await SimulatedHost.run(seed: seed) { host in
            host.engine.addForeignNetwork(named: "theirs", subnet: try #require(IPv4Network("10.201.0.0/24")))
            host.engine.addForeignVolume(named: "their-data")
            host.engine.addForeignContainer(named: "their-app", ports: [61_000])
            let foreign = host.engine.foreignNames
            try await host.manage { manager in
                // The first list of what the engine uses comes with the subscription.
                try await host.time.sleep(for: .seconds(1))
                let ref = try await manager.create()
                let other = try await manager.create("other")
                try await host.wait(for: .active, of: other)
                try await host.wait(for: .active, of: ref)
                let neighbour = host.engine.contents(of: other)
                _ = try await manager.catalog.request(.deleteRequested, of: ref)
                let record = try await host.wait(for: .deleted, of: ref)
                #expect(record?.status == .deleted)
                #expect(record?.leases == nil)
                #expect(host.engine.contents(of: ref).isEmpty)
                #expect(host.folders.prepared == [other])
                #expect(host.engine.foreignNames == foreign)
                #expect(
                    Set(host.engine.contents(of: other).containers.map(\.id)) == Set(neighbour.containers.map(\.id)))
                await #expect(throws: StoreError.notFound(ref)) { try await host.store.secrets(of: ref) }
                await #expect(throws: CatalogError.notFound(ref)) { try await manager.catalog.project(ref) }
                #expect(host.engine.calls.allSatisfy { $0.error == nil })
            }
        }
    }

    @Test("a project can be deleted at any moment of its provisioning", arguments: 0..<40)
    func deletionDuringProvisioning(moment: Int) async throws {
        try await SimulatedHost.run(seed: UInt64(moment)) { host in
            try await host.manage { manager in
                let ref = try await manager.create()
                try await host.time.sleep(for: .milliseconds(moment * 15))
                _ = try await manager.catalog.request(.deleteRequested, of: ref)
                let record = try await host.wait(for: .deleted, of: ref)
                #expect(record?.status == .deleted)
                #expect(host.engine.contents(of: ref).isEmpty)
                #expect(host.engine.foreignNames == [])
                #expect(host.folders.prepared == [])
            }
        }
    }

    @Test("asking twice for the same thing is asking once", arguments: UInt64(0)..<20)
    func doubleRequests(seed: UInt64) async throws {
        try await SimulatedHost.run(seed: seed) { host in
            try await host.manage { manager in
                let ref = try await manager.create()
                try await host.wait(for: .active, of: ref)
                for (request, status) in [
                    (.pauseRequested, .paused), (.resumeRequested, .active), (.restartRequested, .active),
                    (.deleteRequested, .deleted),
                ] as [(ProjectLifecycle.Event, ProjectStatus)] {
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for _ in 0..<4 { group.addTask { _ = try await manager.catalog.request(request, of: ref) } }
                        try await group.waitForAll()
                    }
                    #expect(try await host.wait(for: status, of: ref)?.status == status, "\(request)")
                }
                let pauses = try await host.store.events(of: ref, limit: 100).filter { $0.status == .pausing }
                #expect(pauses.count == 1)
            }
        }
    }

    @Test("requests that make no sense are refused and change nothing")
    func refusals() async throws {
        try await SimulatedHost.run(seed: 1) { host in
            try await host.manage { manager in
                let ref = try await manager.create()
                let creation = try #require(try await manager.catalog.openOperation(of: ref))
                for event in [ProjectLifecycle.Event.pauseRequested, .resumeRequested, .restartRequested] {
                    await #expect(throws: CatalogError.busy(creation, status: .provisioning, event: event)) {
                        try await manager.catalog.request(event, of: ref)
                    }
                }
                await #expect(throws: CatalogError.notFound(.sample(99))) {
                    try await manager.catalog.request(.deleteRequested, of: .sample(99))
                }
                #expect(try await host.wait(for: .active, of: ref)?.status == .active)
            }
        }
    }
}
