public import ProjectModel
public import Reconciler
public import ServiceLifecycle
import Synchronization

/// Probes every running service of every project, each at its own pace, and wakes the project when a verdict changes.
public final class HealthLoop: Service {
    /// One service to probe.
    struct Target: Sendable {
        let ref: ProjectRef
        let service: ServiceName
        let run: Incarnation
        let address: IPv4Address
        var probe: Probe
        /// Which watch of this run it is; an earlier one ends when it wakes.
        var turn = 0

        /// A number from 0 to 1 that depends on the project alone: its place in the round of probes.
        var share: Double {
            let hash = "\(ref)".utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
            return Double(hash % 1_000) / 1_000
        }
    }

    private let registry: HealthRegistry
    private let prober: any ServiceProber
    private let engine: any ContainerEngine
    private let time: any TimeSource
    private let pace: ProbeSchedule
    private let metrics: ManagerMetrics
    private let targets: AsyncStream<Target>
    private let assign: AsyncStream<Target>.Continuation
    private let wake = Mutex<AsyncStream<ProjectRef>.Continuation?>(nil)

    /// A loop that probes through `prober`, and through `engine` where a probe is a command.
    public init(
        prober: any ServiceProber, engine: any ContainerEngine, time: any TimeSource = SystemTime(),
        pace: ProbeSchedule = ProbeSchedule(), metrics: ManagerMetrics = ManagerMetrics()
    ) {
        self.metrics = metrics
        self.prober = prober
        self.engine = engine
        self.time = time
        registry = HealthRegistry(time)
        self.pace = pace
        // One element for each service at a container's start: a watch is assigned once, and taken at once.
        (targets, assign) = AsyncStream.makeStream(bufferingPolicy: .unbounded)
    }

    /// Projects whose verdict changes from now on, in the order of the changes. There is one listener at a time.
    func changes() -> AsyncStream<ProjectRef> {
        let (changes, continuation) = AsyncStream.makeStream(of: ProjectRef.self, bufferingPolicy: .unbounded)
        wake.withLock { $0 = continuation }
        return changes
    }

    /// Probes until it is cancelled.
    public func run() async throws {
        await cancelWhenGracefulShutdown { await self.runUntilCancelled() }
    }

    /// The same without a service group around it.
    package func runUntilCancelled() async {
        await withDiscardingTaskGroup { group in
            for await target in self.targets {
                group.addTask { await self.watch(target) }
            }
            group.cancelAll()
        }
    }

    /// Sets which containers of a project are watched from now on; results of all others count no longer. When one of
    /// them is new or gone, those around it are probed at once: they may depend on it.
    func watch(_ stack: DesiredStack?, _ observed: ObservedStack, of ref: ProjectRef) async {
        var found: [ServiceName: Target] = [:]
        for service in stack?.services.values.map({ $0 }) ?? [] {
            guard let container = observed.container(of: service.name), container.state == .running,
                let address = container.address(as: service), let probe = service.probe
            else { continue }
            let run = Incarnation(containerID: container.id, startedAt: container.startedAt)
            found[service.name] = Target(ref: ref, service: service.name, run: run, address: address, probe: probe)
        }
        let turns = await registry.track(found.mapValues(\.run), of: ref)
        for (service, turn) in turns.sorted(by: { $0.key < $1.key }) {
            guard var target = found[service] else { continue }
            target.turn = turn
            assign.yield(target)
        }
    }

    /// Present health of a project's services.
    public func tallies(of ref: ProjectRef) async -> [ServiceName: ServiceHealth] { await registry.tallies(of: ref) }

    /// Present health of the roles of services that have several.
    func roleTallies(of ref: ProjectRef) async -> [ServiceName: [ServiceRole: ServiceHealth]] {
        await registry.roleTallies(of: ref)
    }

    private func watch(_ target: Target) async {
        let start = time.uptime()
        let share = target.share
        while !Task.isCancelled, await registry.isCurrent(target.turn, of: target.service, in: target.ref) {
            let answer = await answer(of: target)
            if case .notReady = answer.whole { metrics.probes.count(target.service.text, outcome: "failed") }
            let record = await registry.record(
                answer, of: target.service, in: target.ref, turn: target.turn)
            guard let (before, after) = record else { return }
            // A run that has never answered is excused until that is known: then it is news as well.
            let isKnownNow = after.verdict == .starting && after.failures == ServiceHealth.failuresUntilNotReady
            if before != after.verdict || isKnownNow { _ = wake.withLock { $0?.yield(target.ref) } }
            let now = time.uptime()
            let wait = pace.wait(after: after, age: now - start, uptime: now, share: share)
            do { try await time.sleep(for: wait) } catch { return }
        }
    }

    /// Runs the probe of a service, or those of all its roles at once.
    private func answer(of target: Target) async -> ProbeAnswer {
        guard case .several(let probes) = target.probe else { return ProbeAnswer(await probe(target)) }
        return await withTaskGroup(of: (ServiceRole, ProbeResult).self) { group in
            for (role, probe) in probes.sorted(by: { $0.key < $1.key }) {
                var one = target
                one.probe = probe
                group.addTask { [one] in (role, await self.probe(one)) }
            }
            let results: [ServiceRole: ProbeResult] = await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            return ProbeAnswer(results)
        }
    }

    private func probe(_ target: Target) async -> ProbeResult {
        guard case .exec(let command) = target.probe else { return await ask(target) }
        do {
            let code = try await engine.runCommand(command, inContainer: target.run.containerID)
            return code == 0 ? .ready : .notReady("its probe command ended with exit code \(code)")
        } catch {
            return .notMade("its probe command could not be run: \(error)")
        }
    }

    /// Longest time by which a probe may end after its deadline.
    static let overrunMax: Duration = .seconds(2)

    /// A response in time is a timeout to a process that was stopped meanwhile.
    private func ask(_ target: Target) async -> ProbeResult {
        let start = time.uptime()
        let result = await prober.run(target.probe, at: target.address, deadline: pace.probeDeadline)
        guard case .notReady = result, time.uptime() - start > pace.probeDeadline + Self.overrunMax else {
            return result
        }
        return .notMade("the manager did not run during the probe")
    }
}
