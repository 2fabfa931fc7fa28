import Orchestrator
import ProjectModel
import Synchronization

/// What a manager needs that is not alone on its database: a lease, and a process that can be stopped.
struct ManagerPost: Sendable {
    let leases: InMemoryManagerLeaseStore
    let lease: ManagerLease
    let process: StoppableProcess
    let time: StoppableTime

    init(on host: SimulatedHost, _ leases: InMemoryManagerLeaseStore) {
        self.leases = leases
        process = StoppableProcess(time: host.time)
        time = StoppableTime(base: host.time, process: process)
        lease = ManagerLease(time: time)
    }

    /// Whether the store says that this manager is the one that acts.
    var isHolder: Bool { lease.token.map { leases.holds($0) } ?? false }

    /// Puts store and engine under the lease, and the auditor behind them.
    func take(
        store: inout CampaignStore, engine: inout CampaignEngine, host: SimulatedHost,
        auditor: SimulationAuditor, mistake: PlantedMistake?
    ) {
        let base = mistake == .skipStoreFence ? host.store : host.store.under(lease, in: leases)
        store = CampaignStore(
            base: base, life: store.life, weather: store.weather, auditor: auditor, mistake: mistake,
            holdsLease: { isHolder }, process: store.process)
        engine.beforeChange = {
            if !isHolder { auditor.violated("a manager without the lease acts on the engine") }
        }
    }

    /// The engine behind the fence. The process may be stopped before the fence and after the call, not in between: a
    /// call that has passed the fence is in progress.
    func fenced(_ engine: CampaignEngine, _ mistake: PlantedMistake?) -> any ContainerEngine {
        let fenced: any ContainerEngine =
            mistake == .skipEngineFence ? engine : FencedEngine(engine, lease: lease)
        return StoppableEngine(engine: fenced, process: process)
    }
}

/// Two managers on one database: one acts, the other waits; they die, stop and continue.
extension SimulationRun {
    private struct Rival: Sendable {
        let manager: SimulatedManager
        let post: ManagerPost
        let managing: LeaseLoop
    }

    /// Longest virtual time for which a manager is stopped: more than twice its lease.
    private static let stopMax: Duration = .seconds(25)

    func rivalry(until end: Timestamp) async throws {
        let leases = InMemoryManagerLeaseStore(time: host.time)
        let death = ManagerLife.Death.before(call: 20 + world.random.number(below: 200))
        let rivals = [
            try rival("first", life: ManagerLife(death), leases: leases),
            try rival("second", life: ManagerLife(), leases: leases),
        ]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for rival in rivals {
                group.addTask { await rival.manager.health.runUntilCancelled() }
                group.addTask { await rival.managing.runUntilCancelled() }
            }
            group.addTask {
                try await stopAndContinue(rivals.map(\.post.process), upTo: Self.stopMax, pause: .seconds(20))
            }
            defer {
                for rival in rivals {
                    rival.post.process.setStopped(false)
                    rival.manager.life.die()
                }
                host.time.setFrozen(true)
                group.cancelAll()
            }
            try await live(
                through: { (rivals.first { $0.post.isHolder } ?? rivals[1]).manager },
                isQuiet: {
                    world.isQuiet && rivals.contains { $0.post.isHolder && !$0.post.process.isStopped }
                }, until: end
            ) { true }
        }
        host.time.setFrozen(false)
        if !rivals[0].manager.life.isAlive { world.weather.count(.managerKilled) }
    }

    private func rival(_ name: String, life: ManagerLife, leases: InMemoryManagerLeaseStore) throws -> Rival {
        let post = ManagerPost(on: host, leases)
        let manager = try manager(life, post.process, at: post)
        let managing = LeaseLoop(
            store: StoppableLeaseStore(base: leases, process: post.process, life: life), lease: post.lease,
            manager: ManagerIdentity(id: name, address: name, projectsFolder: "/projects"), time: post.time,
            logger: host.logger
        ) { [auditor] role in
            auditor.noteNewManager()
            await manager.loop.runUntilCancelled(as: role)
        }
        return Rival(manager: manager, post: post, managing: managing)
    }
}
