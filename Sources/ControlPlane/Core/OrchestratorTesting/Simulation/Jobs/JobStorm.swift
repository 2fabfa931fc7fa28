import Logging
import Orchestrator
import ProjectModel
import Synchronization

/// Jobs of several kinds, enqueued and cancelled by users, and run by two managers that are killed, stopped and continued, while the
/// clock is set and the database fails: the production runner under the production lease.
struct JobStorm: Sendable {
    /// Virtual time in which things happen and go wrong.
    static let length: Duration = .seconds(150)
    /// Virtual time within which every job must be over when nothing goes wrong any more.
    static let calmMax: Duration = .seconds(900)
    /// Longest virtual time for which a manager is stopped: more than twice its lease.
    static let stopMax: Duration = .seconds(25)
    /// Virtual time after which the clock is set back in the calm: a manager is there by then.
    static let turnAfter: Duration = .seconds(15)
    /// Longer than any recurring job may be missed.
    static let recurrenceMax: Duration = .seconds(40 * 2) + JobAuditor.lateMax + .seconds(5)

    /// Few and short, so that everything that is limited reaches its limit.
    static let retry = JobRetry(first: .seconds(1), longest: .seconds(8), attemptsMax: 4, interruptionsMax: 8)

    /// A job that runs every few seconds.
    static let tick = kind("sim.tick")
    /// One that recurs, and runs on request too.
    static let slow = kind("sim.slow")
    /// Jobs of users.
    static let repeated = kind("sim.repeated")
    static let single = kind("sim.single")
    static let intervals: [JobKind: JobInterval] = [
        tick: JobInterval(.seconds(7), phase: .seconds(3)), slow: JobInterval(.seconds(40)),
    ]

    private static func kind(_ text: String) -> JobKind { JobKind(known: text) }

    /// How much there is to do, and how long it takes.
    struct Pace: Sendable {
        /// Jobs of each kind that run at once.
        var slots = [JobStorm.repeated: 4, JobStorm.single: 3, JobStorm.tick: 1, JobStorm.slow: 1]
        var limits = JobLimits(parallelMax: 8, batchMax: 4)
        /// Waits of one run.
        var stepsMax = 3
        /// Longest wait in milliseconds; longer, together, than ``JobHandlers/timeLimit``.
        var stepMax = 3_500
        /// Calls after which a manager dies at the latest, if it does.
        var callsMax = 60
        /// Whether users ask for things meanwhile.
        var hasUsers = true
    }

    let host: SimulatedHost
    let weather: Weather
    let random: SharedGenerator
    let mistake: PlantedMistake?
    let pace: Pace
    let leases: InMemoryManagerLeaseStore
    let store: InMemoryJobStore
    let auditor: JobAuditor
    let desk = Desk()

    /// Who is there.
    final class Desk: Sendable {
        private struct State {
            var posts: [String: JobPost] = [:]
            var isDown = false
        }

        private let state = Mutex(State())

        func take(_ post: JobPost, as name: String) { state.withLock { $0.posts[name] = post } }
        func leave(_ name: String) { state.withLock { $0.posts[name] = nil } }
        func setDown(_ isDown: Bool) { state.withLock { $0.isDown = isDown } }
        var posts: [JobPost] { state.withLock { state in state.posts.keys.sorted().compactMap { state.posts[$0] } } }
        var isDown: Bool { state.withLock(\.isDown) }
    }

    init(
        host: SimulatedHost, auditor: SimulationAuditor, weather: Weather, seed: UInt64, mistake: PlantedMistake?,
        pace: Pace = Pace()
    ) {
        self.host = host
        self.weather = weather
        self.mistake = mistake
        self.pace = pace
        random = SharedGenerator(seed: seed ^ 0x10B5)
        leases = InMemoryManagerLeaseStore(time: host.time)
        store = InMemoryJobStore(leases: leases)
        self.auditor = JobAuditor(auditor: auditor, store: store, time: host.time, pace: pace)
    }

    /// What users see.
    var requests: CampaignJobStore {
        CampaignJobStore(base: store, leases: leases, weather: weather, auditor: auditor, mistake: mistake)
    }

    func run() async throws {
        try await storm(until: host.time.steady + Self.length)
        try await calm()
    }

    /// Managers start and are killed while `others` runs.
    func storm(until end: Timestamp) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for name in ["first", "second"] { group.addTask { try await self.liveAgainAndAgain(name, until: end) } }
            if pace.hasUsers { group.addTask { try await self.use(until: end) } }
            group.addTask { try await self.disturb(until: end) }
            group.addTask { try await self.look(until: end) }
            try await group.waitForAll()
        }
    }

    /// Nothing goes wrong any more: every job ends, and recurring ones keep running when the clock goes back.
    func calm() async throws {
        weather.clearUp()
        store.setDown(false)
        desk.setDown(false)
        // What was enqueued while the clock was ahead is due by that clock.
        setClock(by: max(auditor.latestDue.since(host.time.now()), .zero))
        let end = host.time.steady + Self.calmMax
        try await live("last", MortalProcess(in: self)) {
            auditor.look(token: desk.posts.first?.activeToken, intervals: Self.intervals)
            return host.time.steady < end && !auditor.isDone
        }
        auditor.checkEnd(retry: Self.retry)
        let turn = host.time.steady + Self.turnAfter
        let last = turn + Self.recurrenceMax
        let hasTurned = Atomic(false)
        try await live("after", MortalProcess(in: self)) {
            auditor.look(token: desk.posts.first?.activeToken, intervals: Self.intervals)
            if host.time.steady >= turn, !hasTurned.exchange(true, ordering: .relaxed) {
                setClock(by: .seconds(-7_200))
            }
            return host.time.steady < last
        }
    }

    private func look(until end: Timestamp) async throws {
        while host.time.steady < end {
            let active = desk.isDown ? nil : desk.posts.lazy.compactMap(\.activeToken).first
            auditor.look(token: active, intervals: Self.intervals)
            try await host.time.sleep(for: .milliseconds(250))
        }
    }

    // MARK: Managers

    private func liveAgainAndAgain(_ name: String, until end: Timestamp) async throws {
        while host.time.steady < end {
            let call = 3 + random.number(below: pace.callsMax)
            let deaths: [ManagerLife.Death] = [.before(call: call), .after(call: call), .never]
            let process = MortalProcess(in: self, deaths[random.number(below: 3)])
            let retirement = host.time.steady + .seconds(20 + random.number(below: 60))
            try await live(name, process) {
                process.life.isAlive && host.time.steady < min(end, retirement)
            }
            weather.count(.managerKilled)
            try await host.time.sleep(for: .milliseconds(random.number(below: 6_000) + 1))
        }
    }

    /// A manager for as long as a condition holds; then its process is killed.
    func live(_ name: String, _ process: MortalProcess, while condition: @Sendable () -> Bool) async throws {
        let post = try JobPost(in: self, process, name: "\(name) \(random.number(below: 1_000_000))")
        desk.take(post, as: name)
        defer { desk.leave(name) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await post.managing.runUntilCancelled() }
            group.addTask { try await self.stopAndContinue(process.stoppable) }
            defer {
                process.life.die()
                process.stoppable.setStopped(false)
                group.cancelAll()
            }
            while condition() { try await host.time.sleep(for: .milliseconds(100)) }
        }
    }

    private func stopAndContinue(_ process: StoppableProcess) async throws {
        while !Task.isCancelled {
            try await host.time.sleep(for: .milliseconds(random.number(below: 40_000) + 1_000))
            guard weather.strikes(.managerStopped, oneIn: 1) else { continue }
            process.setStopped(true)
            let longest = Int(clamping: Self.stopMax.wholeMilliseconds)
            try await host.time.sleep(for: .milliseconds(random.number(below: longest) + 1))
            process.setStopped(false)
        }
    }
}

/// A manager of a storm: its lease, its runner, and its handlers.
struct JobPost: Sendable {
    let lease: ManagerLease
    let managing: LeaseLoop
    private let leases: InMemoryManagerLeaseStore
    private let process: MortalProcess

    init(in storm: JobStorm, _ process: MortalProcess, name: String) throws {
        let time = StoppableTime(base: storm.host.time, process: process.stoppable)
        let lease = ManagerLease(time: time)
        var store = storm.requests
        store.process = process
        let handlers = JobHandlers(storm: storm, lease: lease, process: process, time: time)
        let runner = try JobRunner(
            store: store, definitions: handlers.definitions, lease: lease, manager: name, signal: JobSignal(),
            limits: storm.pace.limits, time: time, logger: storm.host.logger)
        self.lease = lease
        self.process = process
        leases = storm.leases
        managing = LeaseLoop(
            store: StoppableLeaseStore(base: storm.leases, process: process.stoppable, life: process.life),
            lease: lease, manager: ManagerIdentity(id: name, address: "", projectsFolder: "/"), time: time,
            logger: storm.host.logger
        ) { role in
            if role == .active { await runner.runUntilCancelled() }
        }
    }

    /// Its term, while it is the active manager and its process runs.
    var activeToken: FencingToken? {
        guard process.life.isAlive, !process.stoppable.isStopped else { return nil }
        return lease.token.flatMap { leases.holds($0) ? $0 : nil }
    }
}
