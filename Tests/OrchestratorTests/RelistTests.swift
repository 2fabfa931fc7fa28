import OrchestratorTesting
import ProjectModel
import Reconciler
import Testing

@testable import Orchestrator

@Suite("A full list")
struct RelistTests {
    private static let now = Timestamp(milliseconds: 1_000_000)

    private func outline(_ status: ProjectStatus, revision: Int64 = 0, at time: Timestamp = now) -> RecordOutline {
        RecordOutline(status: status, configurationRevision: revision, updatedAt: time)
    }

    private func fingerprint(_ objects: String...) -> StackFingerprint {
        var fingerprint = StackFingerprint()
        for object in objects { fingerprint.add(object) }
        return fingerprint
    }

    /// Whether a project is due that is no project's turn.
    private func isDue(
        _ outline: RecordOutline?, _ fingerprint: StackFingerprint?, since basis: Relist.Basis?
    ) -> Bool {
        let ref = ProjectRef.sample()
        let list = Relist(outline.map { [ref: $0] } ?? [:], fingerprint.map { [ref: $0] } ?? [:])
        return !list.due(inRound: 1, basis: { _ in basis }).isEmpty
    }

    @Test(
        "a project at rest is left alone while neither its record nor its objects change",
        arguments: ProjectStatus.allCases)
    func rest(status: ProjectStatus) {
        let basis = Relist.Basis(outline: outline(status), fingerprint: fingerprint("a", "b"))
        let isAtRest = [.active, .paused, .failed, .deleted].contains(status)
        let present = status == .deleted ? nil : outline(status)
        #expect(isDue(present, fingerprint("b", "a"), since: basis) == !isAtRest)
    }

    @Test("a change since the last pass is a reason, and so is a missing pass")
    func changes() {
        let basis = Relist.Basis(outline: outline(.active), fingerprint: fingerprint("a"))
        #expect(isDue(outline(.active), fingerprint("a"), since: nil))
        #expect(isDue(outline(.pausing), fingerprint("a"), since: basis))
        #expect(isDue(outline(.active, revision: 1), fingerprint("a"), since: basis))
        #expect(isDue(outline(.active, at: Self.now + .milliseconds(1)), fingerprint("a"), since: basis))
        #expect(isDue(outline(.active), fingerprint("a", "b"), since: basis))
        #expect(isDue(outline(.active), fingerprint("b"), since: basis))
        #expect(isDue(outline(.active), nil, since: basis))
        #expect(isDue(nil, fingerprint("a"), since: basis))
        #expect(!isDue(outline(.active), fingerprint("a"), since: basis))
    }

    @Test("in as many rounds as named every project at rest has its turn once")
    func turns() {
        let basis = Relist.Basis(outline: outline(.active), fingerprint: StackFingerprint())
        let refs = (1...50).map { ProjectRef.sample($0) }
        let list = Relist(Dictionary(uniqueKeysWithValues: refs.map { ($0, basis.outline) }), [:])
        let rounds = (1...Relist.roundsUntilPass).map { list.due(inRound: $0, basis: { _ in basis }) }
        #expect(rounds.flatMap { $0 }.sorted() == refs.sorted())
        #expect((rounds.map(\.count).max() ?? 0) <= 50 / Relist.roundsUntilPass + 1)
    }

    @Test("fingerprints do not depend on the order, and twice the same object is not once")
    func fingerprints() {
        #expect(fingerprint("a", "b", "c") == fingerprint("c", "a", "b"))
        #expect(fingerprint("a", "a") != fingerprint("a"))
        #expect(fingerprint("a", "a") != fingerprint("b", "b"))
        #expect(fingerprint() == StackFingerprint())
    }

    @Test("once all is calm a full list costs no look but that in turn, and what lost events kept quiet is found")
    func loop() async throws {
        try await SimulatedHost.run(seed: 7) { host in
            try await host.manage { manager in
                let ref = try await manager.create()
                try await host.wait(for: .active, of: ref)
                // Back-offs of the start run out by then.
                try await host.time.sleep(for: ReconcileLoop.resyncInterval * 10)
                let before = host.engine.observationCount
                try await host.time.sleep(for: ReconcileLoop.resyncInterval * (Relist.roundsUntilPass - 2))
                #expect(host.engine.observationCount - before <= 1)
                host.engine.setDropsEvents(true)
                host.engine.setState(nil, of: .auth, in: ref)
                let isBack = try await host.wait(upTo: ReconcileLoop.resyncInterval + .seconds(10)) {
                    host.engine.container(.auth, of: ref)?.state == .running
                }
                #expect(isBack)
            }
        }
    }
}
