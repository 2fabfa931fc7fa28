public import Logging
public import ProjectModel
import Reconciler
public import ServiceLifecycle

/// Keeps every project at what its record says: every wakeup of a project leads to the same pass over it.
public final class ReconcileLoop: Service {
    /// Concurrent passes, each over another project. A pass lasts as long as the calls of its plan, most of which wait
    /// for their turn at the engine.
    public static let parallelProjectsMax = 64
    /// Time between two full lists, in case a hint was lost.
    public static let resyncInterval: Duration = .seconds(30)
    /// Waits before the subscription to events is tried again.
    static let reconnectWaits: (first: Duration, longest: Duration) = (.milliseconds(200), .seconds(5))

    let store: any ProjectStore
    let custody: any CustodyStore
    let engine: any ContainerEngine
    let templates: TemplateLibrary
    let folders: any ProjectFolders
    let minter: any KeyMinter
    let broker: LeaseBroker
    let survey: EngineSurvey
    let health: HealthLoop
    let functions: (any FunctionPublishing)?
    let redactors: Redactors
    let pulls: ImagePulls
    let metrics: ManagerMetrics
    let time: any TimeSource
    let logger: Logger
    let queue = ProjectQueue(activeMax: parallelProjectsMax)
    let states: PassStates
    let starts: StartLimiter
    /// Announcements of other managers; nil where there are none.
    let announcements: (any ProjectAnnouncements)?
    /// Asked right before a project's folder is written; nil where there is one manager only.
    let lease: ManagerLease?

    /// A loop on its ports.
    public init(
        store: any ProjectStore, custody: any CustodyStore, engine: any ContainerEngine, templates: TemplateLibrary,
        folders: any ProjectFolders, minter: any KeyMinter, broker: LeaseBroker, survey: EngineSurvey,
        health: HealthLoop, functions: (any FunctionPublishing)? = nil,
        announcements: (any ProjectAnnouncements)? = nil, lease: ManagerLease? = nil, pulls: ImagePulls = ImagePulls(),
        redactors: Redactors = Redactors(), metrics: ManagerMetrics = ManagerMetrics(),
        time: any TimeSource = SystemTime(), logger: Logger
    ) {
        self.store = store
        self.custody = custody
        self.engine = engine
        self.templates = templates
        self.folders = folders
        self.minter = minter
        self.broker = broker
        self.survey = survey
        self.health = health
        self.functions = functions
        self.pulls = pulls
        self.redactors = redactors
        self.metrics = metrics
        self.time = time
        self.logger = logger
        states = PassStates(time)
        starts = StartLimiter(time)
        self.announcements = announcements
        self.lease = lease
    }

    /// Asks for a pass over a project, soon.
    public func wake(_ ref: ProjectRef) async { await queue.add(ref) }

    /// Works until it is cancelled or the service group shuts down.
    public func run() async throws {
        await cancelWhenGracefulShutdown { await self.runUntilCancelled() }
    }

    /// Runs without a service group. It can be run again, in another role: it starts only from the state of store and
    /// engine.
    ///
    /// - Parameter role: On standby a pass observes and remembers what it has found, for those who ask; it changes
    ///   nothing.
    package func runUntilCancelled(as role: ManagerRole = .active) async {
        // First of all: requests for a pass from now on are kept.
        let signals = await queue.begin()
        await states.reset()
        let changes = health.changes()
        await withDiscardingTaskGroup { group in
            if role == .active { group.addTask { await self.removeUnusedTemplates() } }
            group.addTask { await self.followEngine() }
            group.addTask { await self.followAnnouncements() }
            group.addTask { await self.resyncRegularly() }
            group.addTask { await self.checkTimeRegularly() }
            group.addTask { for await ref in changes { await self.queue.add(ref) } }
            for await _ in signals {
                while let ref = await self.queue.take() { group.addTask { await self.work(on: ref, as: role) } }
            }
            group.cancelAll()
        }
    }

    /// One pass, and what comes after it.
    private func work(on ref: ProjectRef, as role: ManagerRole) async {
        let requeue = await pass(over: ref, as: role)
        await queue.finish(ref)
        switch requeue {
        case .whenWoken: return
        case .now: await queue.add(ref)
        case .at(let due):
            guard await queue.setAlarm(of: ref, at: due) else { return }
            try? await time.sleep(for: max(due.since(time.now()), .zero))
            await queue.ring(ref, at: due)
        }
    }
}
