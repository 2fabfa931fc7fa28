import Orchestrator
import ProjectModel
import Synchronization

/// Looks after every start, effect and stored row of a job whether its contract is kept. It knows from outside what was
/// asked for, and what the handlers did.
final class JobAuditor: Sendable {
    /// Longest time beyond twice its interval after which a recurring job is missed, while an active manager runs and the
    /// database is there: looks for what is due, calls that fail, and the run itself.
    static let lateMax: Duration = .seconds(20)

    private struct Inside {
        let run: JobRun
        let kind: JobKind
        let token: FencingToken
        let lock: JobLock?
    }

    private struct State {
        var wanted: [Int64: NewJob] = [:]
        var ids: [String: Int64] = [:]
        var inside: [Inside] = []
        var starts: [Int64: Int] = [:]
        var effects: [Int64: Int] = [:]
        var hopeless: Set<Int64> = []
        var cancelled: Set<Int64> = []
        var over: Set<Int64> = []
        /// Since when a recurring job could have run and has not.
        var waits: [JobKind: Timestamp] = [:]
        var token: FencingToken?
    }

    private let state = Mutex(State())
    private let auditor: SimulationAuditor
    private let store: InMemoryJobStore
    private let time: VirtualTime
    private let pace: JobStorm.Pace

    init(auditor: SimulationAuditor, store: InMemoryJobStore, time: VirtualTime, pace: JobStorm.Pace) {
        self.auditor = auditor
        self.store = store
        self.time = time
        self.pace = pace
    }

    private func violated(_ text: String, if isBroken: Bool = true) { if isBroken { auditor.violated(text) } }

    // MARK: Requests

    /// A user got the answer that a job is enqueued.
    func noteEnqueued(_ wanted: NewJob, as job: Job) {
        let isTwice = state.withLock { state in
            let known = state.ids.updateValue(job.id, forKey: "\(wanted.kind) \(wanted.key)")
            state.wanted[job.id] = wanted
            return known != nil && known != job.id
        }
        violated("a job is enqueued twice under one key", if: isTwice)
        auditor.noteStep("enqueued \(job.id)")
    }

    /// A user asks for a job to be cancelled, and may not hear of it.
    func noteCancelling(_ id: Int64) {
        state.withLock { _ = $0.cancelled.insert(id) }
        auditor.noteStep("cancelling \(id)")
    }

    var acknowledged: [Int64] { state.withLock { $0.wanted.keys.sorted() } }

    // MARK: Runs

    /// A handler begins.
    func noteStart(_ job: Job, by token: FencingToken) {
        let row = store.row(job.id)
        violated("a run begins that is not stored", if: row?.state != .running || row?.latestRun != job.latestRun)
        let broken = state.withLock { state -> [String] in
            let lock = state.wanted[job.id]?.lock
            let beside = state.inside.filter { $0.token == token }
            var broken: [String] = []
            if state.over.contains(job.id) { broken.append("a job that is over runs again") }
            if beside.contains(where: { $0.run.job == job.id }) { broken.append("a job runs twice at once") }
            if let lock, beside.contains(where: { $0.lock == lock }) {
                broken.append("two jobs with the same lock run at once")
            }
            if beside.count >= pace.limits.parallelMax { broken.append("more jobs run at once than may") }
            if beside.count(where: { $0.kind == job.kind }) >= pace.slots[job.kind, default: 0] {
                broken.append("more jobs of a kind run at once than may")
            }
            state.starts[job.id, default: 0] += 1
            if job.contract == .atMostOnce, state.starts[job.id, default: 0] > 1 {
                broken.append("a job that runs at most once begins a second time")
            }
            state.waits[job.kind] = time.steady
            state.inside.append(Inside(run: job.latestRun, kind: job.kind, token: token, lock: lock))
            return broken
        }
        for text in broken { violated(text) }
        auditor.noteStep("start \(job.id) \(job.run)")
    }

    /// A handler ends, however.
    func noteEnd(_ job: Job, by token: FencingToken) {
        state.withLock { state in
            state.inside.removeAll { $0.run == job.latestRun && $0.token == token }
        }
    }

    /// What a job is for has happened.
    func noteEffect(_ job: Job) {
        state.withLock { $0.effects[job.id, default: 0] += 1 }
        auditor.noteStep("effect \(job.id) \(job.run)")
    }

    /// A handler says that another try is useless.
    func noteHopeless(_ job: Job) { state.withLock { _ = $0.hopeless.insert(job.id) } }

    // MARK: Rows

    /// A runner has written something.
    func noteWrite(isHolder: Bool) { violated("a manager without the lease has written a job", if: !isHolder) }

    /// The end of a run was stored, whether its writer hears of it or not.
    func noteSettled(_ run: JobRun) {
        guard let row = store.row(run.job) else { return violated("a job has no row") }
        if row.state.isOver { state.withLock { _ = $0.over.insert(row.id) } }
        auditor.noteStep("settled \(row.id) \(row.state.rawValue)")
        guard case .every(let interval) = row.schedule else { return }
        violated("a recurring job is over", if: row.state.isOver)
        guard row.outcome == .succeeded, let end = row.endedAt else { return }
        violated("runs that were missed pile up", if: row.due <= end && row.kind == JobStorm.tick)
        violated("the next run of a recurring job is too far away", if: row.due.since(end) > interval.length * 2)
    }

    /// The latest time at which a job of a user is due.
    var latestDue: Timestamp { acknowledged.compactMap { store.row($0)?.due }.max() ?? time.now() }

    // MARK: Time

    /// The clock was set: jobs may wait for twice their interval from now on.
    func noteClockSet() { restartWaits() }

    private func restartWaits() {
        let now = time.steady
        state.withLock { state in for kind in state.waits.keys { state.waits[kind] = now } }
    }

    /// Checks whether recurring jobs run.
    ///
    /// - Parameter token: The term of a manager that is active, runs and reaches the database; nil when there is none.
    func look(token: FencingToken?, intervals: [JobKind: JobInterval]) {
        let now = time.steady
        let isMissed = state.withLock { state -> Bool in
            guard let token, token == state.token else {
                state.token = token
                for kind in intervals.keys { state.waits[kind] = now }
                return false
            }
            return intervals.contains { kind, interval in
                now.since(state.waits[kind] ?? now) > interval.length * 2 + Self.lateMax
            }
        }
        violated("a recurring job does not run", if: isMissed)
    }

    /// Whether all jobs that users know of have ended.
    var isDone: Bool { state.withLock(\.wanted).keys.allSatisfy { store.row($0)?.state.isOver ?? true } }

    /// Checks what must have become of every job.
    func checkEnd(retry: JobRetry) {
        for id in acknowledged {
            guard let row = store.row(id) else {
                violated("a job that was enqueued has no row")
                continue
            }
            let (effects, starts, isHopeless, isCancelled) = state.withLock { state in
                (
                    state.effects[id, default: 0], state.starts[id, default: 0], state.hopeless.contains(id),
                    state.cancelled.contains(id)
                )
            }
            violated(
                "the effect of a job that runs at most once has happened twice",
                if: row.contract == .atMostOnce && effects > 1)
            switch row.state {
            case .succeeded: violated("a job is called succeeded and has had no effect", if: effects == 0)
            case .cancelled: violated("a job is cancelled without a request", if: !isCancelled)
            case .failed:
                violated("a job failed without a reason", if: row.error == nil)
                let isDue =
                    row.contract == .atMostOnce || isHopeless || starts >= retry.attemptsMax
                    || row.outcome == .interrupted
                violated("a job is given up before its time", if: !isDue)
            case .queued, .running: violated("a job is stuck in \(row.state.rawValue)")
            }
        }
    }
}
