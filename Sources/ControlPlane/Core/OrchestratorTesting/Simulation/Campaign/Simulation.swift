import Logging
import Orchestrator
import ProjectModel
import Synchronization

/// Runs the production core on a simulated host with random users and random faults, with an auditor's check after
/// every step. The same seed gives the same run; between processes only with `SWIFT_DETERMINISTIC_HASHING` set, since
/// the order of sets and dictionaries is another one otherwise.
public enum Simulation {
    /// Most managers in one run, one after the other.
    static let livesMax = 4
    /// Of so many seeds one has two managers on its database, at the same time.
    static let rivalsEvery: UInt64 = 3
    /// Virtual time in which things happen and go wrong.
    static let stormLength: Duration = .seconds(90)
    /// Virtual time within which every project must reach a steady status after the last fault.
    static let calmMax: Duration = .seconds(900)
    /// Virtual time for which a service is silent in the calm: longer than the auditor's bound.
    static let silence: Duration = SimulationAuditor.lieMaxUndisturbed + .seconds(5)

    /// Of so many seeds one has a storm of jobs too, which takes ten times as long as the rest.
    static let jobsEvery: UInt64 = 5

    /// Boot deadline of every service: most managers begin with containers that are older.
    static let bootDeadline: Duration = .seconds(15)
    /// Longest virtual time for which a process is stopped: longer than ``ServiceHealth/failingUntilUnresponsive``.
    static let stopMax: Duration = .seconds(75)

    /// The first template; the others are made of it.
    static let template = SampleTemplates.small.map { service in
        var service = service
        service.bootDeadline = bootDeadline
        return service
    }

    /// Runs one seed, with a planted mistake or without.
    public static func run(seed: UInt64, mistake: PlantedMistake? = nil) async throws -> SimulationReport {
        let log = SecretWatch()
        let logger = Logger(label: "simulation") { _ in SecretWatchHandler(watch: log) }
        return try await SimulatedHost.run(seed: seed, template: template, logger: logger) { host in
            host.engine.addForeignContainer(named: "stranger")
            host.engine.addForeignVolume(named: "stranger-data")
            CampaignTemplates.prepare(host.engine)
            host.disk.install(CampaignTemplates.all[0])
            let weather = Weather(seed: seed)
            let auditor = SimulationAuditor(host: host, weather: weather)
            let world = SimulationWorld(
                host: host, weather: weather, auditor: auditor, random: SharedGenerator(seed: seed ^ 0xBEEF),
                versions: SharedGenerator(seed: seed ^ 0xFACE))
            let run = SimulationRun(host: host, world: world, auditor: auditor, log: log, mistake: mistake, seed: seed)
            // A manager's engine and the desk reference each other: this breaks the cycle.
            defer { run.desk.leave() }
            if mistake?.isAboutJobs != true {
                try await run.storm()
                try await run.calm()
            }
            if mistake?.isAboutJobs ?? seed.isMultiple(of: jobsEvery) { try await run.jobs.run() }
            return run.report()
        }
    }
}

/// A run of one seed.
struct SimulationRun: Sendable {
    let host: SimulatedHost
    let world: SimulationWorld
    let auditor: SimulationAuditor
    let log: SecretWatch
    let mistake: PlantedMistake?
    let seed: UInt64
    let jobs: JobStorm

    init(
        host: SimulatedHost, world: SimulationWorld, auditor: SimulationAuditor, log: SecretWatch,
        mistake: PlantedMistake?, seed: UInt64
    ) {
        self.host = host
        self.world = world
        self.auditor = auditor
        self.log = log
        self.mistake = mistake
        self.seed = seed
        jobs = JobStorm(
            host: host, auditor: auditor, weather: Weather(seed: seed ^ 0xCA1F), seed: seed, mistake: mistake)
    }

    /// The manager whose catalogue serves a request during a pass.
    final class Desk: Sendable {
        private let manager = Mutex<SimulatedManager?>(nil)

        var present: SimulatedManager? { manager.withLock { $0 } }
        func take(_ manager: SimulatedManager) { self.manager.withLock { $0 = manager } }
        func leave() { manager.withLock { $0 = nil } }
    }

    let desk = Desk()

    /// A manager, alone or one of two.
    ///
    /// - Parameter post: What it needs beside another one.
    func manager(
        _ life: ManagerLife, _ process: StoppableProcess, at post: ManagerPost? = nil
    ) throws -> SimulatedManager {
        let probed = ProbedRuns()
        var store = CampaignStore(
            base: host.store, life: life, weather: world.weather, auditor: auditor, mistake: mistake, process: process)
        var engine = CampaignEngine(
            engine: MortalEngine(engine: host.engine, life: life), fake: host.engine, store: host.store,
            weather: world.weather, time: host.time, mistake: mistake,
            meanwhile: { [desk, world] ref in
                if let manager = desk.present { await world.interrupt(ref, through: manager) }
            },
            secret: { ref in await password(of: ref) }, log: log, probed: probed, auditor: auditor)
        engine.audit = { [auditor] in await auditor.noteCall($0, of: $1) }
        // Users get responses in any state of the loops; their database has faults like that of the loops.
        let requests = CampaignStore(
            base: host.store, life: ManagerLife(), weather: world.weather, auditor: auditor, mistake: mistake)
        if let post { post.take(store: &store, engine: &engine, host: host, auditor: auditor, mistake: mistake) }
        store.installed = host.disk.digest()
        let manager = try SimulatedManager(
            on: host, life,
            engine: post?.fenced(engine, mistake) ?? StoppableEngine(engine: engine, process: process), store: store,
            prober: CampaignProber(
                base: FakeProber(engine: host.engine), fake: host.engine, time: host.time, weather: world.weather,
                mistake: mistake, probed: probed, process: process,
                noteAnswer: { [auditor] in auditor.versions.noteAnswer(ofContainer: $0) },
                isUpgrading: { [host] in host.store.everything.contains { $0.record.status == .upgrading } }),
            requests: requests,
            folders: CampaignFolders(
                base: host.folders, weather: world.weather, time: host.time, mistake: mistake),
            drawRef: { world.random.draw() },
            time: mistake == .trustClock
                ? TrustedClock(host.time) : StoppableTime(base: host.time, process: process))
        desk.take(manager)
        auditor.noteNewManager()
        return manager
    }

    private func password(of ref: ProjectRef) async -> String {
        guard let sealed = try? await host.store.secrets(of: ref),
            let secrets = try? host.minter.open(sealed, of: ref)
        else { return "none" }
        return TemplateNames.sample.roles.secrets[.databasePassword].flatMap { secrets[$0]?.reveal() } ?? "none"
    }

    /// Managers start and die, users send requests, faults are injected.
    func storm() async throws {
        let end = host.time.steady + Simulation.stormLength
        if seed % Simulation.rivalsEvery == 0 { return try await rivalry(until: end) }
        var lives = 0
        while host.time.steady < end, lives < Simulation.livesMax {
            lives += 1
            let call = 5 + world.random.number(below: 120)
            let life = ManagerLife(world.random.number(below: 2) == 0 ? .before(call: call) : .after(call: call))
            let process = StoppableProcess(time: host.time)
            world.changeTemplate()
            try await host.manage(try manager(life, process)) { manager in
                try await live(manager, process, until: end)
            }
            if !life.isAlive, host.time.steady < end { world.weather.count(.managerKilled) }
            try await host.time.sleep(for: .milliseconds(Int64(world.random.number(below: 5_000)) + 1))
        }
    }

    private func live(
        _ manager: SimulatedManager, _ process: StoppableProcess, until end: Timestamp
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await stopAndContinue([process], upTo: Simulation.stopMax, pause: .seconds(60)) }
            defer {
                group.cancelAll()
                process.setStopped(false)
            }
            try await live(
                through: { manager }, isQuiet: { world.isQuiet && !process.isStopped }, until: end
            ) { manager.life.isAlive }
        }
    }

    /// Stops one of several processes for a while, again and again, with random pauses.
    func stopAndContinue(_ processes: [StoppableProcess], upTo longest: Duration, pause: Duration) async throws {
        while !Task.isCancelled {
            try await host.time.sleep(for: .milliseconds(random(upTo: pause) + 1_000))
            let process = processes[world.random.number(below: processes.count)]
            process.setStopped(true)
            world.weather.count(.managerStopped)
            auditor.noteStep("managerStopped")
            try await host.time.sleep(for: .milliseconds(random(upTo: longest) + 1))
            process.setStopped(false)
            auditor.noteNewManager()
        }
    }

    private func random(upTo longest: Duration) -> Int {
        world.random.number(below: Int(clamping: longest.wholeMilliseconds))
    }

    /// Users ask and things go wrong, while `condition` holds.
    func live(
        through manager: @escaping @Sendable () -> SimulatedManager, isQuiet: @escaping @Sendable () -> Bool,
        until end: Timestamp, while condition: @Sendable () -> Bool
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                while !Task.isCancelled {
                    await world.act(through: manager())
                    try await host.time.sleep(for: .milliseconds(Int64(world.random.number(below: 6_000)) + 100))
                }
            }
            // Two at once: an outage lasts, and something else may happen meanwhile.
            for _ in 1...2 {
                group.addTask {
                    while !Task.isCancelled {
                        try await host.time.sleep(for: .milliseconds(Int64(world.random.number(below: 12_000)) + 200))
                        await world.disturb()
                    }
                }
            }
            defer { group.cancelAll() }
            while host.time.steady < end, condition() {
                await auditor.look(isQuiet: isQuiet())
                try await host.time.sleep(for: .milliseconds(250))
            }
        }
    }

    /// No more faults: every project must reach a steady status.
    func calm() async throws {
        world.clearUp()
        world.changeTemplate()
        let life = ManagerLife()
        try await host.manage(try manager(life, StoppableProcess(time: host.time))) { _ in
            let end = host.time.steady + Simulation.calmMax
            try await rest(until: end)
            try await fallSilent()
            try await turnBack()
            try await rest(until: host.time.steady + Simulation.calmMax)
            // What is at rest stays so: a late call, a wrong verdict would show now.
            try await host.time.sleep(for: .seconds(45))
            await auditor.look(isQuiet: true)
            try await auditor.checkEnd(acknowledged: Set(world.acknowledged.all))
            await auditor.checkSecrets(log)
        }
    }

    private func rest(until end: Timestamp) async throws {
        while host.time.steady < end, !isAtRest {
            await auditor.look(isQuiet: true)
            try await host.time.sleep(for: .milliseconds(500))
        }
    }

    /// A service falls silent while all else is well: nothing excuses the manager for not noticing.
    private func fallSilent() async throws {
        let end = host.time.steady + Simulation.silence
        let service = world.silence()
        while host.time.steady < end {
            await auditor.look(isQuiet: true)
            try await host.time.sleep(for: .milliseconds(250))
        }
        host.engine.behave(service, as: ServiceBehaviour())
        try await rest(until: host.time.steady + Simulation.calmMax)
    }

    /// A service ends several times, so that the manager waits before the next start, and the clock goes back.
    private func turnBack() async throws {
        for _ in 1...3 {
            world.stopEverywhere(.auth)
            try await host.time.sleep(for: .seconds(2))
        }
        world.stopEverywhere(.auth)
        world.weather.count(.clockBackwards)
        host.time.setClock(by: .seconds(-7_200))
    }

    private var isAtRest: Bool {
        host.store.everything.allSatisfy { [.active, .paused, .failed, .deleted].contains($0.record.status) }
    }

    func report() -> SimulationReport {
        var report = SimulationReport(
            seed: seed, steps: 0, engineCalls: host.engine.calls.count,
            seconds: Int(host.time.steady.since(VirtualTime.beginning).components.seconds),
            faults: world.weather.counts.merging(jobs.weather.counts, uniquingKeysWith: +),
            statuses: [:], edges: [:], violations: auditor.violations, digest: 0)
        auditor.report { steps, edges, statuses, digest in
            report.steps = steps
            report.edges = edges
            report.statuses = statuses
            report.digest = digest
        }
        return report
    }
}
