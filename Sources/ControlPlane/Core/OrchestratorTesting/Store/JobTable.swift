import Orchestrator
import ProjectModel

/// The rows of ``InMemoryJobStore``, with the indexes that PostgreSQL has: ten thousand jobs are found one by one.
struct JobTable {
    struct Name: Hashable {
        let kind: JobKind
        let key: String
    }

    /// A job that waits, in the order of starts.
    struct Entry {
        let priority: JobPriority
        let due: Timestamp
        let id: Int64

        init(_ job: Job) { (priority, due, id) = (job.priority, job.due, job.id) }

        static func isBefore(_ left: Entry, _ right: Entry) -> Bool {
            (right.priority, left.due, left.id) < (left.priority, right.due, right.id)
        }
    }

    var isDown = false
    var jobs: [Int64: Job] = [:]
    private(set) var running: Set<Int64> = []
    private(set) var order: [Entry] = []
    private var names: [Name: Int64] = [:]
    private var lastID: Int64 = 0
    private var again: Set<Int64> = []

    func job(_ kind: JobKind, key: String) -> Job? { names[Name(kind: kind, key: key)].flatMap { jobs[$0] } }

    mutating func enqueue(_ new: NewJob, at time: Timestamp) -> Job {
        if let present = job(new.kind, key: new.key) { return present }
        lastID += 1
        let job = Job(id: lastID, new, at: time)
        names[Name(kind: new.kind, key: new.key)] = job.id
        store(job)
        return job
    }

    mutating func hasten(_ kind: JobKind, key: String, at time: Timestamp) -> Bool {
        guard var job = job(kind, key: key), !job.state.isOver else { return false }
        if job.state == .running {
            again.insert(job.id)
        } else {
            job.due = min(job.due, time)
            store(job)
        }
        return true
    }

    mutating func cancel(_ id: Int64, at time: Timestamp, keptUntil: Timestamp) -> Job? {
        guard var job = jobs[id] else { return nil }
        guard job.schedule == .once, !job.state.isOver else { return job }
        if job.state == .running {
            job.isCancelRequested = true
        } else {
            (job.state, job.outcome, job.dueWithin) = (.cancelled, .cancelled, nil)
            (job.endedAt, job.keptUntil) = (time, keptUntil)
        }
        store(job)
        return job
    }

    mutating func removeFinished(before time: Timestamp, limit: Int) -> Int {
        let old = jobs.values.filter { $0.keptUntil.map { $0 < time } ?? false }.sorted { $0.id < $1.id }.prefix(limit)
        for job in old {
            jobs[job.id] = nil
            names[Name(kind: job.kind, key: job.key)] = nil
        }
        return old.count
    }

    mutating func claim(_ claim: JobClaim) -> JobClaimed {
        let locks = Set(running.compactMap { jobs[$0]?.lock })
        let candidates = candidates(claim, beside: locks)
        let chosen = JobAdmission.choose(
            from: candidates, running: locks, slots: claim.slots, limit: claim.limit, now: claim.at)
        let started = chosen.map { job in
            var job = job
            job.state = .running
            job.run += 1
            job.progress = nil
            job.holder = JobHolder(runner: claim.runner, since: claim.at, heartbeat: claim.at)
            store(job)
            return job
        }
        let unwanted = running.compactMap { jobs[$0] }.filter(\.isCancelRequested).map(\.latestRun)
        return JobClaimed(jobs: started, nextDue: nextDue(claim), unwanted: Set(unwanted))
    }

    /// The jobs that may start, in order: of each kind up to its limit, of each lock the first.
    private func candidates(_ claim: JobClaim, beside running: Set<JobLock>) -> [Job] {
        var (found, counts, locks) = ([Job](), claim.slots, running)
        for entry in order where entry.due <= claim.at {
            guard found.count < claim.limit else { break }
            guard let job = jobs[entry.id], counts[job.kind, default: 0] > 0 else { continue }
            if let lock = job.lock, !locks.insert(lock).inserted { continue }
            counts[job.kind, default: 0] -= 1
            found.append(job)
        }
        return found
    }

    private func nextDue(_ claim: JobClaim) -> Timestamp? {
        var next: Timestamp?
        for entry in order where entry.due > claim.at && next.map({ entry.due < $0 }) ?? true {
            if let kind = jobs[entry.id]?.kind, claim.slots[kind] != nil { next = entry.due }
        }
        return next
    }

    mutating func settle(_ run: JobRun, _ settlement: JobSettlement) -> Bool {
        guard var job = jobs[run.job], job.state == .running, job.latestRun == run else { return false }
        job.state = settlement.state
        (job.due, job.dueWithin) = (settlement.due, settlement.dueWithin)
        if again.remove(job.id) != nil, settlement.state == .queued { job.due = min(job.due, settlement.endedAt) }
        (job.attempts, job.interruptions) = (settlement.attempts, settlement.interruptions)
        (job.outcome, job.error) = (settlement.outcome, settlement.error)
        job.result = settlement.result ?? job.result
        (job.endedAt, job.keptUntil) = (settlement.endedAt, settlement.keptUntil)
        (job.holder, job.isCancelRequested) = (nil, false)
        store(job)
        return true
    }

    mutating func replan(_ old: Job, _ plan: JobPlan) -> Bool {
        guard var job = jobs[old.id], job.state == .queued, job.run == old.run, job.due == old.due else { return false }
        (job.schedule, job.contract, job.priority) = (plan.schedule, plan.contract, plan.priority)
        (job.due, job.dueWithin) = (plan.due, plan.dueWithin)
        store(job)
        return true
    }

    /// Stores a row and keeps the indexes.
    private mutating func store(_ job: Job) {
        if let old = jobs[job.id], old.state == .queued {
            let place = place(of: Entry(old))
            if place < order.count, order[place].id == old.id { order.remove(at: place) }
        }
        running.remove(job.id)
        jobs[job.id] = job
        if job.state == .running { running.insert(job.id) }
        if job.state == .queued {
            let entry = Entry(job)
            order.insert(entry, at: place(of: entry))
        }
    }

    /// The first place whose entry does not come before `entry`.
    private func place(of entry: Entry) -> Int {
        var (low, high) = (0, order.count)
        while low < high {
            let middle = (low + high) / 2
            if Entry.isBefore(order[middle], entry) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
