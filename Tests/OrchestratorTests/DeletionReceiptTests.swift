import Orchestrator
import OrchestratorTesting
import ProjectModel
import Reconciler
import Testing

@Suite("Receipts of deletions")
struct DeletionReceiptTests {
    private let start = Timestamp(milliseconds: 1_000)
    private let later = Timestamp(milliseconds: 2_000)

    private func receipt(_ state: DeletionReceipt.State?, reason: String? = nil) -> DeletionReceipt {
        let items = state.map {
            [DeletionReceipt.Item(key: .init(.volume, "data"), name: "data", state: $0, reason: reason, at: start)]
        }
        return DeletionReceipt(ref: .sample(1), destroysVolumes: true, requestedAt: start, items: items ?? [])
    }

    @Test("every state, whether the object is there or not, kept or not, leads to exactly one other")
    func everyPair() {
        let all: [DeletionReceipt.State?] = [nil] + DeletionReceipt.State.allCases
        for state in all {
            for (isThere, isKept) in [(true, true), (true, false), (false, true), (false, false)] {
                let seen = ObservedStack(volumes: isThere ? [ObservedVolume(name: "data")] : [])
                let next = receipt(state).noting(seen, keeping: isKept ? ["data"] : [], at: later).items.first?.state
                let expected: DeletionReceipt.State? =
                    switch (state, isThere, isKept) {
                    case (nil, true, true): .kept
                    case (nil, true, false): .pending
                    case (nil, false, _): nil
                    // What is kept is none of the deletion's business any more.
                    case (let state?, _, true): state
                    case (.remaining, true, false): .remaining
                    case (_, true, false): .pending
                    case (_, false, false): .destroyed
                    }
                #expect(next == expected, "\(state.map { "\($0)" } ?? "none"), there \(isThere), kept \(isKept)")
            }
        }
    }

    @Test("times and reasons change with the state only")
    func times() throws {
        let seen = ObservedStack(volumes: [ObservedVolume(name: "data")])
        let remaining = receipt(.remaining, reason: "in use")
        #expect(remaining.noting(seen, keeping: [], at: later) == remaining)
        let destroyed = try #require(remaining.noting(ObservedStack(), keeping: [], at: later).items.first)
        #expect(destroyed.state == .destroyed && destroyed.at == later && destroyed.reason == nil)
    }

    @Test("a refusal says why something remains")
    func refusals() {
        let key = EngineObjectKey(.volume, "data")
        let noted = receipt(.pending).noting(refusals: [key: "in use"], at: later)
        #expect(noted.items.map(\.state) == [.remaining] && noted.items.map(\.reason) == ["in use"])
        #expect(noted.noting(refusals: [key: "in use"], at: later + .seconds(1)) == noted)
        #expect(noted.noting(refusals: [key: "busy"], at: later).items.map(\.reason) == ["busy"])
        #expect(receipt(.pending).noting(refusals: [:], at: later) == receipt(.pending))
    }

    @Test("a container, a network and a volume of one id are three objects, in a fixed order")
    func keys() {
        let seen = ObservedStack(
            networks: [ObservedNetwork(id: "x", name: "net", subnet: nil)], volumes: [ObservedVolume(name: "x")],
            containers: [ObservedContainer(id: "x", name: "db", service: .db, configHash: "", state: .exited)])
        let items = receipt(nil).noting(seen, keeping: [], at: later).items
        #expect(items.map(\.key.kind) == [.container, .network, .volume])
        #expect(items.map(\.name) == ["db", "net", "x"])
    }
}
