import Orchestrator
import OrchestratorTesting
import PostgresKit
import PostgresTestSupport
import ProjectModel
import Testing

@testable import PostgresStore

@Suite(
    "Jobs in a real PostgreSQL",
    .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .postgresCluster)
struct JobStoreTests {
    private static let start = Timestamp(milliseconds: 1_800_000_000_000)

    private func withStore(_ body: (PostgresJobStore, PostgresPool) async throws -> Void) async throws {
        let pool = PostgresPool(try await TestCluster.running.emptyDatabase())
        do {
            _ = try await Migrations.apply(DatabaseSchema.migrations, to: pool)
            try await pool.insertOrganizations(ProjectStoreContract.organizations)
            try await body(PostgresJobStore(pool: pool), pool)
        } catch {
            await pool.close()
            throw error
        }
        await pool.close()
    }

    private func term(_ pool: PostgresPool) async throws -> JobRunnerIdentity {
        let manager = ManagerIdentity(id: "m", address: "", projectsFolder: "/")
        let claim = try await PostgresManagerLeaseStore(pool: pool).acquire(by: manager, for: .seconds(3_600))
        guard case .granted(let token) = claim else { throw StoreError.fenced }
        return JobRunnerIdentity(manager: "m", token: token)
    }

    @Test("the store does what every store of jobs does")
    func contract() async throws {
        try await withStore { store, pool async throws in
            let contract = JobStoreContract(
                store: store, leases: PostgresManagerLeaseStore(pool: pool),
                projects: PostgresProjectStore(pool: pool))
            try await contract.run()
        }
    }

    @Test("claimed by many at the same moment, each job starts once, and of those with one lock one")
    func concurrentClaims() async throws {
        try await withStore { store, pool async throws in
            let kind = try #require(JobKind("a"))
            for number in 0..<200 {
                let lock = number % 4 == 0 ? JobLock("lock \(number % 3)") : nil
                _ = try await store.enqueue(NewJob(kind, key: "\(number)", lock: lock, due: Self.start), at: Self.start)
            }
            let runner = try await term(pool)
            let claim = JobClaim(runner: runner, slots: [kind: 1_000], limit: 10, at: Self.start)
            let started = try await withThrowingTaskGroup(of: [Job].self) { group in
                for _ in 0..<30 {
                    group.addTask {
                        // Two that choose the same lock at the same moment: one of them is refused.
                        do { return try await store.claim(claim).jobs } catch StoreError.refused { return [] }
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(Set(started.map(\.id)).count == started.count && !started.isEmpty)
            let locks = started.compactMap(\.lock)
            #expect(Set(locks).count == locks.count)
        }
    }

    @Test("a job is enqueued once, by however many at the same moment")
    func concurrentEnqueues() async throws {
        try await withStore { store, _ async throws in
            let kind = try #require(JobKind("a"))
            let ids = try await withThrowingTaskGroup(of: Int64.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        try await store.enqueue(NewJob(kind, key: "k", due: Self.start), at: Self.start).id
                    }
                }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(ids.count == 1)
        }
    }

    @Test("ten thousand jobs that are due at once are started in order, by an index")
    func tenThousand() async throws {
        try await withStore { store, pool async throws in
            try await pool.execute(
                """
                insert into jobs (kind, key, contract, priority, payload, state, due, created_at, lock)
                select 'a', number::text, 'atLeastOnce', 0, '', 'queued', $1, $1,
                    case when number % 2 = 0 then 'lock ' || number end
                from generate_series(1, 10000) as number
                """, [.timestamp(Self.start.postgres)])
            let kind = try #require(JobKind("a"))
            let runner = try await term(pool)
            var started: [Int64] = []
            while true {
                let claim = JobClaim(runner: runner, slots: [kind: 100], limit: 100, at: Self.start)
                let jobs = try await store.claim(claim).jobs
                if jobs.isEmpty { break }
                started += jobs.map(\.id)
                try await pool.execute(
                    """
                    update jobs set state = 'succeeded', token = null, manager = null, started_at = null,
                        heartbeat_at = null, kept_until = $1 where state = 'running'
                    """, [.timestamp(Self.start.postgres)])
            }
            #expect(started == started.sorted() && Set(started).count == 10_000)
        }
    }

    @Test("what a request enqueues is part of its unit of work")
    func unitOfWork() async throws {
        try await withStore { store, pool async throws in
            struct Broken: Error {}
            let kind = try #require(JobKind("a"))
            let units = PostgresUnitOfWork(pool: pool)
            await #expect(throws: Broken.self) {
                try await units.perform {
                    _ = try await store.enqueue(NewJob(kind, key: "k", due: Self.start), at: Self.start)
                    throw Broken()
                }
            }
            #expect(try await store.jobs(JobQuery()) == [])
        }
    }
}
