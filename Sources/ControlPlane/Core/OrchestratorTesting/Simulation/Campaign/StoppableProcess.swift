import Orchestrator
import ProjectModel
import Reconciler
import Synchronization

/// A process that can be stopped and continued, as `SIGSTOP` and `SIGCONT` do: each of its tasks stops at its next wait
/// or call, while time passes for all others.
final class StoppableProcess: Sendable {
    /// Poll interval of a stopped task.
    private static let pollInterval: Duration = .milliseconds(100)

    private let time: VirtualTime
    private let stopped = Mutex(false)

    init(time: VirtualTime) { self.time = time }

    /// Whether it is stopped.
    var isStopped: Bool { stopped.withLock { $0 } }

    /// Stops or continues it.
    func setStopped(_ isStopped: Bool) { stopped.withLock { $0 = isStopped } }

    /// Returns at once, or when the process is continued.
    func pass() async {
        while isStopped {
            do { try await time.sleep(for: Self.pollInterval) } catch { return }
        }
    }
}

/// Time as a process sees it that may be stopped.
struct StoppableTime: TimeSource {
    let base: VirtualTime
    let process: StoppableProcess

    func now() -> Timestamp { base.now() }
    func uptime() -> Duration { base.uptime() }
    func sleep(for duration: Duration) async throws {
        try await base.sleep(for: duration)
        await process.pass()
    }
}

/// An engine as a process sees it that may be stopped before and after each call.
struct StoppableEngine: ForwardingEngine {
    let engine: any ContainerEngine
    let process: StoppableProcess

    func forward<Value: Sendable>(
        _ call: (any ContainerEngine) async throws(EngineError) -> Value
    ) async throws(EngineError) -> Value {
        await process.pass()
        let value = try await call(engine)
        await process.pass()
        return value
    }

    func perform(_ operation: EngineOperation, for ref: ProjectRef) async throws(EngineError) {
        // A step that depends on probes is checked right before it is made: by then it is in progress.
        if case .restartContainer = operation {} else { await process.pass() }
        try await engine.perform(operation, for: ref)
        await process.pass()
    }
}

/// The lease store as seen by a process that may be stopped or dead.
struct StoppableLeaseStore: ManagerLeaseStore {
    let base: InMemoryManagerLeaseStore
    let process: StoppableProcess
    let life: ManagerLife

    private func call<Value: Sendable>(
        _ body: () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        await process.pass()
        guard life.isAlive else { throw .unavailable("the manager is dead") }
        let value = try await body()
        await process.pass()
        return value
    }

    func acquire(by manager: ManagerIdentity, for ttl: Duration) async throws(StoreError) -> LeaseClaim {
        try await call { () async throws(StoreError) in try await base.acquire(by: manager, for: ttl) }
    }
    func renew(_ token: FencingToken, for ttl: Duration) async throws(StoreError) -> Bool {
        try await call { () async throws(StoreError) in try await base.renew(token, for: ttl) }
    }
    func release(_ token: FencingToken) async throws(StoreError) {
        try await call { () async throws(StoreError) in try await base.release(token) }
    }
    func current() async throws(StoreError) -> LeaseTenure? {
        try await call { () async throws(StoreError) in try await base.current() }
    }
}
