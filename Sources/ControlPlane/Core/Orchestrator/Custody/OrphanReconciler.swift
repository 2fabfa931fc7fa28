public import Logging
import ProjectModel
import Synchronization

/// Tracks objects that have this installation's label and belong to no project of its database: they are recorded,
/// kept for a grace period, and removed only where that is enabled or requested. Objects with another installation's
/// label, or without one, are not listed. Its passes are runs of a job; see ``job``.
public final class OrphanReconciler: Sendable {
    /// Time between two passes.
    public static let interval: Duration = .seconds(300)

    private let store: any OrphanStore
    private let engine: any OrphanEngine
    private let policy: OrphanPolicy
    private let lease: ManagerLease?
    private let jobs: JobCatalog?
    private let time: any TimeSource
    private let logger: Logger
    /// Since the last pass as the active manager; nil when there was none.
    private let watch = Mutex<ClockWatch?>(nil)

    /// A reconciler on its ports.
    ///
    /// - Parameters:
    ///   - lease: While it is not held, everything is left to the manager that holds it.
    ///   - jobs: Where a pass is asked for when a request wants one.
    public init(
        store: any OrphanStore, engine: any OrphanEngine, policy: OrphanPolicy = .report,
        lease: ManagerLease? = nil, jobs: JobCatalog? = nil, time: any TimeSource = SystemTime(), logger: Logger
    ) {
        self.store = store
        self.engine = engine
        self.policy = policy
        self.lease = lease
        self.jobs = jobs
        self.time = time
        self.logger = logger
    }

    /// A pass at the beginning of each term, every ``interval``, and when a removal is requested.
    public var job: JobDefinition {
        JobDefinition(
            .orphans,
            recurring: JobDefinition.Recurring(JobInterval(Self.interval, phase: .seconds(30)), startsWithTerm: true),
            timeLimit: Self.interval
        ) { _ in
            try await self.pass()
            return ""
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

    /// Asks for an orphan to be removed; the next pass does it, and comes soon.
    ///
    /// - Throws: ``CatalogError/noOrphan(_:)``.
    public func requestRemoval(of number: Int64) async throws(CatalogError) -> Orphan {
        let orphan: Orphan?
        do { orphan = try await store.requestRemoval(of: number) } catch { throw .store(error) }
        guard let orphan else { throw .noOrphan(number) }
        do throws(JobError) { try await jobs?.runSoon(.orphans) } catch {
            throw .store(error.asStoreError)
        }
        return orphan
    }
}
