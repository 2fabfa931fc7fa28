public import ProjectModel

/// Which of the jobs that are due start now, beside those that run. Pure.
public enum JobAdmission {
    /// Whether a job may start.
    ///
    /// - Parameters:
    ///   - running: Locks of all jobs that run.
    ///   - slots: How many more jobs of each kind may run; a kind without an entry has no handler here.
    public static func mayStart(_ job: Job, beside running: Set<JobLock>, slots: [JobKind: Int], now: Timestamp) -> Bool
    {
        guard job.state == .queued, job.due <= now, slots[job.kind, default: 0] > 0 else { return false }
        return job.lock.map { !running.contains($0) } ?? true
    }

    /// The jobs to start, in the order in which they start: by priority, then the longest due, then the first enqueued.
    public static func choose(
        from jobs: [Job], running: Set<JobLock>, slots: [JobKind: Int], limit: Int, now: Timestamp
    ) -> [Job] {
        var (slots, locks) = (slots, running)
        var chosen: [Job] = []
        for job in jobs.sorted(by: isBefore) where chosen.count < limit {
            guard mayStart(job, beside: locks, slots: slots, now: now) else { continue }
            chosen.append(job)
            slots[job.kind, default: 0] -= 1
            if let lock = job.lock { locks.insert(lock) }
        }
        return chosen
    }

    /// The order of starts.
    public static func isBefore(_ left: Job, _ right: Job) -> Bool {
        (right.priority, left.due, left.id) < (left.priority, right.due, right.id)
    }
}
