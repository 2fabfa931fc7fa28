public import ProjectModel
public import Reconciler
public import ServiceLifecycle

/// Probes every running service of every project, each at its own pace, and wakes the project when a verdict changes.
public final class HealthLoop: Service {
    /// How often a service is probed.
    public struct Pace: Sendable {
        /// Right after its start, when each moment counts.
        public var starting: Duration = .milliseconds(60)
        /// When it has been starting for longer than ``eagerness``.
        public var startingSlowly: Duration = .milliseconds(300)
        /// How long a start counts as fresh.
        public var eagerness: Duration = .seconds(20)
        /// While it answers. Two failures in a row make it not ready, so this bounds how long a failure stays unseen.
        public var ready: Duration = .milliseconds(700)
        /// While it does not answer any more.
        public var failing: Duration = .milliseconds(150)
        /// Longest time that one probe may take.
        public var probeDeadline: Duration = .milliseconds(1_500)

        /// The usual pace.
        public init() {}

        /// - Parameter share: 0 to 1; spreads the probes of services that started together.
        func interval(after verdict: ServiceHealth.Verdict, age: Duration, share: Double) -> Duration {
            switch verdict {
            case .starting: age < eagerness ? starting : startingSlowly
            case .ready: ready * (0.8 + 0.2 * share)
            case .failing, .sick: failing
            }
        }
    }

    /// One service to probe.
    struct Target: Sendable {
        let ref: ProjectRef
        let service: ServiceName
        let run: Incarnation
        let address: IPv4Address
        let probe: Probe

        /// A number from 0 to 1 that depends on the target alone: its place in the round of probes.
        var share: Double {
            let hash = "\(ref)/\(service)".utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
            return Double(hash % 1_000) / 1_000
        }
    }

    private let board = HealthBoard()
    private let prober: any ServiceProber
    private let engine: any ContainerEngine
    private let time: any TimeSource
    private let pace: Pace
    private let targets: AsyncStream<Target>
    private let assign: AsyncStream<Target>.Continuation
    private let wakes: AsyncStream<ProjectRef>
    private let wake: AsyncStream<ProjectRef>.Continuation

    /// A loop that probes through `prober`, and through `engine` where a probe is a command.
    public init(
        prober: any ServiceProber, engine: any ContainerEngine, time: any TimeSource = SystemTime(),
        pace: Pace = Pace()
    ) {
        self.prober = prober
        self.engine = engine
        self.time = time
        self.pace = pace
        // One element for each container start: as many as containers at the most, since a run is assigned once.
        (targets, assign) = AsyncStream.makeStream(bufferingPolicy: .unbounded)
        (wakes, wake) = AsyncStream.makeStream(bufferingPolicy: .unbounded)
    }

    /// Projects whose verdict has changed, in the order of the changes.
    var changes: AsyncStream<ProjectRef> { wakes }

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

    /// Sets which containers of a project are watched from now on; results of all others count no longer.
    func watch(_ stack: DesiredStack?, _ observed: ObservedStack, of ref: ProjectRef) async {
        var found: [ServiceName: Target] = [:]
        for service in stack?.services.values.map({ $0 }) ?? [] {
            guard let container = observed.container(of: service.name), container.state == .running,
                let address = container.address, let probe = service.probe
            else { continue }
            let run = Incarnation(containerID: container.id, startedAt: container.startedAt)
            found[service.name] = Target(ref: ref, service: service.name, run: run, address: address, probe: probe)
        }
        let fresh = await board.track(found.mapValues(\.run), of: ref)
        for service in fresh.sorted() { if let target = found[service] { assign.yield(target) } }
    }

    /// Tallies of a project as of now.
    public func tallies(of ref: ProjectRef) async -> [ServiceName: ServiceHealth] { await board.tallies(of: ref) }

    private func watch(_ target: Target) async {
        let start = time.now()
        let share = target.share
        while !Task.isCancelled {
            let result = await probe(target)
            let record = await board.record(
                result, of: target.service, in: target.ref, run: target.run, at: time.now())
            guard let (before, after) = record else { return }
            if before != after { wake.yield(target.ref) }
            let interval = pace.interval(after: after, age: time.now().since(start), share: share)
            do { try await time.sleep(for: interval) } catch { return }
        }
    }

    private func probe(_ target: Target) async -> ProbeResult {
        guard case .exec(let command) = target.probe else {
            return await prober.run(target.probe, at: target.address, deadline: pace.probeDeadline)
        }
        do {
            let code = try await engine.runCommand(command, inContainer: target.run.containerID)
            return code == 0 ? .ready : .notReady("its probe command ended with exit code \(code)")
        } catch {
            return .notReady("its probe command could not be run: \(error)")
        }
    }
}
