import Identity
import Orchestrator
import OrchestratorTesting
import PostgresKit
import PostgresTestSupport
import ProjectModel
import Testing

@testable import PostgresStore

/// A project that is stored while its organization is deleted, by two transactions at the same moment.
@Suite(
    "An organization and its last project in a real PostgreSQL",
    .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .postgresCluster)
struct OrganizationRaceTests {
    private struct Host: Sendable {
        let pool: PostgresPool
        var store: PostgresProjectStore { PostgresProjectStore(pool: pool) }
        var identities: PostgresIdentityStore { PostgresIdentityStore(pool: pool) }
        var units: PostgresUnitOfWork { PostgresUnitOfWork(pool: pool) }

        /// Waits until a statement waits for a lock: only then is what the test is about under way.
        func waitForBlockedStatement() async throws {
            let end = ContinuousClock.now + .seconds(30)
            while ContinuousClock.now < end {
                let row = try await pool.single(
                    """
                    select count(*) as n from pg_stat_activity
                    where wait_event_type = 'Lock' and datname = current_database()
                    """)
                if try row.int("n") > 0 { return }
                try await Task.sleep(for: .milliseconds(10))
            }
            throw StoreError.refused("nothing waited for a lock")
        }
    }

    private func withHost(_ body: (Host) async throws -> Void) async throws {
        let pool = PostgresPool(try await TestCluster.running.emptyDatabase())
        do {
            _ = try await Migrations.apply(DatabaseSchema.migrations, to: pool)
            try await body(Host(pool: pool))
        } catch {
            await pool.close()
            throw error
        }
        await pool.close()
    }

    private static func project() throws -> NewProject {
        NewProject(
            ref: .sample(1), name: try ProjectName("project"), organizationSlug: "default", region: "local",
            cloudProvider: "AWS", services: [.db],
            leases: Leases(ports: ["DB_PORT": 50_001], subnet: try #require(IPv4Network("10.201.0.0/27"))),
            secrets: SealedSecrets(wrappedKey: [1], values: [:]), at: Timestamp(milliseconds: 1_000))
    }

    @Test("a project that is being stored keeps its organization from being deleted")
    func insertionFirst() async throws {
        try await withHost { host async throws in
            let (inserted, mark) = AsyncStream<Void>.makeStream()
            async let outcome = Self.delete(after: inserted, host)
            try await host.units.perform {
                _ = try await host.store.insert(Self.project())
                mark.finish()
                try await host.waitForBlockedStatement()
            }
            let deletion = try await outcome
            #expect(deletion == .hasProjects(1))
            #expect(try await host.identities.organizations(["default"]).count == 1)
        }
    }

    private static func delete(after signal: AsyncStream<Void>, _ host: Host) async throws -> OrganizationDeletion {
        for await _ in signal {}
        return try await host.identities.deleteOrganization("default")
    }

    @Test("a project that comes while its organization is being deleted is refused, and leaves nothing")
    func deletionFirst() async throws {
        try await withHost { host async throws in
            let (deleted, mark) = AsyncStream<Void>.makeStream()
            async let outcome = Self.refusal(after: deleted, host)
            try await host.units.perform {
                let deletion = try await host.identities.deleteOrganization("default")
                #expect(deletion == .deleted)
                mark.finish()
                try await host.waitForBlockedStatement()
            }
            let refusal = try await outcome
            #expect(refusal == .organizationGone("default"))
            #expect(try await host.store.refs().isEmpty)
            #expect(try await host.pool.single("select count(*) as n from port_leases").int("n") == 0)
        }
    }

    private static func refusal(after signal: AsyncStream<Void>, _ host: Host) async throws -> StoreError? {
        for await _ in signal {}
        let project = try project()
        do throws(StoreError) { _ = try await host.store.insert(project) } catch { return error }
        return nil
    }
}
