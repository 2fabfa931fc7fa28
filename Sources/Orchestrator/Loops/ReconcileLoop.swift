public import Logging
public import ProjectModel
public import ServiceLifecycle

/// Holds every project at what its record says. It takes no hint of what changed: a restart of the manager, a timer,
/// an event and a request all lead to the same `look(at:)`.
public final class ReconcileLoop: Service {
    /// Projects looked at at once. A look lasts as long as the calls of its plan, most of which wait for their turn at
    /// the engine.
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
    let functions: FunctionPublisher?
    let time: any TimeSource
    let logger: Logger
    let queue = ProjectQueue(activeMax: parallelProjectsMax)
    let memories: Memories
    let starts: StartGate
    /// What requests of other managers announce; nil where there are none.
    let announcements: (any ProjectAnnouncements)?
    /// Asked right before a project's folder is written; nil where there is one manager only.
    let lease: ManagerLease?

    /// A loop on its ports.
    public init(
        store: any ProjectStore, custody: any CustodyStore, engine: any ContainerEngine, templates: TemplateLibrary,
        folders: any ProjectFolders, minter: any KeyMinter, broker: LeaseBroker, survey: EngineSurvey,
        health: HealthLoop, functions: FunctionPublisher? = nil, announcements: (any ProjectAnnouncements)? = nil,
        lease: ManagerLease? = nil, time: any TimeSource = SystemTime(), logger: Logger
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
        self.time = time
        self.logger = logger
        memories = Memories(time)
        starts = StartGate(time)
        self.announcements = announcements
        self.lease = lease
    }

    /// Memories of all projects. Only one look at a project runs at a time, so take and put cannot cross.
    actor Memories {
        private let time: any TimeSource
        private var watch: ClockWatch
        private var epoch: ProjectMemory.Epoch
        private var all: [ProjectRef: ProjectMemory] = [:]
        /// Full lists made so far.
        private var round = 0

        init(_ time: any TimeSource) {
            self.time = time
            watch = ClockWatch(time)
            epoch = ProjectMemory.Epoch(since: time.now(), isOfClock: false)
        }

        func take(_ ref: ProjectRef) -> ProjectMemory {
            checkTime()
            var memory = all[ref] ?? ProjectMemory(epoch: epoch)
            memory.enter(epoch)
            return memory
        }
        func put(_ memory: ProjectMemory, of ref: ProjectRef) { all[ref] = memory }

        /// Begins a new epoch when the clock was set or the process was not there.
        func checkTime() {
            guard let gap = watch.check(time) else { return }
            epoch = ProjectMemory.Epoch(since: time.now(), isOfClock: epoch.isOfClock || gap == .clockSet)
        }

        /// Projects that a full list gives a reason to look at.
        func due(_ list: Relist) -> [ProjectRef] {
            round += 1
            return list.due(inRound: round) { all[$0]?.basis }
        }

        func drop(_ ref: ProjectRef) { all[ref] = nil }

        /// Forgets everything: a manager that stood by has not been waiting.
        func beginAnew() {
            watch = ClockWatch(time)
            epoch = ProjectMemory.Epoch(since: time.now(), isOfClock: false)
            all = [:]
        }
    }

    /// Asks for a look at a project, soon.
    public func wake(_ ref: ProjectRef) async { await queue.add(ref) }

    /// Works until it is cancelled or the service group shuts down.
    public func run() async throws {
        await cancelWhenGracefulShutdown { await self.runUntilCancelled() }
    }

    /// The same without a service group around it. It can be run again, in another role: it begins with nothing but
    /// what store and engine tell.
    ///
    /// - Parameter role: On standby the loop looks and remembers what it has found, for those who ask; it changes
    ///   nothing.
    package func runUntilCancelled(as role: ManagerRole = .active) async {
        // First of all: who asks for a look from now on is not forgotten.
        let signals = await queue.begin()
        await memories.beginAnew()
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

    /// One look, and what comes after it.
    private func work(on ref: ProjectRef, as role: ManagerRole) async {
        let next = await lookSafely(at: ref, as: role)
        await queue.finish(ref)
        switch next {
        case .whenWoken: return
        case .now: await queue.add(ref)
        case .at(let due):
            guard await queue.setAlarm(of: ref, at: due) else { return }
            try? await time.sleep(for: max(due.since(time.now()), .zero))
            await queue.ring(ref, at: due)
        }
    }

    private func lookSafely(at ref: ProjectRef, as role: ManagerRole) async -> NextLook {
        do {
            return try await look(at: ref, as: role)
        } catch {
            if Task.isCancelled { return .whenWoken }
            var memory = await memories.take(ref)
            memory.troubles += 1
            memory.basis = nil
            if role == .active { await noteFailedLook(ref, error, &memory) }
            await memories.put(memory, of: ref)
            logger.warning(
                "a look at a project failed",
                metadata: ["project": "\(ref)", "error": "\(error)", "retry_in": "\(memory.patience)"])
            return .at(time.now() + memory.patience)
        }
    }

    /// When to look again.
    enum NextLook: Sendable, Equatable {
        case whenWoken
        case now
        case at(Timestamp)
    }
}

// MARK: - What wakes

extension ReconcileLoop {
    /// Follows the engine's events. Each new subscription begins with a full list: what happened before it is only
    /// to be found there.
    private func followEngine() async {
        var wait = Self.reconnectWaits.first
        while !Task.isCancelled {
            do {
                for try await event in engine.events() {
                    wait = Self.reconnectWaits.first
                    switch event {
                    case .connected: await resync()
                    case .changed(let ref): await queue.add(ref)
                    }
                }
                logger.notice("the engine closed the event stream; connecting again")
            } catch {
                if Task.isCancelled { return }
                logger.warning("the engine's events cannot be followed", metadata: ["error": "\(error)"])
            }
            do { try await time.sleep(for: wait) } catch { return }
            wait = min(wait * 2, Self.reconnectWaits.longest)
        }
    }

    /// Follows what requests to other managers have changed. Hints only: the regular full list finds it, too.
    private func followAnnouncements() async {
        guard let announcements else { return }
        while !Task.isCancelled {
            do {
                for try await announcement in announcements.announcements() {
                    switch announcement {
                    case .anything: await resync()
                    case .changed(let ref): await queue.add(ref)
                    }
                }
            } catch {
                if Task.isCancelled { return }
                logger.warning("announcements cannot be followed", metadata: ["error": "\(error)"])
            }
            do { try await time.sleep(for: Self.reconnectWaits.longest) } catch { return }
        }
    }

    private func resyncRegularly() async {
        while !Task.isCancelled {
            await resync()
            do { try await time.sleep(for: Self.resyncInterval) } catch { return }
        }
    }

    private func checkTimeRegularly() async {
        while !Task.isCancelled {
            await memories.checkTime()
            do { try await time.sleep(for: ClockWatch.interval) } catch { return }
        }
    }

    /// Makes a full list of what store and engine have, and wakes the projects for which there is a reason.
    private func resync() async {
        do {
            let outlines = try await store.outlines()
            let overview = try await engine.overview()
            await survey.note(overview.use)
            for ref in await memories.due(Relist(outlines, overview.fingerprints)) { await queue.add(ref) }
            for ref in try await custody.destructions() { await queue.add(ref) }
        } catch {
            if Task.isCancelled { return }
            logger.warning("a full list failed; it is tried again", metadata: ["error": "\(error)"])
        }
    }
}
