import Orchestrator
import ProjectModel

/// What the jobs of a storm do: they take time, report progress, fail at times, and have one effect.
struct JobHandlers: Sendable {
    let storm: JobStorm
    let lease: ManagerLease
    let process: MortalProcess
    let time: StoppableTime

    /// Shorter than some runs.
    static let timeLimit: Duration = .seconds(9)

    var definitions: [JobDefinition] {
        let own = JobStorm.intervals.sorted { $0.key < $1.key }.map { kind, interval in
            define(kind, JobDefinition.Recurring(interval), failsOneIn: nil)
        }
        return own + [
            define(JobStorm.repeated, nil, failsOneIn: 5), define(JobStorm.single, nil, failsOneIn: 9),
        ]
    }

    private func define(
        _ kind: JobKind, _ recurring: JobDefinition.Recurring?, failsOneIn rarity: Int?
    ) -> JobDefinition {
        JobDefinition(
            kind, recurring: recurring, retry: JobStorm.retry, timeLimit: Self.timeLimit,
            parallelMax: storm.pace.slots[kind, default: 1]
        ) { context in
            try await self.work(context, failsOneIn: rarity)
        }
    }

    private func work(_ context: JobContext, failsOneIn rarity: Int?) async throws -> String {
        let job = context.job
        guard process.life.isAlive, let token = lease.token else { throw HostError("the manager is dead") }
        storm.auditor.noteStart(job, by: token)
        defer { storm.auditor.noteEnd(job, by: token) }
        let steps = storm.random.number(below: storm.pace.stepsMax + 1)
        for step in 0..<steps {
            let longest = rarity == nil ? min(500, storm.pace.stepMax) : storm.pace.stepMax
            try await time.sleep(for: .milliseconds(storm.random.number(below: longest) + 1))
            if storm.random.number(below: 3) == 0 {
                try await context.note(JobProgress(done: Int64(step), total: Int64(steps), message: "step \(step)"))
            }
        }
        if let rarity, storm.random.number(below: rarity) == 0 {
            let isFinal = storm.random.number(below: 6) == 0
            guard isFinal else { throw HostError("the job's own error") }
            storm.auditor.noteHopeless(job)
            throw JobFailure("it is of no use")
        }
        try context.check()
        guard process.life.isAlive else { throw HostError("the manager is dead") }
        storm.auditor.noteEffect(job)
        return "done"
    }
}
