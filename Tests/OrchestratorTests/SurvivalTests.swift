import Orchestrator
import OrchestratorTesting
import ProjectModel
import Reconciler
import Testing

@Suite("What the manager survives")
struct SurvivalTests {
    /// A moment of death: before or after some call to the engine.
    struct Moment: Sendable, CustomTestStringConvertible {
        let call: Int
        let isAfter: Bool
        var death: ManagerLife.Death { isAfter ? .after(call: call) : .before(call: call) }
        var testDescription: String { "\(isAfter ? "after" : "before") call \(call)" }
        static let all = (1...60).flatMap { [Moment(call: $0, isAfter: false), Moment(call: $0, isAfter: true)] }
    }

    @Test(
        "a manager that dies at any call of a provisioning is followed by one that finishes it", arguments: Moment.all)
    func deathWhileProvisioning(moment: Moment) async throws {
        try await SimulatedHost.run(seed: UInt64(moment.call)) { host in
            let life = ManagerLife(moment.death)
            let ref = try await host.manage(life) { manager in
                let ref = try await manager.create()
                _ = try await host.wait(upTo: .seconds(60)) {
                    if !life.isAlive { return true }
                    return try await host.store.project(ref)?.status == .active
                }
                return ref
            }
            try await host.manage { _ in
                let record = try await host.wait(for: .active, of: ref)
                #expect(record?.status == .active)
                let contents = host.engine.contents(of: ref)
                #expect(contents.containers.filter { $0.state == .running }.count == 4)
                #expect(contents.containers.count == 4)
                #expect(host.engine.foreignNames == [])
                #expect(host.engine.violations == [])
            }
        }
    }

    @Test(
        "a manager that dies at any call of a deletion is followed by one that finishes it",
        arguments: Moment.all.prefix(50))
    func deathWhileDeleting(moment: Moment) async throws {
        try await SimulatedHost.run(seed: UInt64(moment.call)) { host in
            let ref = try await host.manage { manager in
                let ref = try await manager.create()
                try await host.wait(for: .active, of: ref)
                return ref
            }
            let life = ManagerLife(moment.death)
            _ = try await host.manage { try await $0.catalog.request(.deleteRequested, of: ref) }
            try await host.manage(life) { _ in
                _ = try await host.wait(upTo: .seconds(60)) {
                    if !life.isAlive { return true }
                    return try await host.store.project(ref)?.status == .deleted
                }
            }
            try await host.manage { _ in
                let record = try await host.wait(for: .deleted, of: ref)
                #expect(record?.status == .deleted)
                #expect(host.engine.contents(of: ref).isEmpty)
                #expect(host.folders.prepared == [])
            }
        }
    }

    @Test("the engine goes away in the middle and comes back: the work continues", arguments: 0..<12)
    func engineAway(moment: Int) async throws {
        try await SimulatedHost.run(seed: UInt64(moment)) { host in
            try await host.manage { manager in
                let ref = try await manager.create()
                try await host.time.sleep(for: .milliseconds(moment * 50))
                host.engine.setDown(true)
                try await host.time.sleep(for: .seconds(120))
                host.engine.setDown(false)
                #expect(try await host.wait(for: .active, of: ref, upTo: .seconds(60))?.status == .active)
                #expect(try await host.store.project(ref)?.failure == nil)
                host.engine.kill(.db, of: ref)
                #expect(try await host.wait(for: .degraded, of: ref, upTo: .seconds(2))?.status == .degraded)
            }
        }
    }

    @Test("the database goes away in the middle and comes back: the work continues")
    func storeAway() async throws {
        try await SimulatedHost.run(seed: 3) { host in
            try await host.manage { manager in
                let ref = try await manager.create()
                host.store.setDown(true)
                try await host.time.sleep(for: .seconds(60))
                host.store.setDown(false)
                #expect(try await host.wait(for: .active, of: ref, upTo: .seconds(60))?.status == .active)
            }
        }
    }

    @Test("lost events are made up for by the next full list")
    func lostEvents() async throws {
        try await SimulatedHost.run(seed: 4, template: [TemplateService(.db, probe: nil)]) { host in
            try await host.manage { manager in
                let ref = try await manager.create()
                try await host.wait(for: .active, of: ref)
                // Passes that are still in progress would see it without a wakeup.
                try await host.time.sleep(for: .seconds(5))
                host.engine.setDropsEvents(true)
                let before = host.time.now()
                host.engine.kill(.db, of: ref)
                _ = try await host.wait { host.engine.container(.db, of: ref)?.state == .running }
                #expect(host.engine.container(.db, of: ref)?.state == .running)
                #expect(host.time.now().since(before) <= ReconcileLoop.resyncInterval + .seconds(1))
            }
        }
    }

    @Test("trouble that is over makes the manager no slower")
    func forgivesTrouble() async throws {
        try await SimulatedHost.run(seed: 5) { host in
            try await host.manage { manager in
                let ref = try await manager.create()
                try await host.wait(for: .active, of: ref)
                host.store.setDown(true)
                for _ in 0..<100 {
                    await manager.loop.wake(ref)
                    try await host.time.sleep(for: .milliseconds(100))
                }
                host.store.setDown(false)
                await manager.loop.wake(ref)
                try await host.time.sleep(for: .seconds(40))
                host.engine.setFault(
                    .refuse(.refused(status: 500, message: "injected")), atCall: host.engine.calls.count + 1)
                let before = host.time.now()
                host.engine.kill(.auth, of: ref)
                _ = try await host.wait { host.engine.container(.auth, of: ref)?.state == .running }
                #expect(host.time.now().since(before) < .seconds(2))
            }
        }
    }

    @Test("a call that comes true only after the project is gone is cleared away too")
    func lateCall() async throws {
        try await SimulatedHost.run(seed: 6) { host in
            try await host.manage { manager in
                // The third call is the first container; the engine makes it twenty seconds after the manager gave up.
                host.engine.setFault(.carryOutLate(after: .seconds(20)), atCall: 3)
                let ref = try await manager.create()
                _ = try await host.wait { host.engine.calls.count >= 3 }
                _ = try await manager.catalog.request(.deleteRequested, of: ref)
                #expect(try await host.wait(for: .deleted, of: ref, upTo: .seconds(10))?.status == .deleted)
                #expect(host.engine.contents(of: ref).isEmpty)
                _ = try await host.wait(upTo: .seconds(25)) { !host.engine.contents(of: ref).isEmpty }
                #expect(!host.engine.contents(of: ref).isEmpty)
                _ = try await host.wait { host.engine.contents(of: ref).isEmpty }
                #expect(host.engine.contents(of: ref).isEmpty)
            }
        }
    }

    @Test("a project whose template is broken can still be paused and deleted")
    func brokenTemplate() async throws {
        try await SimulatedHost.run(seed: 7) { host in
            let ref = try await host.manage { manager in
                let ref = try await manager.create()
                try await host.wait(for: .active, of: ref)
                return ref
            }
            host.renderer.setFailure(.broken("edited by hand"))
            try await host.manage { manager in
                _ = try await manager.catalog.request(.pauseRequested, of: ref)
                #expect(try await host.wait(for: .paused, of: ref)?.status == .paused)
                #expect(host.engine.contents(of: ref).containers.allSatisfy { !$0.state.isUp })
                _ = try await manager.catalog.request(.deleteRequested, of: ref)
                #expect(try await host.wait(for: .deleted, of: ref)?.status == .deleted)
                #expect(host.engine.contents(of: ref).isEmpty)
            }
        }
    }

    @Test("objects of a project without a record are reported, not touched")
    func strangers() async throws {
        try await SimulatedHost.run(seed: 8) { host in
            let network = DesiredNetwork(name: "lost", subnet: try #require(IPv4Network("10.201.9.0/27")))
            try await host.engine.perform(.createNetwork(network), for: .sample(5))
            try await host.manage { _ in try await host.time.sleep(for: .seconds(90)) }
            #expect(host.engine.contents(of: .sample(5)).networks.count == 1)
        }
    }
}
