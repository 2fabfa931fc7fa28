import OrchestratorTesting
import ProjectModel
import Testing

/// `scripts/simulate` runs thousands of seeds, and some of them twice; here is what it rests on. Whether a seed repeats
/// is not for this place: the order of sets depends on the process unless `SWIFT_DETERMINISTIC_HASHING` is set.
@Suite("Simulation")
struct SimulationTests {
    @Test("seeds do many things, and the auditor finds nothing", arguments: 0..<4 as Range<UInt64>)
    func seedsPass(seed: UInt64) async throws {
        let report = try await Simulation.run(seed: seed)
        #expect(report.violations.isEmpty)
        #expect(report.steps > 0 && report.engineCalls > 0 && !report.faults.isEmpty && !report.edges.isEmpty)
    }

    @Test("a planted mistake is found")
    func mistakesAreFound() async throws {
        let report = try await Simulation.run(seed: 0, mistake: .keepFolder)
        #expect(report.violations.contains("a project is DELETED and its folder is there"))
    }

    @Test("the auditor's own table of changes knows every status")
    func tableIsComplete() {
        #expect(Set(StatusEdge.all.flatMap { [$0.from, $0.to] }) == Set(ProjectStatus.allCases))
    }
}
