import Logging
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Reconciler
import Synchronization
import Testing

@Suite("Orphans")
struct OrphanTests {
    private static let now = Timestamp(milliseconds: 1_000_000_000)

    private static func object(_ kind: EngineObjectKind, label: String = "lost") -> EngineObject {
        EngineObject(key: EngineObjectKey(kind, "x"), name: "its name", projectLabel: label)
    }

    @Test("every kind, state, age and policy leads to one answer")
    func everyCombination() {
        for kind in EngineObjectKind.allCases {
            for state in Orphan.State.allCases {
                for policy in OrphanPolicy.allCases {
                    for isOver in [true, false] {
                        let end = isOver ? Self.now : Self.now + .milliseconds(1)
                        let orphan = Orphan(
                            number: 1, object: Self.object(kind), firstSeen: Self.now, graceUntil: end, state: state)
                        let decision = OrphanDecision(
                            seen: [orphan.object], projects: [], ledger: [orphan], policy: policy, now: Self.now)
                        let isRemoved = state == .removing || policy == .remove && isOver && kind != .volume
                        #expect(
                            decision.removals == (isRemoved ? [orphan] : []), "\(kind) \(state) \(policy) \(isOver)")
                        #expect(decision.found == [] && decision.settled == [])
                    }
                }
            }
        }
    }

    @Test("an orphan is noted once, with a grace, and struck off when it is gone or has a project after all")
    func ledger() {
        let object = Self.object(.container)
        let first = OrphanDecision(seen: [object], projects: [], ledger: [], policy: .remove, now: Self.now)
        #expect(first.found.map(\.object) == [object] && first.removals == [])
        #expect(first.found.map(\.graceUntil) == [Self.now + OrphanDecision.grace])
        var known = first.found[0]
        (known.number, known.state) = (7, .removing)
        for (seen, projects) in [([], []), ([object], ["lost"])] as [([EngineObject], Set<String>)] {
            let decision = OrphanDecision(
                seen: seen, projects: projects, ledger: [known], policy: .remove, now: Self.now)
            #expect(decision.settled == [known] && decision.removals == [] && decision.found == [])
        }
        let none = OrphanDecision(seen: [object], projects: ["lost"], ledger: [], policy: .remove, now: Self.now)
        #expect(none == OrphanDecision(seen: [], projects: [], ledger: [], policy: .report, now: Self.now))
    }

    @Test("containers go before the networks and volumes that they use")
    func order() {
        let ledger = [EngineObjectKind.volume, .network, .container].enumerated().map { index, kind in
            Orphan(
                number: Int64(index + 1), object: Self.object(kind), firstSeen: Self.now, graceUntil: Self.now,
                state: .removing)
        }
        let decision = OrphanDecision(
            seen: ledger.map(\.object), projects: [], ledger: ledger, policy: .report, now: Self.now)
        #expect(decision.removals.map(\.object.key.kind) == [.container, .network, .volume])
    }

    /// A host on which a project's row is missing, as after a restore of an older database.
    private static func lost(
        policy: OrphanPolicy,
        _ body:
            @Sendable (SimulatedHost, OrphanReconciler, InMemoryOrphanStore, ProjectRef, ShiftedTime) async throws
            -> Void
    ) async throws {
        try await SimulatedHost.run(seed: 1) { host in
            host.engine.addForeignContainer(named: "theirs")
            host.engine.addForeignVolume(named: "their-data")
            let ref = try await host.manage { manager in
                let ref = try await manager.create()
                try await host.wait(for: .active, of: ref)
                return ref
            }
            let empty = InMemoryOrphanStore(projects: InMemoryProjectStore())
            let time = ShiftedTime(base: host.time)
            let loop = OrphanReconciler(
                store: empty, engine: host.engine, policy: policy, time: time, logger: host.logger)
            let foreign = host.engine.foreignNames
            try await body(host, loop, empty, ref, time)
            #expect(host.engine.foreignNames == foreign)
        }
    }

    @Test("reported ones stay, however long; one is removed on request")
    func report() async throws {
        try await Self.lost(policy: .report) { host, loop, ledger, ref, time in
            let before = host.engine.contents(of: ref)
            try await loop.pass()
            try await watch(loop, time, for: OrphanDecision.grace + .seconds(1))
            #expect(host.engine.contents(of: ref).objects == before.objects)
            let orphans = try await ledger.orphans()
            #expect(Set(orphans.map(\.object.key)) == Set(before.objects.keys))
            let container = try #require(orphans.first { $0.object.key.kind == .container })
            _ = try await loop.requestRemoval(of: container.number)
            try await loop.pass()
            var left = before.objects
            left[container.object.key] = nil
            #expect(host.engine.contents(of: ref).objects == left)
            let rest = try await ledger.orphans()
            #expect(rest.count == orphans.count - 1)
            await #expect(throws: CatalogError.noOrphan(container.number)) {
                _ = try await loop.requestRemoval(of: container.number)
            }
        }
    }

    /// Looks as the loop does, for so long.
    private func watch(_ loop: OrphanReconciler, _ time: ShiftedTime, for length: Duration) async throws {
        let end = time.now() + length
        while time.now() < end {
            time.shift(by: OrphanReconciler.interval)
            try await loop.pass()
        }
    }

    @Test("time without a manager is no grace: it begins again with the next manager, and after an absence")
    func unwatched() async throws {
        try await Self.lost(policy: .remove) { host, loop, ledger, ref, time in
            let before = host.engine.contents(of: ref)
            try await loop.pass()
            for _ in 1...2 {
                try await watch(loop, time, for: OrphanDecision.grace - OrphanReconciler.interval * 2)
                // The process was stopped, or the clock was set.
                time.shift(by: OrphanDecision.grace * 2)
                try await loop.pass()
                #expect(try await ledger.orphans().allSatisfy { $0.graceUntil == time.now() + OrphanDecision.grace })
            }
            time.shift(by: OrphanDecision.grace * 2)
            let next = OrphanReconciler(
                store: ledger, engine: host.engine, policy: .remove, time: time, logger: host.logger)
            try await next.pass()
            #expect(host.engine.contents(of: ref).objects == before.objects)
            try await watch(next, time, for: OrphanDecision.grace + OrphanReconciler.interval * 2)
            #expect(host.engine.contents(of: ref).containers == [])
        }
    }

    @Test("where removal is switched on, all but volumes goes after the grace, and not before")
    func remove() async throws {
        try await Self.lost(policy: .remove) { host, loop, ledger, ref, time in
            let before = host.engine.contents(of: ref)
            try await loop.pass()
            try await loop.pass()
            #expect(host.engine.contents(of: ref).objects == before.objects)
            try await watch(loop, time, for: OrphanDecision.grace - OrphanReconciler.interval)
            #expect(host.engine.contents(of: ref).objects == before.objects)
            try await watch(loop, time, for: OrphanReconciler.interval * 3)
            let left = host.engine.contents(of: ref)
            #expect(left.containers == [] && left.networks == [])
            #expect(Set(left.volumes.map(\.name)) == Set(before.volumes.map(\.name)) && !left.volumes.isEmpty)
            let rest = try await ledger.orphans()
            #expect(rest.allSatisfy { $0.object.key.kind == .volume })
        }
    }
}

/// The host's clock, put forward: a day of the whole simulation would take too long.
final class ShiftedTime: TimeSource {
    private let base: any TimeSource
    private let shift = Mutex(Duration.zero)

    init(base: any TimeSource) { self.base = base }

    func now() -> Timestamp { base.now() + shift.withLock { $0 } }
    func sleep(for duration: Duration) async throws { try await base.sleep(for: duration) }
    func shift(by duration: Duration) { shift.withLock { $0 += duration } }
}
