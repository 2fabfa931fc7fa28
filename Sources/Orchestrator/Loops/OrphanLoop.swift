public import Logging
public import ServiceLifecycle
import Synchronization

/// Looks after objects that bear this installation's label and belong to no project of its database: they are noted,
/// left alone for a time, and removed only where that is switched on or asked for. What bears another installation's
/// label, or none, is not even seen.
public final class OrphanLoop: Service {
    /// Time between two passes.
    public static let interval: Duration = .seconds(300)

    private let store: any OrphanStore
    private let engine: any OrphanEngine
    private let policy: OrphanPolicy
    private let lease: ManagerLease?
    private let time: any TimeSource
    private let logger: Logger
    /// Since the last pass as the active manager; nil when there was none.
    private let watch = Mutex<ClockWatch?>(nil)
    private let signals: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation

    /// A loop on its ports.
    ///
    /// - Parameter lease: While it is not held, the loop leaves everything to the manager that holds it.
    public init(
        store: any OrphanStore, engine: any OrphanEngine, policy: OrphanPolicy = .report,
        lease: ManagerLease? = nil, time: any TimeSource = SystemTime(), logger: Logger
    ) {
        self.store = store
        self.engine = engine
        self.policy = policy
        self.lease = lease
        self.time = time
        self.logger = logger
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Works until it is cancelled or the service group shuts down.
    public func run() async throws {
        await cancelWhenGracefulShutdown { await self.runUntilCancelled() }
    }

    /// The same without a service group around it.
    package func runUntilCancelled() async {
        await withDiscardingTaskGroup { group in
            group.addTask {
                while !Task.isCancelled {
                    self.signal.yield()
                    do { try await self.time.sleep(for: Self.interval) } catch { return }
                }
            }
            for await _ in self.signals {
                do { try await self.pass() } catch {
                    if Task.isCancelled { return }
                    self.logger.warning("a look for orphans failed", metadata: ["error": "\(error)"])
                }
            }
            group.cancelAll()
        }
    }

    /// One pass: what the engine has, what the database knows, what follows.
    package func pass() async throws {
        if let lease, lease.role != .active { return watch.withLock { $0 = nil } }
        let isWatching = continueWatch()
        let seen = try await engine.belongings()
        let projects = try await store.projects(among: Set(seen.map(\.projectLabel)))
        let decision = OrphanDecision(
            seen: seen, projects: projects, ledger: try await store.orphans(), policy: policy,
            isWatching: isWatching, now: time.now())
        if !decision.found.isEmpty {
            try await store.add(decision.found)
            logger.warning(
                "the engine holds objects of this installation that belong to no project",
                metadata: ["objects": "\(decision.found.map { "\($0.object.key.kind) \($0.object.name)" })"])
        }
        if let end = decision.renewed.first?.graceUntil {
            try await store.renewGrace(of: Set(decision.renewed.map(\.number)), until: end)
        }
        if !decision.settled.isEmpty { try await store.strike(Set(decision.settled.map(\.number))) }
        for orphan in decision.removals { try await remove(orphan) }
    }

    /// Whether this manager has been there since its last pass: twice the time between two passes may pass.
    private func continueWatch() -> Bool {
        watch.withLock { watch in
            guard watch != nil else {
                watch = ClockWatch(time, absenceMin: Self.interval * 2)
                return false
            }
            return watch?.check(time) == nil
        }
    }

    private func remove(_ orphan: Orphan) async throws {
        try lease?.check()
        do throws(EngineError) {
            try await engine.remove(orphan.object)
        } catch {
            if error.isTransient { throw error }
            logger.warning(
                "an orphan cannot be removed", metadata: ["object": "\(orphan.object.name)", "error": "\(error)"])
            return try await store.note(refusal: "\(error)", of: orphan.number)
        }
        logger.notice(
            "an orphan was removed",
            metadata: [
                "kind": "\(orphan.object.key.kind)", "id": "\(orphan.object.key.id)", "name": "\(orphan.object.name)",
            ])
        try await store.strike([orphan.number])
    }

    // MARK: Requests

    /// The orphans, by number.
    public func orphans() async throws(CatalogError) -> [Orphan] {
        do { return try await store.orphans() } catch { throw .store(error) }
    }

    /// Asks for an orphan to be removed; the loop does it.
    ///
    /// - Throws: ``CatalogError/noOrphan(_:)``.
    public func requestRemoval(of number: Int64) async throws(CatalogError) -> Orphan {
        let orphan: Orphan?
        do { orphan = try await store.requestRemoval(of: number) } catch { throw .store(error) }
        guard let orphan else { throw .noOrphan(number) }
        await AfterCommit.run { self.signal.yield() }
        return orphan
    }
}
