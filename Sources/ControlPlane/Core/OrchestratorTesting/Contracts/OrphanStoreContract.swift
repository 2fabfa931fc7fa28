public import Orchestrator
import ProjectModel

/// What every ``OrphanStore`` promises. Tests run it on ``InMemoryOrphanStore`` and on PostgreSQL.
public enum OrphanStoreContract {
    /// Checks every promise on an empty ledger; throws the first that is broken.
    ///
    /// - Parameter projects: The store that holds the projects; the contract adds one.
    public static func run(on store: any OrphanStore, projects: any ProjectStore) async throws {
        let start = Timestamp(milliseconds: 1_800_000_000_000)
        let known = try await projects.insert(try StoreContractRun(store: projects).project(1))
        let labels: Set<String> = [known.ref.text, "abcdefghijklmnopqrst", "", "'; --"]
        try promise("projects are known by their ref", try await store.projects(among: labels) == [known.ref.text])
        try promise("no orphans at first", try await store.orphans() == [])

        func orphan(_ kind: EngineObjectKind, _ id: String) -> Orphan {
            Orphan(
                object: EngineObject(key: EngineObjectKey(kind, id), name: "its \"name\"", projectLabel: "lost"),
                firstSeen: start, graceUntil: start + .seconds(60))
        }
        try await store.add([orphan(.container, "a"), orphan(.volume, "a")])
        let first = try await store.orphans()
        try promise("orphans get numbers of their own", Set(first.map(\.number)).count == 2 && first[0].number > 0)
        try promise(
            "they are read as they were added",
            first.map(\.object) == [orphan(.container, "a").object, orphan(.volume, "a").object]
                && first.allSatisfy { $0.firstSeen == start && $0.graceUntil == start + .seconds(60) }
                && first.allSatisfy { $0.state == .reported && $0.refusal == nil })
        var again = orphan(.container, "a")
        again.firstSeen = start + .seconds(9)
        try await store.add([again, orphan(.network, "b")])
        let second = try await store.orphans()
        try promise("known ones are unchanged", Array(second.prefix(2)) == first && second.count == 3)

        let number = first[0].number
        try await store.renewGrace(of: [number, 999_999], until: start + .seconds(90))
        let ends = try await store.orphans().map(\.graceUntil)
        try promise("a grace is renewed", ends == [start + .seconds(90), start + .seconds(60), start + .seconds(60)])
        try await store.note(refusal: "in use", of: number)
        try promise("a refusal is noted", try await store.orphans().first?.refusal == "in use")
        let requested = try await store.requestRemoval(of: number)
        try promise("a removal is noted", requested?.state == .removing && requested?.refusal == nil)
        try promise("and read", try await store.orphans().first { $0.number == number } == requested)
        try promise("an unknown one is not", try await store.requestRemoval(of: 999_999) == nil)
        try await store.strike([number, 999_999])
        try promise(
            "struck off, it is gone", try await store.orphans().map(\.number) == second.dropFirst().map(\.number))
        try await store.add([orphan(.container, "a")])
        let number2 = try await store.orphans().last?.number ?? 0
        try promise("seen again it is another one", number2 > number)
    }
}
