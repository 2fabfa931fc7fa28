import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import BackupOperations

@Suite("Generations of a volume")
struct VolumeGenerationsTests {
    private let ref = ProjectRef.sample(1)
    private let start = Timestamp(milliseconds: 1_000)

    private func original(_ ref: ProjectRef? = nil, _ composeName: String = "db-data") -> VolumeRecord {
        let ref = ref ?? self.ref
        return VolumeRecord(
            name: "\(ref)_\(composeName)", owner: ref, ref: ref, composeName: composeName, identity: "a",
            holdsData: true, postgresMajor: 15)
    }

    private func generations(_ records: [VolumeRecord]) -> VolumeGenerations {
        VolumeGenerations(records, of: ref, "db-data")
    }

    @Test("only this volume of this project counts")
    func selection() {
        let all = [original(), original(ref, "storage-data"), original(.sample(2))]
        #expect(generations(all).records == [original()])
    }

    @Test("a new generation is set aside, holds nothing, and has a name and number of its own")
    func next() throws {
        let first = generations([original()]).next(of: ref, "db-data", identity: "b", at: start)
        #expect(first.name == "\(ref)_db-data_g1" && first.generation == 1 && first.identity == "b")
        #expect(first.setAsideAt == start && !first.holdsData && first.owner == ref && first.composeName == "db-data")
        let second = generations([original(), first]).next(of: ref, "db-data", identity: "c", at: start)
        #expect(second.name == "\(ref)_db-data_g2" && second.generation == 2)
    }

    @Test("after a switch one volume is in use, and the way back is the one that was")
    func switching() throws {
        let first = generations([original()]).next(of: ref, "db-data", identity: "b", at: start)
        #expect(generations([original(), first]).previous == nil)
        let forward = try #require(
            generations([original(), first]).using(first.name, major: 15, at: start + .seconds(5)))
        #expect(forward.filter { $0.setAsideAt == nil }.map(\.name) == [first.name])
        #expect(forward.allSatisfy { $0.holdsData && $0.postgresMajor == 15 })
        #expect(generations(forward).previous?.name == original().name)
        let back = try #require(generations(forward).using(original().name, major: 15, at: start + .seconds(9)))
        #expect(back.filter { $0.setAsideAt == nil }.map(\.name) == [original().name])
        #expect(generations(back).previous?.name == first.name)
        #expect(generations(back).next(of: ref, "db-data", identity: "c", at: start).generation == 2)
    }

    @Test("a generation that only the engine has is not made again")
    func seen() {
        let seen = ["\(ref)_db-data", "\(ref)_db-data_g4", "\(ref)_other_g9"]
        let next = generations([original()]).next(of: ref, "db-data", seen: seen, identity: "b", at: start)
        #expect(next.generation == 5 && next.name == "\(ref)_db-data_g5")
    }

    @Test("what is not known is not switched to")
    func unknown() { #expect(generations([original()]).using("other", major: 15, at: start) == nil) }

    @Test("a prepared volume is no way back: it holds nothing")
    func prepared() throws {
        let first = generations([original()]).next(of: ref, "db-data", identity: "b", at: start)
        let second = generations([original(), first]).next(of: ref, "db-data", identity: "c", at: start)
        let used = try #require(generations([original(), first, second]).using(first.name, major: nil, at: start))
        #expect(generations(used).previous?.name == original().name)
    }
}
