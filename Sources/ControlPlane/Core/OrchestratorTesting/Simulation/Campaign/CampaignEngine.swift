import Orchestrator
import ProjectModel
import Reconciler
import Synchronization

/// The engine as a manager of a simulation run sees it: with faults injected, and a planted mistake, if there is one.
struct CampaignEngine: ForwardingEngine {
    let engine: any ContainerEngine
    let fake: FakeEngine
    let store: InMemoryProjectStore
    let weather: Weather
    let time: VirtualTime
    let mistake: PlantedMistake?
    /// Asks, as a user, for something of a project.
    let meanwhile: @Sendable (ProjectRef) async -> Void
    /// A secret of a project, as its services know it.
    let secret: @Sendable (ProjectRef) async -> String
    let log: SecretWatch
    /// Runs of containers that its manager has probed.
    let probed: ProbedRuns
    let auditor: SimulationAuditor
    /// Looks over the shoulder of a manager that is about to change something.
    var beforeChange: @Sendable () -> Void = {}
    /// Sees every call that changes something.
    var audit: @Sendable (EngineOperation, ProjectRef) async -> Void = { _, _ in }

    /// Of so many passes one overlaps with a request, and of so many starts one is refused with a secret in the text.
    private static let meanwhileRarity: UInt64 = 40
    private static let repetitionRarity: UInt64 = 150

    func forward<Value: Sendable>(
        _ call: (any ContainerEngine) async throws(EngineError) -> Value
    ) async throws(EngineError) -> Value {
        switch weather.fateOfEngineCall() {
        case .fine: return try await call(engine)
        case .refusedBefore: throw .refused(status: 500, message: "something went wrong inside the engine")
        case .lostAfter:
            _ = try await call(engine)
            throw .unavailable("the answer was lost")
        }
    }

    func observe(_ ref: ProjectRef) async throws(EngineError) -> ObservedStack {
        let fresh = try await forward { engine throws(EngineError) in try await engine.observe(ref) }
        if weather.strikes(.requestDuringLook, oneIn: Self.meanwhileRarity) { await meanwhile(ref) }
        if mistake == .blameUnprobed { await blameUnprobed(of: ref) }
        let view = weather.view(ref, fresh)
        fake.noteSeen(view.objectNames, of: ref)
        return await tampered(view, of: ref)
    }

    func overview() async throws(EngineError) -> EngineOverview {
        if mistake == .forgetRelist { return EngineOverview() }
        return try await forward { engine throws(EngineError) in try await engine.overview() }
    }

    func perform(_ operation: EngineOperation, for ref: ProjectRef) async throws(EngineError) {
        beforeChange()
        if case .restartContainer(let id, _, _) = operation, let run = fake.run(ofContainer: id) {
            auditor.noteRestart(of: run, ref, wasProbed: probed.contains(run))
        }
        await audit(operation, ref)
        if operation.createsSomething, weather.isDiskFull(at: time.steady) {
            throw .refused(status: 500, message: "no space left on device")
        }
        if mistake == .logSecret, case .createContainer = operation {
            log.note("creating a container with POSTGRES_PASSWORD=\(await secret(ref))")
        }
        if case .startContainer = operation, weather.strikes(.secretRepeated, oneIn: Self.repetitionRarity) {
            throw .refused(status: 500, message: "cannot start with POSTGRES_PASSWORD=\(await secret(ref))")
        }
        let restart = auditor.events.restart(by: operation, of: ref)
        do throws(EngineError) {
            try await forward { engine throws(EngineError) in try await engine.perform(operation, for: ref) }
            if let restart { auditor.events.note(restart) }
        } catch {
            guard isOverlooked(operation) else { throw error }
            if let name = operation.removed { weather.hide(name) }
        }
        await meddle(after: operation, of: ref)
    }

    func logTail(ofContainer id: String, lines: Int) async throws(EngineError) -> LogTail {
        let tail = try await forward { engine throws(EngineError) in
            try await engine.logTail(ofContainer: id, lines: lines)
        }
        guard let ref = fake.ref(ofContainer: id) else { return tail }
        let line = "FATAL: cannot connect to postgres://postgres:\(await secret(ref))@db/postgres\n"
        return LogTail(parts: tail.parts + [line])
    }

    func runCommand(_ command: [String], inContainer id: String) async throws(EngineError) -> Int {
        let code = try await forward { engine throws(EngineError) in
            try await engine.runCommand(command, inContainer: id)
        }
        if code == 0 { auditor.versions.noteAnswer(ofContainer: id) }
        return code
    }

    func events() -> AsyncThrowingStream<EngineEvent, any Error> {
        guard mistake == .forgetRelist else { return engine.events() }
        // Neither the beginning of a subscription nor an event says anything.
        return AsyncThrowingStream { _ in }
    }

    func ping() async throws(EngineError) { try await engine.ping() }

    // MARK: Mistakes

    private func isOverlooked(_ operation: EngineOperation) -> Bool {
        switch (mistake, operation) {
        case (.ignoreStopFailure, .stopContainer), (.ignoreRemoveFailure, .removeContainer),
            (.ignoreRemoveFailure, .removeNetwork), (.ignoreRemoveFailure, .removeVolume):
            true
        default: false
        }
    }

    /// Restarts what has been running for longer than its boot time and has not answered this manager yet.
    private func blameUnprobed(of ref: ProjectRef) async {
        guard (try? await store.project(ref)?.status) == .active else { return }
        for run in fake.runs(of: ref) where !probed.contains(run) && time.steady.since(run.startedAt) > run.bootDeadline
        {
            guard let service = run.service else { continue }
            let restart = EngineOperation.restartContainer(id: run.container, service: service, gracePeriod: .zero)
            try? await perform(restart, for: ref)
        }
    }

    private func meddle(after operation: EngineOperation, of ref: ProjectRef) async {
        let status = try? await store.project(ref)?.status
        switch (mistake, operation) {
        case (.removeByName, .removeContainer): fake.removeForeign(named: "stranger")
        case (.dropVolumesOnPause, .stopContainer) where status == .pausing: fake.loseVolumes(of: ref)
        case (.recreateVolumes, .startContainer) where status == .resuming: fake.remakeVolumes(of: ref)
        default: break
        }
    }

    private func tampered(_ stack: ObservedStack, of ref: ProjectRef) async -> ObservedStack {
        var stack = stack
        let status = try? await store.project(ref)?.status
        let isGoing = status == .deleting || status == .rollingBack
        switch mistake {
        case .overlookNetworks where isGoing && stack.containers.isEmpty: stack.networks = []
        case .overlookVolumes where isGoing && stack.containers.isEmpty: stack.volumes = []
        case .overlookStopped where status == .active:
            stack.containers = stack.containers.map { container in
                var container = container
                if container.state == .exited { container.state = .running }
                return container
            }
        case .forgetDeletions where status == .deleting, .forgetTombstones where status == .deleted:
            stack = ObservedStack()
        case .ignoreRemoveFailure: stack = weather.withoutHidden(stack)
        case .ignoreStopFailure where status == .pausing:
            stack.containers = stack.containers.map { container in
                var container = container
                if container.service == .db { container.state = .exited }
                return container
            }
        default: break
        }
        return stack
    }
}

extension EngineOperation {
    /// What a removal is about.
    fileprivate var removed: String? {
        switch self {
        case .removeContainer(let id, _), .removeNetwork(let id, _): id
        case .removeVolume(let name): name
        default: nil
        }
    }

    fileprivate var createsSomething: Bool {
        switch self {
        case .createNetwork, .createVolume, .createContainer, .pullImage: true
        case .startContainer, .restartContainer, .stopContainer, .removeContainer, .removeNetwork, .removeVolume: false
        }
    }
}

/// Which runs of containers a manager has had an answer about, good or bad.
final class ProbedRuns: Sendable {
    private let runs = Mutex<Set<FakeEngine.Run>>([])

    func note(_ run: FakeEngine.Run) { runs.withLock { _ = $0.insert(run) } }
    func contains(_ run: FakeEngine.Run) -> Bool { runs.withLock { $0.contains(run) } }
}

/// A prober that may be too trusting.
struct CampaignProber: ServiceProber {
    let base: FakeProber
    let fake: FakeEngine
    let time: VirtualTime
    let weather: Weather
    let mistake: PlantedMistake?
    let probed: ProbedRuns
    /// The process that asks.
    let process: StoppableProcess
    /// A container has answered well.
    var noteAnswer: @Sendable (String) -> Void = { _ in }
    /// Whether a project is on its way to another template version.
    var isUpgrading: @Sendable () -> Bool = { false }

    func run(_ probe: Probe, at address: IPv4Address, deadline: Duration) async -> ProbeResult {
        let start = time.steady
        await process.pass()
        // A process that was stopped sees first that the time is over.
        if time.steady.since(start) > deadline { return .notReady("no answer within \(deadline)") }
        let result = await base.run(probe, at: address, deadline: deadline)
        if let run = fake.run(at: address) {
            probed.note(run)
            if result == .ready { noteAnswer(run.container) }
        }
        if mistake == .trustRunning || mistake == .skipUpgradeGate && isUpgrading() { return .ready }
        guard mistake == .trustFirstProbe else { return result }
        if result == .ready { weather.hide("answered \(address)") }
        return weather.isHidden("answered \(address)") ? .ready : result
    }
}

/// Folders that may be forgotten.
struct CampaignFolders: ProjectFolders {
    let base: FakeFolders
    let weather: Weather
    let time: VirtualTime
    let mistake: PlantedMistake?

    func prepare(_ stack: DesiredStack, files: [String: [UInt8]]) throws(TemplateError) {
        if weather.isDiskFull(at: time.steady) {
            throw .broken("a file cannot be written: No space left on device")
        }
        try base.prepare(stack, files: files)
    }

    func remove(_ ref: ProjectRef) throws(TemplateError) {
        if mistake != .keepFolder { try base.remove(ref) }
    }
}

/// A clock that ignores changes of the wall clock.
struct TrustedClock: TimeSource {
    private let time: VirtualTime

    init(_ time: VirtualTime) { self.time = time }

    func now() -> Timestamp { time.now() }
    func sleep(for duration: Duration) async throws { try await time.sleep(for: duration) }
}
