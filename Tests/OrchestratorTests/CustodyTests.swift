import Orchestrator
import OrchestratorTesting
import ProjectModel
import Reconciler
import Testing

@Suite("What deletions destroy and keep")
struct CustodyTests {
    @Test("the receipt lists every object that the project had, by id", arguments: UInt64(0)..<5)
    func receipt(seed: UInt64) async throws {
        try await SimulatedHost.run(seed: seed) { host in
            try await host.manage { manager in
                let ref = try await manager.create()
                try await host.wait(for: .active, of: ref)
                let before = host.engine.contents(of: ref)
                #expect(try await manager.catalog.deletionReceipt(of: ref) == nil)
                _ = try await manager.catalog.delete(ref)
                try await host.wait(for: .deleted, of: ref)
                let stored = try await manager.catalog.deletionReceipt(of: ref)
                let receipt = try #require(stored)
                #expect(Set(receipt.items.map(\.key)) == Set(before.objects.keys))
                #expect(receipt.items.allSatisfy { $0.state == .destroyed && before.objects[$0.key] == $0.name })
                #expect(receipt.endedAt != nil)
                #expect(host.engine.contents(of: ref).isEmpty)
                #expect(try await host.custody.volumes(of: ref) == [])
            }
        }
    }

    @Test("a manager that dies at any moment of a deletion forgets nothing of it", arguments: 0..<30)
    func crash(moment: Int) async throws {
        try await SimulatedHost.run(seed: UInt64(moment)) { host in
            let (ref, before) = try await host.manage { manager in
                let ref = try await manager.create()
                try await host.wait(for: .active, of: ref)
                let before = host.engine.contents(of: ref)
                _ = try await manager.catalog.delete(ref)
                try await host.time.sleep(for: .milliseconds(moment * 4))
                return (ref, before)
            }
            try await host.manage { manager in
                try await host.wait(for: .deleted, of: ref)
                let stored = try await manager.catalog.deletionReceipt(of: ref)
                let receipt = try #require(stored)
                #expect(Set(receipt.items.map(\.key)) == Set(before.objects.keys))
                #expect(receipt.items.allSatisfy { $0.state == .destroyed })
            }
        }
    }

    /// A deleted project of which the volumes are kept.
    private static func keep(_ host: SimulatedHost, _ manager: SimulatedManager) async throws -> ProjectRef {
        let ref = try await manager.create("old")
        try await host.wait(for: .active, of: ref)
        _ = try await manager.catalog.delete(ref, keepingVolumes: true)
        try await host.wait(for: .deleted, of: ref)
        return ref
    }

    @Test("volumes are kept on request, and stay when others look", arguments: UInt64(0)..<5)
    func keeping(seed: UInt64) async throws {
        try await SimulatedHost.run(seed: seed) { host in
            try await host.manage { manager in
                let ref = try await Self.keep(host, manager)
                // Several full lists pass, each of which finds objects of a deleted project.
                try await host.time.sleep(for: .seconds(100))
                let left = host.engine.contents(of: ref)
                #expect(left.containers == [] && left.networks == [])
                let stored = try await manager.catalog.deletionReceipt(of: ref)
                let receipt = try #require(stored)
                #expect(receipt.keptVolumes == Set(left.volumes.map(\.name)) && !left.volumes.isEmpty)
                let kept = try await manager.catalog.keptVolumes(in: "default").map(\.volume.name)
                #expect(Set(kept) == Set(left.volumes.map(\.name)))
                // Without the keys that belong to it the data is worth nothing.
                let secrets = try await host.store.secrets(of: ref)
                #expect(!secrets.values.isEmpty)
                let leases = try await host.store.project(ref)?.leases
                #expect(leases == nil)
            }
        }
    }

    @Test("a second request does not change the fate of the volumes")
    func firstWord() async throws {
        try await SimulatedHost.run(seed: 3) { host in
            try await host.manage { manager in
                let ref = try await manager.create()
                try await host.wait(for: .active, of: ref)
                _ = try await manager.catalog.delete(ref, keepingVolumes: true)
                await #expect(throws: CatalogError.deletionContradicts(ref, keepsVolumes: true)) {
                    _ = try await manager.catalog.delete(ref)
                }
                try await host.wait(for: .deleted, of: ref)
                #expect(!host.engine.contents(of: ref).volumes.isEmpty)
            }
        }
    }

    @Test("a kept volume is destroyed on request only, and the secrets with the last one")
    func destruction() async throws {
        try await SimulatedHost.run(seed: 4) { host in
            try await host.manage { manager in
                let ref = try await Self.keep(host, manager)
                await #expect(throws: CatalogError.noKeptVolume("theirs")) {
                    _ = try await manager.catalog.destroyKeptVolume("theirs", in: "default")
                }
                for kept in try await manager.catalog.keptVolumes(in: "default") {
                    await #expect(throws: CatalogError.noKeptVolume(kept.volume.name)) {
                        _ = try await manager.catalog.destroyKeptVolume(kept.volume.name, in: "elsewhere")
                    }
                    _ = try await manager.catalog.destroyKeptVolume(kept.volume.name, in: "default")
                }
                let isGone = try await host.wait { try await host.custody.volumes(of: ref).isEmpty }
                #expect(isGone && host.engine.contents(of: ref).isEmpty)
                let isForgotten = try await host.wait {
                    do throws(StoreError) { _ = try await host.store.secrets(of: ref) } catch {
                        return error == .notFound(ref)
                    }
                    return false
                }
                #expect(isForgotten)
                let stored = try await manager.catalog.deletionReceipt(of: ref)
                let receipt = try #require(stored)
                #expect(receipt.items.allSatisfy { $0.state == .destroyed })
            }
        }
    }

    @Test("what the engine refuses to remove is on the receipt, with its words")
    func refusal() async throws {
        try await SimulatedHost.run(seed: 5) { host in
            try await host.manage { manager in
                let ref = try await manager.create()
                try await host.wait(for: .active, of: ref)
                let next = host.engine.calls.count + 1
                let fault = EngineFault.refuse(.refused(status: 500, message: "device or resource busy"))
                for call in next..<next + 200 { host.engine.setFault(fault, atCall: call) }
                _ = try await manager.catalog.delete(ref)
                let isNoted = try await host.wait {
                    try await manager.catalog.deletionReceipt(of: ref)?.items.contains {
                        $0.state == .remaining && $0.reason?.contains("device or resource busy") == true
                    } == true
                }
                #expect(isNoted)
                for call in next..<next + 200 { host.engine.setFault(nil, atCall: call) }
                #expect(try await host.wait(for: .deleted, of: ref)?.status == .deleted)
                let stored = try await manager.catalog.deletionReceipt(of: ref)
                let receipt = try #require(stored)
                #expect(receipt.items.allSatisfy { $0.state == .destroyed && $0.reason == nil })
            }
        }
    }
}
