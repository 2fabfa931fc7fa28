import Logging
import ProjectModel
import Reconciler
import Synchronization
import Testing

@testable import Orchestrator
@testable import OrchestratorTesting

@Suite("Several managers on one database")
struct TwoManagersTests {
    /// Calls that changed something on the engine: the manager, and its token.
    private final class Journal: Sendable {
        struct Entry: Sendable, Equatable {
            let manager: String
            let token: FencingToken?
        }

        private let entries = Mutex<[Entry]>([])

        var all: [Entry] { entries.withLock { $0 } }
        func add(_ entry: Entry) { entries.withLock { $0.append(entry) } }
    }

    /// An engine that writes down what reaches it.
    private struct JournalEngine: ForwardingEngine {
        let engine: any ContainerEngine
        let journal: Journal
        let name: String
        let lease: ManagerLease

        func perform(_ operation: EngineOperation, for ref: ProjectRef) async throws(EngineError) {
            journal.add(Journal.Entry(manager: name, token: lease.token))
            try await engine.perform(operation, for: ref)
        }
    }

    /// A lease store that one manager cannot reach for a while.
    private final class Line: ManagerLeaseStore {
        let leases: InMemoryManagerLeaseStore
        private let cut = Mutex(false)

        init(_ leases: InMemoryManagerLeaseStore) { self.leases = leases }

        func setCut(_ isCut: Bool) { cut.withLock { $0 = isCut } }

        private func check() throws(StoreError) {
            if cut.withLock({ $0 }) { throw .unavailable("the line is cut") }
        }
        func acquire(by manager: ManagerIdentity, for ttl: Duration) async throws(StoreError) -> LeaseClaim {
            try check()
            return try await leases.acquire(by: manager, for: ttl)
        }
        func renew(_ token: FencingToken, for ttl: Duration) async throws(StoreError) -> Bool {
            try check()
            return try await leases.renew(token, for: ttl)
        }
        func release(_ token: FencingToken) async throws(StoreError) {
            try check()
            try await leases.release(token)
        }
        func current() async throws(StoreError) -> LeaseTenure? {
            try check()
            return try await leases.current()
        }
    }

    /// One of several managers.
    private struct Rival: Sendable {
        let lease: ManagerLease
        let line: Line
        let manager: SimulatedManager
        let managing: LeaseLoop

        init(_ name: String, on host: SimulatedHost, leases: InMemoryManagerLeaseStore, journal: Journal) throws {
            let lease = ManagerLease(time: host.time)
            let engine = JournalEngine(engine: host.engine, journal: journal, name: name, lease: lease)
            let manager = try SimulatedManager(
                on: host, ManagerLife(), engine: FencedEngine(engine, lease: lease),
                store: host.store.under(lease, in: leases), prober: FakeProber(engine: host.engine),
                requests: host.store, drawRef: ProjectCatalog.randomRef)
            self.lease = lease
            self.manager = manager
            line = Line(leases)
            managing = LeaseLoop(
                store: line, lease: lease,
                manager: ManagerIdentity(id: name, address: name, projectsFolder: "/projects"), time: host.time,
                logger: host.logger
            ) { role in await manager.loop.runUntilCancelled(as: role) }
        }

        func run() async {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await manager.health.runUntilCancelled() }
                group.addTask { await managing.runUntilCancelled() }
            }
        }
    }

    private static func withRivals(
        seed: UInt64, _ body: @Sendable (SimulatedHost, Rival, Rival, Journal) async throws -> Void
    ) async throws {
        try await SimulatedHost.run(seed: seed) { host in
            let leases = InMemoryManagerLeaseStore(time: host.time)
            let journal = Journal()
            let first = try Rival("first", on: host, leases: leases, journal: journal)
            let second = try Rival("second", on: host, leases: leases, journal: journal)
            try await withThrowingTaskGroup(of: Void.self) { group in
                defer {
                    host.time.setFrozen(true)
                    group.cancelAll()
                }
                group.addTask { await first.run() }
                _ = try await host.wait { first.lease.role == .active }
                group.addTask { await second.run() }
                try await body(host, first, second, journal)
            }
            host.time.setFrozen(false)
        }
    }

    @Test("one acts, the other serves requests and observes", arguments: UInt64(0)..<5)
    func roles(seed: UInt64) async throws {
        try await Self.withRivals(seed: seed) { host, first, second, journal in
            let ref = try await second.manager.create()
            let record = try await host.wait(for: .active, of: ref)
            #expect(record?.status == .active)
            #expect(first.lease.role == .active && second.lease.role == .standby)
            #expect(!journal.all.isEmpty && journal.all.allSatisfy { $0.manager == "first" })
            // The standby reports the services by its own probes.
            let isSeen = try await host.wait {
                let reports = try await second.manager.catalog.health(of: ref)
                return reports.allSatisfy { $0.state.isReady && $0.observedAt != nil }
            }
            #expect(isSeen)
        }
    }

    @Test(
        "a manager that loses its lease in the middle of a start stops acting before another takes over and finishes",
        arguments: UInt64(0)..<30)
    func takeover(seed: UInt64) async throws {
        try await Self.withRivals(seed: seed) { host, first, second, journal in
            let ref = try await first.manager.create()
            let calls = Int(seed % 10)
            _ = try await host.wait { journal.all.count >= calls }
            first.line.setCut(true)
            // Work continues for as long as the lease is known to last; then it must be renewed.
            _ = try await host.wait { second.lease.role == .active }
            #expect(first.lease.role == .standby)
            host.engine.kill(.db, of: ref)
            let wait = try await host.wait {
                let record = try await host.store.project(ref)
                return record?.status == .active && host.engine.container(.db, of: ref)?.state == .running
            }
            #expect(wait)
            let tokens = journal.all.map { $0.token?.number ?? 0 }
            #expect(tokens == tokens.sorted() && tokens.first == 1 && tokens.last == 2, "\(tokens)")
            #expect(journal.all.allSatisfy { ($0.manager == "first") == ($0.token?.number == 1) })
            first.line.setCut(false)
            let count = journal.all.filter { $0.manager == "first" }.count
            _ = try await first.manager.catalog.request(.pauseRequested, of: ref)
            #expect(try await host.wait(for: .paused, of: ref)?.status == .paused)
            #expect(journal.all.filter { $0.manager == "first" }.count == count)
            #expect(second.lease.role == .active, "who comes back does not take over")
        }
    }

    @Test("a manager that takes over restarts nothing, however old the containers are")
    func takeoverOfOldContainers() async throws {
        try await Self.withRivals(seed: 3) { host, first, second, journal in
            let ref = try await first.manager.create()
            try await host.wait(for: .active, of: ref)
            try await host.time.sleep(for: .seconds(400))
            let (calls, events) = (journal.all.count, try await host.store.events(of: ref, limit: 100))
            for (loser, winner) in [(first, second), (second, first), (first, second)] {
                loser.line.setCut(true)
                _ = try await host.wait { winner.lease.role == .active }
                loser.line.setCut(false)
                try await host.time.sleep(for: .seconds(60))
            }
            #expect(journal.all.count == calls)
            #expect(try await host.store.events(of: ref, limit: 100) == events)
        }
    }

    @Test("a manager that ends in order gives the lease back: the next one need not wait for it to run out")
    func release() async throws {
        try await Self.withRivals(seed: 1) { host, first, second, _ in
            await first.managing.release()
            let before = host.time.now()
            _ = try await host.wait { second.lease.role == .active || first.lease.role == .active }
            #expect(host.time.now().since(before) <= LeaseRules().standbyInterval + .milliseconds(100))
        }
    }

    @Test("a stale manager's call is refused before it reaches the engine, and its write by the store")
    func stale() async throws {
        try await SimulatedHost.run(seed: 1) { host in
            let leases = InMemoryManagerLeaseStore(time: host.time)
            let lease = ManagerLease(time: host.time)
            let engine = FencedEngine(host.engine, lease: lease)
            let network = DesiredNetwork(name: "n", subnet: try #require(IPv4Network("10.201.9.0/27")))
            await #expect(throws: EngineError.notActive) {
                try await engine.perform(.createNetwork(network), for: .sample(1))
            }
            let manager = ManagerIdentity(id: "a", address: "a", projectsFolder: "/")
            let claim = try await leases.acquire(by: manager, for: .seconds(10))
            #expect(claim == .granted(FencingToken(1)))
            lease.set(.active(FencingToken(1), until: host.time.uptime() + .seconds(8)))
            try await engine.perform(.createNetwork(network), for: .sample(1))
            // The process is stopped for a while: it learns the time from its own clock only.
            try await host.time.sleep(for: .seconds(8))
            await #expect(throws: EngineError.notActive) {
                try await engine.perform(.removeNetwork(id: "n", name: "n"), for: .sample(1))
            }
            #expect(host.engine.calls.count == 1)
            let store = host.store.under(lease, in: leases)
            let transition = StatusTransition(from: .provisioning, to: .starting, cause: "late", at: host.time.now())
            await #expect(throws: StoreError.fenced) { try await store.transition(.sample(1), transition) }
            #expect(throws: NotActiveManager.self) { try lease.check() }
        }
    }
}
