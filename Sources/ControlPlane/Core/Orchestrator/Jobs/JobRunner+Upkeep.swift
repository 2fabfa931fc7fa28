import Logging
import ProjectModel

/// What a runner puts right before it claims anything: runs without a runner, times that a set clock has moved away, and
/// the manager's own jobs.
extension JobRunner {
    func upkeep(_ term: inout JobTerm) async throws(StoreError) {
        try await takeOver(term.runner)
        try await bringBack(term.runner)
        if !term.isPrepared {
            try await prepare(term.runner)
            term.isPrepared = true
        }
    }

    /// Settles what the managers before have left, and what a call of this one has started without its knowing.
    private func takeOver(_ runner: JobRunnerIdentity) async throws(StoreError) {
        while true {
            let left = try await store.abandoned(by: runner, besides: runs, limit: limits.upkeepBatch)
            for job in left {
                let definition = definitions[job.kind]
                let settlement = JobSettlement(
                    after: .interrupted, of: job, retry: definition?.retry ?? JobRetry(),
                    retention: definition?.retention ?? JobRetention(), now: time.now())
                guard try await store.settle(job.latestRun, settlement, by: runner) else { continue }
                logger.notice(
                    "a job has lost its manager",
                    metadata: Self.metadata(job).merging(["state": "\(settlement.state.rawValue)"]) { $1 })
            }
            if left.count < limits.upkeepBatch { return }
        }
    }

    private func bringBack(_ runner: JobRunnerIdentity) async throws(StoreError) {
        while true {
            let now = time.now()
            let far = try await store.tooFar(at: now, limit: limits.upkeepBatch)
            for job in far {
                guard let plan = JobPlan(bringingBack: job, retry: definitions[job.kind]?.retry ?? JobRetry(), now: now)
                else { continue }
                _ = try await store.replan(job, plan, by: runner)
            }
            if far.count < limits.upkeepBatch { return }
        }
    }

    /// Stores the manager's own jobs, and changes those that another version of the program has stored.
    private func prepare(_ runner: JobRunnerIdentity) async throws(StoreError) {
        for definition in definitions.values.sorted(by: { $0.kind < $1.kind }) {
            let now = time.now()
            guard let own = definition.ownJob(now: now) else { continue }
            let stored = try await store.enqueue(own, at: now)
            let isSoon = definition.recurring?.startsWithTerm ?? false
            guard let plan = JobPlan(of: stored, as: own, isSoon: isSoon, now: now) else { continue }
            _ = try await store.replan(stored, plan, by: runner)
        }
    }
}
