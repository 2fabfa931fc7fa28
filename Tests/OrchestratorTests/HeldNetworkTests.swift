import Logging
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Reconciler
import Synchronization
import Testing

@Suite("Networks that the engine does not let go")
struct HeldNetworkTests {
    /// A project that was active, with a foreign container on its network, about to be deleted.
    private static func heldProject(
        _ host: SimulatedHost, _ manager: SimulatedManager
    ) async throws -> (ref: ProjectRef, network: ObservedNetwork) {
        let ref = try await manager.create()
        try await host.wait(for: .active, of: ref)
        host.engine.setNetworksHeld(true, of: ref)
        return (ref, try #require(host.engine.contents(of: ref).networks.first))
    }

    private static func item(_ manager: SimulatedManager, _ ref: ProjectRef) async throws -> DeletionReceipt.Item {
        let receipt = try await manager.catalog.deletionReceipt(of: ref)
        let items = receipt?.items.filter { $0.key.kind == .network } ?? []
        #expect(items.count == 1)
        return try #require(items.first)
    }

    /// The network goes, and the receipt says so.
    private static func expectDestroyed(
        _ host: SimulatedHost, manager: SimulatedManager, ref: ProjectRef
    ) async throws {
        let isGone = try await host.wait(upTo: .seconds(60)) { host.engine.contents(of: ref).isEmpty }
        #expect(isGone)
        let isTold = try await host.wait { try await item(manager, ref).state == .destroyed }
        #expect(isTold)
    }

    @Test("a deletion ends without its network, says so, and removes it later", arguments: UInt64(0)..<5)
    func deletion(seed: UInt64) async throws {
        try await SimulatedHost.run(seed: seed) { host in
            try await host.manage { manager in
                let (ref, network) = try await Self.heldProject(host, manager)
                _ = try await manager.catalog.delete(ref)
                let record = try await host.wait(for: .deleted, of: ref, upTo: .seconds(60))
                #expect(record?.status == .deleted && record?.leases == nil)
                let cause = try #require(try await host.store.events(of: ref, limit: 1).first?.cause)
                #expect(cause.contains(network.name) && cause.contains("disconnect from the network"))
                let remaining = try await Self.item(manager, ref)
                #expect(remaining.state == .remaining && remaining.reason?.contains("restart the engine") == true)
                #expect(try await manager.catalog.deletionReceipt(of: ref)?.endedAt != nil)
                let left = host.engine.contents(of: ref)
                #expect(left.networks == [network] && left.containers.isEmpty && left.volumes.isEmpty)

                try await host.time.sleep(for: .seconds(200))
                #expect(host.engine.contents(of: ref).networks == [network])
                host.engine.setNetworksHeld(false, of: ref)
                try await Self.expectDestroyed(host, manager: manager, ref: ref)
                #expect(try await host.store.project(ref)?.status == .deleted)
            }
        }
    }

    @Test("it is reported once, and retried with backoff after that")
    func quiet() async throws {
        let log = LevelLog()
        let logger = Logger(label: "test") { _ in LevelLogHandler(log: log) }
        try await SimulatedHost.run(seed: 6, logger: logger) { host in
            try await host.manage { manager in
                let (ref, network) = try await Self.heldProject(host, manager)
                _ = try await manager.catalog.delete(ref)
                try await host.wait(for: .deleted, of: ref, upTo: .seconds(60))
                try await host.time.sleep(for: .seconds(1))
                let known = log.warnings
                #expect(known.count { $0.contains("DELETED") && $0.contains(network.name) } == 1)
                let calls = host.engine.calls.count
                try await host.time.sleep(for: .seconds(600))
                #expect(log.warnings == known)
                #expect((1..<100).contains(host.engine.calls.count - calls))
            }
            // A new manager is as quiet.
            let known = log.warnings
            try await host.manage { _ in try await host.time.sleep(for: .seconds(100)) }
            #expect(log.warnings == known)
        }
    }

    @Test("a manager that comes later removes the network of a project that went without it")
    func nextManager() async throws {
        try await SimulatedHost.run(seed: 7) { host in
            let ref = try await host.manage { manager in
                let (ref, _) = try await Self.heldProject(host, manager)
                _ = try await manager.catalog.delete(ref)
                try await host.wait(for: .deleted, of: ref, upTo: .seconds(60))
                return ref
            }
            host.engine.setNetworksHeld(false, of: ref)
            try await host.manage { manager in
                try await Self.expectDestroyed(host, manager: manager, ref: ref)
            }
        }
    }

    @Test("refusals of other kinds, and containers and volumes that stay, are waited for as ever")
    func otherRefusals() async throws {
        try await SimulatedHost.run(seed: 8) { host in
            try await host.manage { manager in
                let (ref, network) = try await Self.heldProject(host, manager)
                host.engine.setNetworksHeld(false, of: ref)
                let next = host.engine.calls.count + 1
                let busy = EngineFault.refuse(.refused(status: 500, message: "device or resource busy"))
                for call in next..<next + 400 { host.engine.setFault(busy, atCall: call) }
                _ = try await manager.catalog.delete(ref)
                try await host.time.sleep(for: .seconds(120))
                #expect(try await host.store.project(ref)?.status == .deleting)
                #expect(host.engine.contents(of: ref).networks == [network])
                for call in next..<next + 400 { host.engine.setFault(nil, atCall: call) }
                #expect(try await host.wait(for: .deleted, of: ref)?.status == .deleted)
                #expect(host.engine.contents(of: ref).isEmpty)
            }
        }
    }

    @Test("the subnet of a network that stays is not leased until the network is gone")
    func subnet() async throws {
        // The lease broker of a simulated host always takes the lowest subnet that is free.
        try await SimulatedHost.run(seed: 9) { host in
            try await host.manage { manager in
                let (ref, network) = try await Self.heldProject(host, manager)
                _ = try await manager.catalog.delete(ref)
                try await host.wait(for: .deleted, of: ref, upTo: .seconds(60))
                try await host.time.sleep(for: InMemoryProjectStore.quarantineDefault)
                let other = try await manager.create("other")
                let record = try await host.wait(for: .active, of: other)
                #expect(record?.status == .active)
                let leased = try #require(record?.leases?.subnet)
                let held = try #require(network.subnet)
                #expect(!leased.overlaps(held))
                host.engine.setNetworksHeld(false, of: ref)
                #expect(try await host.wait(upTo: .seconds(60)) { host.engine.contents(of: ref).isEmpty })
                try await host.time.sleep(for: ReconcileLoop.resyncInterval + .seconds(1))
                let last = try #require(try await host.store.project(try await manager.create("last"))?.leases)
                #expect(last.subnet == held)
            }
        }
    }

    @Test("a network that no list has shown before is not offered to the next project either")
    func unlistedSubnet() async throws {
        try await SimulatedHost.run(seed: 10) { host in
            try await host.manage { manager in
                // No full list comes between its creation and its end.
                let began = host.time.now()
                let (ref, network) = try await Self.heldProject(host, manager)
                _ = try await manager.catalog.delete(ref)
                try await host.wait(for: .deleted, of: ref, upTo: .seconds(20))
                #expect(host.time.now().since(began) < ReconcileLoop.resyncInterval)
                let held = try #require(network.subnet)
                let use = await manager.survey.latest
                #expect(use.subnets.contains(held))
            }
        }
    }

    @Test("a rollback ends without its network; a new start says what is in its way, and the project can be deleted")
    func rollback() async throws {
        try await SimulatedHost.run(seed: 11) { host in
            try await host.manage { manager in
                host.engine.behave(.db, as: ServiceBehaviour(exit: .init(code: 1, after: .milliseconds(50))))
                let ref = try await manager.create()
                host.engine.setNetworksHeld(true, of: ref)
                let failed = try await host.wait(for: .failed, of: ref, upTo: .seconds(2_000))
                #expect(failed?.status == .failed && failed?.failure?.service == .db)
                #expect(host.engine.contents(of: ref).networks.count == 1)
                host.engine.behave(.db, as: ServiceBehaviour())
                _ = try await manager.catalog.request(.resumeRequested, of: ref)
                let isRefused = try await host.wait(upTo: .seconds(2_000)) {
                    let record = try await host.store.project(ref)
                    return record?.status == .failed
                        && record?.failure?.message.contains("the network is in use") == true
                }
                #expect(isRefused)
                _ = try await manager.catalog.delete(ref)
                #expect(try await host.wait(for: .deleted, of: ref, upTo: .seconds(60))?.status == .deleted)
            }
        }
    }
}

/// Warnings and worse, as they were logged.
private final class LevelLog: Sendable {
    private let lines = Mutex<[String]>([])

    var warnings: [String] { lines.withLock(\.self) }
    func note(_ line: String) { lines.withLock { $0.append(line) } }
}

private struct LevelLogHandler: LogHandler {
    let log: LevelLog
    var logLevel: Logger.Level = .trace
    var metadata: Logger.Metadata = [:]

    init(log: LevelLog) { self.log = log }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        guard event.level >= .warning else { return }
        log.note("\(event.message) \(event.metadata ?? [:])")
    }
}
