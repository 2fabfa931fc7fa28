import Orchestrator
import OrchestratorTesting
import ProjectModel
import Reconciler
import Testing

@testable import BackupOperations

@Suite("What a restore removes")
struct RemainsTests {
    private let ref = ProjectRef.sample(1)

    private func recovery(_ engine: FakeEngine) -> ClusterRecovery {
        ClusterRecovery(
            engine: engine, files: FakeContainerFiles(), archive: FakeBackupArchive(), time: SystemTime(), check: {})
    }

    private func volume(_ identity: String?) -> DesiredVolume {
        DesiredVolume(name: "\(ref)_data_g1", composeName: "data", identity: identity)
    }

    @Test("the volume that it made itself")
    func own() async throws {
        let engine = FakeEngine(time: SystemTime())
        try await engine.perform(.createVolume(volume("mine")), for: ref)
        try await recovery(engine).removeRemains(of: ref, volume("mine"))
        #expect(try await engine.observe(ref).volumes == [])
        try await recovery(engine).removeRemains(of: ref, volume("mine"))
    }

    @Test("no volume of the same name that another manager made", arguments: ["theirs", nil])
    func others(mark: String?) async throws {
        let engine = FakeEngine(time: SystemTime())
        try await engine.perform(.createVolume(volume("data of theirs")), for: ref)
        let error = await #expect(throws: JobFailure.self) {
            try await recovery(engine).removeRemains(of: ref, volume(mark))
        }
        #expect(error?.description.contains("\(ref)_data_g1") == true)
        #expect(try await engine.observe(ref).volumes.map(\.name) == ["\(ref)_data_g1"])
    }
}
