public import Orchestrator
public import ProjectModel
public import Reconciler
import Synchronization

/// A container engine in memory that refuses what Docker refuses, so that a plan in the wrong order fails here as it
/// would there. Calls take a random time (from the seed), because an engine that answers at once hides missing edges
/// of a plan. ``ContainerEngineContract`` holds it to what the real one does.
public final class FakeEngine: ContainerEngine {
    let state: Mutex<EngineState>
    let time: any TimeSource
    let subscribers = Mutex<[Int: AsyncThrowingStream<EngineEvent, any Error>.Continuation]>([:])
    /// How often ``run()`` checks for processes that end and calls that are late.
    private static let tick: Duration = .milliseconds(20)
    /// Longest time that a call takes, in milliseconds.
    private static let callMillisecondsMax: Int64 = 5

    /// The engine's own time, unaffected by changes of the host's clock.
    var steadyNow: Timestamp { VirtualTime.beginning + time.uptime() }

    public init(time: any TimeSource, seed: UInt64 = 0) {
        self.time = time
        state = Mutex(EngineState(seed: seed))
    }

    /// Lets processes end and late calls happen, until it is cancelled.
    public func run() async {
        while !Task.isCancelled {
            do { try await time.sleep(for: Self.tick) } catch { return }
            touch { _ in }
        }
    }

    /// Brings the engine up to date, changes it, and notifies subscribers.
    @discardableResult
    func touch<Value: Sendable, Failure: Error>(
        _ body: (inout EngineState) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let now = steadyNow
        var changed: [ProjectRef] = []
        defer { announce(changed) }
        return try state.withLock { state throws(Failure) in
            state.clockError = time.now().since(now)
            state.settle(at: now)
            defer { changed = state.takeEvents(at: now) }
            return try body(&state)
        }
    }

    private func announce(_ changed: [ProjectRef]) {
        guard !changed.isEmpty else { return }
        let continuations = subscribers.withLock { Array($0.values) }
        for ref in changed { continuations.forEach { $0.yield(.changed(ref)) } }
    }

    /// Delays a call. One that is cancelled has either taken effect or not.
    func answer<Value: Sendable>(
        _ body: (inout EngineState) throws(EngineError) -> Value
    ) async throws(EngineError) -> Value {
        let wait = state.withLock { state in
            state.callCount += 1
            return Int64.random(in: 0...Self.callMillisecondsMax, using: &state.generator)
        }
        var isGivenUp = false
        if wait > 0 {
            do { try await time.sleep(for: .milliseconds(wait)) } catch { isGivenUp = true }
        }
        let isHeard = !isGivenUp || state.withLock { Bool.random(using: &$0.generator) }
        guard isHeard else { throw .unavailable("the call was cancelled") }
        let value = try touch { state throws(EngineError) in
            if state.isDown { throw .unavailable("connection refused") }
            return try body(&state)
        }
        if isGivenUp { throw .unavailable("the call was cancelled") }
        return value
    }

    // MARK: ContainerEngine

    /// All objects of one project, in no particular order.
    public func observe(_ ref: ProjectRef) async throws(EngineError) -> ObservedStack {
        try await answer { state in
            state.observationCount += 1
            return state.observed(ref)
        }
    }

    /// Projects with any object, and what is taken.
    public func overview() async throws(EngineError) -> EngineOverview {
        try await answer { state in
            let refs = state.networks.values.map(\.ref) + state.volumes.values.map(\.ref)
            let known = Set((refs + state.containers.values.map(\.ref)).compactMap { $0 })
            return EngineOverview(
                fingerprints: Dictionary(uniqueKeysWithValues: known.map { ($0, state.observed($0).fingerprint) }),
                use: EngineUse(
                    ports: Set(state.containers.values.filter(\.state.isUp).flatMap(\.ports)),
                    subnets: Set(state.networks.values.compactMap(\.subnet))))
        }
    }

    /// Those of `images` that have not been pulled.
    public func missingImages(_ images: Set<String>) async throws(EngineError) -> Set<String> {
        try await answer { images.subtracting($0.images) }
    }

    /// Makes one call, unless a fault was set for its number.
    public func perform(_ operation: EngineOperation, for ref: ProjectRef) async throws(EngineError) {
        let now = steadyNow
        let error: EngineError? = try await answer { state in
            let number = state.calls.count + 1
            var refusal: EngineError?
            do throws(EngineError) {
                switch state.faults[number] {
                case nil: try state.carryOut(operation, ref, at: now)
                case .refuse(let error): refusal = error
                case .loseAnswer:
                    try state.carryOut(operation, ref, at: now)
                    refusal = .unavailable("the answer was lost")
                case .carryOutLate(let delay):
                    state.late.append((due: now + delay, operation: operation, ref: ref))
                    refusal = .unavailable("the answer was lost")
                }
            } catch {
                refusal = error
            }
            state.calls.append(
                EngineCallRecord(number: number, operation: operation, ref: ref, at: time.now(), error: refusal))
            return refusal
        }
        if let error { throw error }
    }

    /// What the container's service is set to write.
    public func logTail(ofContainer id: String, lines: Int) async throws(EngineError) -> LogTail {
        try await answer { state throws(EngineError) in
            guard let container = state.containers[id] else { throw .notFound(message: "No such container: \(id)") }
            let all = state.behaviour(of: container).log.split(separator: "\n", omittingEmptySubsequences: false)
            return LogTail(all.suffix(lines).joined(separator: "\n"))
        }
    }

    /// 0 when the container's service answers, 1 when it does not.
    public func runCommand(_ command: [String], inContainer id: String) async throws(EngineError) -> Int {
        let now = steadyNow
        return try await answer { state throws(EngineError) in
            guard let container = state.containers[id] else { throw .notFound(message: "No such container: \(id)") }
            guard container.state == .running else {
                throw .refused(status: 409, message: "container \(id) is not running")
            }
            return state.isAnswering(container, at: now) ? 0 : 1
        }
    }

    /// What changes, from now on.
    public func events() -> AsyncThrowingStream<EngineEvent, any Error> {
        // Twice the events of any test between two passes; a slower subscriber misses hints only.
        let (stream, continuation) = AsyncThrowingStream<EngineEvent, any Error>.makeStream(
            bufferingPolicy: .bufferingNewest(4_096))
        if state.withLock(\.isDown) {
            continuation.finish(throwing: EngineError.unavailable("connection refused"))
            return stream
        }
        let key = subscribers.withLock { subscribers in
            let key = (subscribers.keys.max() ?? 0) + 1
            subscribers[key] = continuation
            return key
        }
        continuation.onTermination = { _ in self.subscribers.withLock { _ = $0.removeValue(forKey: key) } }
        continuation.yield(.connected)
        return stream
    }

    /// Whether it is there.
    public func ping() async throws(EngineError) { try await answer { _ in } }
}

extension EngineState {
    func observed(_ ref: ProjectRef) -> ObservedStack {
        var stack = ObservedStack(
            networks: networks.values.filter { $0.ref == ref }.map {
                ObservedNetwork(id: $0.id, name: $0.name, subnet: $0.subnet)
            },
            volumes: volumes.values.filter { $0.ref == ref }.map {
                ObservedVolume(name: $0.name, composeName: $0.composeName, identity: $0.identity)
            },
            containers: containers.values.filter { $0.ref == ref }.map(\.observed))
        for network in stack.networks { stack.fingerprint.add(network.id) }
        for volume in stack.volumes { stack.fingerprint.add([volume.name, volume.identity]) }
        for container in stack.containers {
            let run = container.startedAt.map { "\($0)" }
            stack.fingerprint.add([container.id, container.name, container.state.rawValue, run])
        }
        return stack
    }
}
