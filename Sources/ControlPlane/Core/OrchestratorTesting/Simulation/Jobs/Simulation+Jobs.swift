public import Orchestrator
import ProjectModel

extension Simulation {
    /// Virtual time in which managers die while they work on many jobs.
    static let manyJobsStorm: Duration = .seconds(90)

    /// Runs many jobs that are all due at once, half of them at least once and half of them at most once, on two managers
    /// that are killed, stopped and continued, while the clock is set and the database fails; then one that does not.
    ///
    /// - Returns: What was done, and what the auditor found.
    public static func runManyJobs(_ count: Int, seed: UInt64) async throws -> ManyJobsReport {
        try await SimulatedHost.run(seed: seed) { host in
            var pace = JobStorm.Pace()
            pace.slots = [JobStorm.repeated: 16, JobStorm.single: 16, JobStorm.tick: 1, JobStorm.slow: 1]
            (pace.limits, pace.stepsMax, pace.stepMax, pace.callsMax) = (JobLimits(), 1, 200, 2_500)
            pace.hasUsers = false
            let auditor = SimulationAuditor(host: host, weather: .clear)
            let storm = JobStorm(
                host: host, auditor: auditor, weather: Weather(seed: seed), seed: seed, mistake: nil, pace: pace)
            let due = host.time.now()
            for number in 0..<count {
                let isSingle = number % 2 == 0
                let job = NewJob(
                    isSingle ? JobStorm.single : JobStorm.repeated, key: "job \(number)",
                    contract: isSingle ? .atMostOnce : .atLeastOnce, due: due)
                while await !storm.enqueue(job) {}
            }
            try await storm.storm(until: host.time.steady + manyJobsStorm)
            try await storm.calm()
            let jobs = storm.store.everything.filter { $0.schedule == .once }
            return ManyJobsReport(
                states: Dictionary(grouping: jobs, by: \.state).mapValues(\.count),
                interruptions: jobs.count { $0.outcome == .interrupted }, faults: storm.weather.counts,
                violations: auditor.violations)
        }
    }
}

/// Outcome of many jobs.
public struct ManyJobsReport: Sendable {
    /// How many are in each state.
    public var states: [JobState: Int]
    /// How many were given up because their effect is unknown.
    public var interruptions: Int
    /// What went wrong meanwhile.
    public var faults: [FaultKind: Int]
    /// What the auditor found; empty when all is well.
    public var violations: [String]
}
