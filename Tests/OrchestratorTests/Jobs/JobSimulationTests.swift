import Orchestrator
import ProjectModel
import Testing

@testable import OrchestratorTesting

@Suite("Jobs under kills, two managers and clock jumps")
struct JobSimulationTests {
    @Test("killed before and after every call to the database, each job runs as its contract says")
    func everyStep() async throws {
        var deaths = 0
        for call in 1...20 {
            for death in [ManagerLife.Death.before(call: call), .after(call: call)] {
                let isDead = try await SimulatedHost.run(seed: UInt64(call)) { host in
                    let auditor = SimulationAuditor(host: host, weather: .clear)
                    let storm = JobStorm(
                        host: host, auditor: auditor, weather: .clear, seed: UInt64(call), mistake: nil)
                    let due = host.time.now()
                    _ = await storm.enqueue(NewJob(JobStorm.repeated, key: "1", due: due))
                    _ = await storm.enqueue(NewJob(JobStorm.single, key: "1", contract: .atMostOnce, due: due))
                    let process = MortalProcess(in: storm, death)
                    let end = host.time.steady + .seconds(120)
                    try await storm.live("first", process) {
                        process.life.isAlive && host.time.steady < end
                    }
                    let isDead = host.time.steady < end
                    try await storm.calm()
                    #expect(auditor.violations == [], "\(death)")
                    return isDead
                }
                deaths += isDead ? 1 : 0
            }
        }
        #expect(deaths == 40, "a run has fewer calls than that, so some steps were not tried")
    }

    @Test("ten thousand jobs that are due at once each run as their contract says", arguments: [1, 2] as [UInt64])
    func tenThousand(seed: UInt64) async throws {
        let report = try await Simulation.runManyJobs(10_000, seed: seed)
        #expect(report.violations == [])
        #expect(
            report.states.values.reduce(0, +) == 10_000 && Set(report.states.keys).isSubset(of: [.succeeded, .failed]))
        #expect(report.faults[.managerKilled, default: 0] > 0 && report.interruptions > 0)
        #expect(report.states[.succeeded, default: 0] > 5_000)
    }

    @Test("planted mistakes are found", arguments: PlantedMistake.allCases.filter(\.isAboutJobs))
    func mistakes(mistake: PlantedMistake) async throws {
        for seed in 0..<mistake.seedsMax {
            if try await !Simulation.run(seed: seed, mistake: mistake).violations.isEmpty { return }
        }
        Issue.record("\(mistake) is not found")
    }
}
