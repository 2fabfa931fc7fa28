import Orchestrator
import OrchestratorTesting
import ProjectModel
import Reconciler
import Testing

/// Volumes that restores and trials of backups leave beside those of the template.
@Suite("Volumes that restores make")
struct RestoredVolumesTests {
    /// A volume of the database of a project that is active.
    private static func database(_ manager: SimulatedManager, _ ref: ProjectRef) async throws -> VolumeRecord {
        try #require(try await manager.catalog.dataVolumes(of: ref).first { $0.postgresMajor != nil })
    }

    /// A record of a generation that is not proven.
    private static func unproven(_ number: Int, of record: VolumeRecord, at time: Timestamp) -> VolumeRecord {
        var next = record
        next.name = VolumeNames.generation(number, of: record.composeName, in: record.ref)
        (next.identity, next.generation, next.setAsideAt, next.holdsData) = ("mark", number, time, false)
        next.postgresMajor = nil
        return next
    }

    private static func make(_ name: String, _ composeName: String, on host: SimulatedHost, for ref: ProjectRef)
        async throws
    {
        let volume = DesiredVolume(name: name, composeName: composeName, identity: "mark")
        try await host.engine.perform(.createVolume(volume), for: ref)
    }

    private static func active(
        _ body: @Sendable (SimulatedHost, SimulatedManager, ProjectRef, VolumeRecord) async throws -> Void
    ) async throws {
        try await SimulatedHost.run(seed: 1) { host in
            try await host.manage { manager in
                let ref = try await manager.create()
                try await host.wait(for: .active, of: ref)
                _ = try await host.wait { try await manager.catalog.dataVolumes(of: ref).contains { $0.holdsData } }
                try await body(host, manager, ref, try await Self.database(manager, ref))
            }
        }
    }

    private static func restart(_ ref: ProjectRef, of manager: SimulatedManager, on host: SimulatedHost) async throws {
        _ = try await manager.catalog.request(.pauseRequested, of: ref)
        try await host.wait(for: .paused, of: ref)
        _ = try await manager.catalog.request(.resumeRequested, of: ref)
    }

    @Test("a volume that a restore did not prove holds no data, whatever runs beside it")
    func unproven() async throws {
        try await Self.active { host, manager, ref, database in
            let beside = Self.unproven(1, of: database, at: host.time.now())
            try await Self.make(beside.name, beside.composeName, on: host, for: ref)
            try await host.custody.save([beside])
            try await Self.restart(ref, of: manager, on: host)
            try await host.wait(for: .active, of: ref)
            try await host.time.sleep(for: .seconds(90))
            let stored = try await host.custody.volumes(of: ref)
            #expect(stored.first { $0.name == beside.name } == beside)
            #expect(stored.first { $0.name == database.name }?.holdsData == true)
        }
    }

    @Test("a deletion that keeps volumes keeps those with data, and none that a restore or a trial left unfinished")
    func deletion() async throws {
        try await Self.active { host, manager, ref, database in
            let beside = Self.unproven(1, of: database, at: host.time.now())
            let trial = VolumeNames.trial(of: database.composeName, in: ref)
            for name in [beside.name, trial] { try await Self.make(name, database.composeName, on: host, for: ref) }
            var proven = Self.unproven(2, of: database, at: host.time.now())
            proven.holdsData = true
            try await Self.make(proven.name, proven.composeName, on: host, for: ref)
            try await host.custody.save([beside, proven])
            _ = try await manager.catalog.delete(ref, keepingVolumes: true)
            try await host.wait(for: .deleted, of: ref)
            let left = Set(host.engine.contents(of: ref).volumes.map(\.name))
            #expect(left.isSuperset(of: [database.name, proven.name]))
            #expect(left.isDisjoint(with: [beside.name, trial]))
            #expect(try await Set(host.custody.volumes(of: ref).map(\.name)) == left)
        }
    }

    @Test("a database is not started on a volume of which the engine has a later generation that is not known")
    func unknownGeneration() async throws {
        try await Self.active { host, manager, ref, database in
            let names = [9, 10].map { VolumeNames.generation($0, of: database.composeName, in: ref) }
            // The last one by number.
            let later = names[1]
            _ = try await manager.catalog.request(.pauseRequested, of: ref)
            try await host.wait(for: .paused, of: ref)
            for name in names { try await Self.make(name, database.composeName, on: host, for: ref) }
            let before = host.engine.calls.count
            _ = try await manager.catalog.request(.resumeRequested, of: ref)
            let record = try await host.wait(for: .degraded, of: ref)
            #expect(record?.failure?.service == .db)
            #expect(record?.failure?.message.contains(later) == true, "\(record?.failure?.message ?? "no failure")")
            try await host.time.sleep(for: .seconds(90))
            #expect(!host.engine.calls.dropFirst(before).contains { $0.operation.service == .db })
            // What the message says helps.
            for name in names { try await host.engine.perform(.removeVolume(name: name), for: ref) }
            let mended = try await host.wait(for: .active, of: ref)
            #expect(mended?.status == .active && mended?.failure == nil)
        }
    }

    @Test("only names of generations are taken for such")
    func names() {
        let ref = ProjectRef.sample(1)
        #expect(VolumeNames.generation(of: VolumeNames.generation(12, of: "data", in: ref), "data", in: ref) == 12)
        for name in [
            "\(ref)_data", "\(ref)_data_g0", "\(ref)_data_g01", "\(ref)_data_g-1", "\(ref)_other_g1", "data_g1",
        ] {
            #expect(VolumeNames.generation(of: name, "data", in: ref) == nil, "\(name)")
        }
        #expect(VolumeNames.isTrial(VolumeNames.trial(of: "data", in: ref), of: ref))
        #expect(!VolumeNames.isTrial("\(ref)_data", of: ref))
        #expect(!VolumeNames.isTrial(VolumeNames.trial(of: "data", in: .sample(2)), of: ref))
    }
}
