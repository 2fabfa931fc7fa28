public import Orchestrator
import ProjectModel

/// What every ``CustodyStore`` promises. Tests run it on ``InMemoryCustodyStore`` and on PostgreSQL.
public enum CustodyStoreContract {
    /// Checks every promise on an empty store; throws the first that is broken.
    ///
    /// - Parameter projects: The store that holds the projects; the contract adds some.
    public static func run(on store: any CustodyStore, projects: any ProjectStore) async throws {
        let run = CustodyContractRun(store: store, projects: StoreContractRun(store: projects))
        for number in 1...4 as ClosedRange<UInt64> { _ = try await projects.insert(try run.projects.project(number)) }
        try await run.checkReceipts()
        try await run.checkFirstWord()
        try await run.checkVolumes()
        try await run.checkDestruction()
        try await run.checkAttachment()
        try await run.checkRemoval()
    }
}

private struct CustodyContractRun {
    let store: any CustodyStore
    let projects: StoreContractRun
    let start = Timestamp(milliseconds: 1_800_000_000_000)

    private func ref(_ number: UInt64) -> ProjectRef { .sample(1_000 + number) }

    private func receipt(_ number: UInt64, destroysVolumes: Bool) -> DeletionReceipt {
        DeletionReceipt(ref: ref(number), destroysVolumes: destroysVolumes, requestedAt: start)
    }

    func checkReceipts() async throws {
        try promise("no project has a receipt at first", try await store.receipt(of: ref(1)) == nil)
        var receipt = receipt(1, destroysVolumes: false)
        receipt.items = [
            .init(key: .init(.container, "c1"), name: "demo-db-1", state: .destroyed, at: start + .seconds(1)),
            .init(key: .init(.network, "c1"), name: "demo", state: .remaining, reason: "in \"use\"\nü", at: start),
            .init(key: .init(.volume, "data"), name: "data", state: .kept, reason: "on request", at: start),
        ]
        try await store.save(receipt)
        try promise("a receipt is read as it was stored", try await store.receipt(of: ref(1)) == receipt)
        receipt.items.removeFirst()
        receipt.items[0].state = .destroyed
        receipt.endedAt = start + .seconds(9)
        try await store.save(receipt)
        try promise("a receipt is replaced as a whole", try await store.receipt(of: ref(1)) == receipt)
        try promise("receipts are those of their project", try await store.receipt(of: ref(2)) == nil)
    }

    func checkFirstWord() async throws {
        let keeping = receipt(2, destroysVolumes: false)
        let destroying = receipt(2, destroysVolumes: true)
        try promise("a receipt is opened", try await store.open(destroying) == destroying)
        try promise("nothing is decided before the deletion", try await store.open(keeping) == keeping)
        let isChanged = try await projects.transition(2, from: .provisioning, to: .deleting, seconds: 10)
        try promise("the contract's own project is to go", isChanged)
        try promise("the first word counts", try await store.open(destroying) == keeping)
        try promise("and stays", try await store.receipt(of: ref(2)) == keeping)
        do {
            _ = try await store.open(receipt(99, destroysVolumes: true))
        } catch { return try promise("a receipt of an unknown project is notFound", error == .notFound(ref(99))) }
        throw ContractViolation("a receipt of an unknown project is refused")
    }

    private func volume(_ name: String, owner: UInt64, kept: Bool = false) -> VolumeRecord {
        VolumeRecord(
            name: name, owner: ref(owner), ref: ref(owner), composeName: "db-data", identity: "mark of \(name)",
            createdAt: start + .seconds(3), holdsData: true, postgresMajor: 17, keptAt: kept ? start : nil)
    }

    func checkVolumes() async throws {
        try promise("no volumes at first", try await store.volumes(of: ref(1)) == [])
        var plain = volume("b", owner: 1)
        (plain.identity, plain.createdAt, plain.postgresMajor, plain.holdsData) = (nil, nil, nil, false)
        try await store.save([plain, volume("a", owner: 1)])
        try promise(
            "volumes are read as they were stored",
            try await store.volumes(of: ref(1)) == [volume("a", owner: 1), plain])
        plain.holdsData = true
        try await store.save([plain])
        try promise("a volume is replaced", try await store.volumes(of: ref(1)).last == plain)
        try promise("what is in use is not kept", try await store.keptVolumes(in: "acme") == [])
        plain.keptAt = start
        try await store.save([plain])
        try promise("kept ones are listed", try await store.keptVolumes(in: "acme") == [plain])
        try promise("to their organization only", try await store.keptVolumes(in: "other") == [])
        try await store.forget(volumes: ["b", "unknown"])
        try promise("a forgotten one is gone", try await store.volumes(of: ref(1)).map(\.name) == ["a"])
    }

    func checkDestruction() async throws {
        try promise("what is in use is not destroyed", try await !store.requestDestruction(of: "a", at: start))
        try promise("nor an unknown volume", try await !store.requestDestruction(of: "unknown", at: start))
        try await store.save([volume("k", owner: 2, kept: true)])
        try promise("nothing is to be destroyed yet", try await store.destructions() == [])
        try promise("a kept one can be", try await store.requestDestruction(of: "k", at: start))
        try promise("asking again says nothing new", try await !store.requestDestruction(of: "k", at: start))
        try promise("its owner is named", try await store.destructions() == [ref(2)])
        try promise("it is not given away", try await store.attach(volumesOf: ref(2), to: ref(3)) == [])
        try promise("and nothing is noted of that", try await store.attachment(of: ref(3)) == nil)
        try await store.forget(volumes: ["k"])
    }

    func checkAttachment() async throws {
        try promise("nothing kept, nothing attached", try await store.attach(volumesOf: ref(2), to: ref(3)) == [])
        try promise("what is in use is not given away", try await store.attach(volumesOf: ref(1), to: ref(3)) == [])
        try await store.save([volume("m", owner: 2, kept: true), volume("n", owner: 2, kept: true)])
        let attached = try await store.attach(volumesOf: ref(2), to: ref(3))
        try promise("all kept volumes go to the new project", attached.map(\.name) == ["m", "n"])
        try promise("they are in use", attached.allSatisfy { $0.keptAt == nil && $0.ref == ref(3) })
        try promise("their label stays", attached.allSatisfy { $0.owner == ref(2) && $0.isAttached })
        try promise("both projects see them", try await store.volumes(of: ref(2)) == attached)
        try promise("the user too", try await store.volumes(of: ref(3)) == attached)
        try promise(
            "attaching again changes nothing", try await store.attach(volumesOf: ref(2), to: ref(3)) == attached)
        try promise("no other project gets them", try await store.attach(volumesOf: ref(2), to: ref(4)) == [])
        try promise("it is known where they came from", try await store.attachment(of: ref(3)) == ref(2))
        try await store.giveBack(volumesOf: ref(3), at: start + .seconds(5))
        let kept = try await store.keptVolumes(in: "acme")
        try promise(
            "given back they are kept again",
            kept.map(\.name) == ["m", "n"]
                && kept.allSatisfy { $0.ref == ref(2) && $0.keptAt == start + .seconds(5) })
        try promise("it stays known where they came from", try await store.attachment(of: ref(3)) == ref(2))
        try promise("another one can have them", try await store.attach(volumesOf: ref(2), to: ref(4)).count == 2)
        try promise("then the first cannot", try await store.attach(volumesOf: ref(2), to: ref(3)) == [])
        try await store.giveBack(volumesOf: ref(1), at: start)
        try promise("what was never attached is not given back", try await store.volumes(of: ref(1))[0].keptAt == nil)
    }

    func checkRemoval() async throws {
        let end = start + .seconds(10)
        func removed(before time: Timestamp) async throws -> Int {
            try await store.removeReceipts(endedBefore: time, limit: 10)
        }
        var receipt = receipt(2, destroysVolumes: true)
        receipt.items = [.init(key: .init(.network, "n"), name: "n", state: .destroyed, at: start)]
        receipt.endedAt = end
        try await store.save(receipt)
        let late = end + .milliseconds(1)
        try promise("a receipt is kept until the project is deleted", try await removed(before: late) == 0)
        let isDeleted = try await projects.transition(2, from: .deleting, to: .deleted, seconds: 20)
        try promise("the contract's own project is deleted", isDeleted)
        try promise("and while its volumes are known", try await removed(before: late) == 0)
        try await store.forget(volumes: ["m", "n"])
        receipt.items[0].state = .remaining
        try await store.save(receipt)
        try promise("and while anything remains", try await removed(before: late) == 0)
        receipt.items[0].state = .destroyed
        try await store.save(receipt)
        try promise("and until its time is over", try await removed(before: end) == 0)
        try promise("not more than wanted", try await store.removeReceipts(endedBefore: late, limit: 0) == 0)
        try promise("then it goes", try await removed(before: late) == 1)
        try promise("as a whole", try await store.receipt(of: ref(2)) == nil)
        try promise("once", try await removed(before: late) == 0)
        try promise("and no other", try await store.receipt(of: ref(1)) != nil)
    }
}
