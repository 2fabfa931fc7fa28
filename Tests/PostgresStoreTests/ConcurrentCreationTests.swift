import Logging
import Orchestrator
import OrchestratorTesting
import PostgresKit
import PostgresStore
import PostgresTestSupport
import ProjectModel
import Reconciler
import SettingTables
import Synchronization
import Testing

@Suite(
    "Projects that are created at the same moment",
    .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .postgresCluster)
struct ConcurrentCreationTests {
    private static let count = 16

    /// The catalogue of a manager whose draws come from `draw`.
    private func catalog(
        _ pool: PostgresPool, ports: String, organizationLimit: Int? = nil, draw: @escaping @Sendable () -> UInt32
    ) throws -> ProjectCatalog {
        let store = PostgresProjectStore(pool: pool)
        let custody = PostgresCustodyStore(pool: pool)
        let engine = FakeEngine(time: SystemTime())
        let survey = EngineSurvey()
        let subnets = try #require(IPv4Network("10.201.0.0/16").flatMap { SubnetAllocator(pool: $0) })
        let broker = LeaseBroker(
            store: store, host: FakeHostNetwork(), survey: survey, ports: try #require(PortRange(ports)),
            subnets: subnets, bindAddress: "127.0.0.1", draw: draw)
        let templates = TemplateLibrary(
            only: FakeRenderer(SampleTemplates.small), in: PostgresTemplateStore(pool: pool))
        let loop = ReconcileLoop(
            store: store, custody: custody, engine: engine, templates: templates,
            folders: FakeFolders(), minter: PlainKeyMinter(),
            broker: broker, survey: survey, health: HealthLoop(prober: FakeProber(engine: engine), engine: engine),
            logger: Logger(label: "creation"))
        return ProjectCatalog(
            store: store, custody: custody, templates: templates, minter: PlainKeyMinter(),
            broker: broker, observer: loop, memory: PostgresMemory(), organizationLimit: organizationLimit)
    }

    @Test(
        "all come into being, each with ports and a subnet of its own",
        arguments: [
            ("lowest", "54320-65535"), ("lowest", "54320-54400"), ("drawn", "54320-65535"), ("drawn", "54320-54400"),
        ])
    func creation(draws: String, ports: String) async throws {
        let pool = PostgresPool(try await TestCluster.running.emptyDatabase())
        do {
            _ = try await Migrations.apply(DatabaseSchema.migrations, to: pool)
            let generator = Mutex(SeededGenerator(seed: 7))
            let catalog = try catalog(pool, ports: ports) {
                draws == "lowest" ? 0 : generator.withLock { UInt32.random(in: .min ... .max, using: &$0) }
            }
            let units = PostgresUnitOfWork(pool: pool)
            let records = try await withThrowingTaskGroup(of: ProjectRecord.self) { group in
                for number in 1...Self.count {
                    group.addTask {
                        try await units.perform {
                            try await catalog.create(
                                ProjectRequest(name: "project \(number)", organizationSlug: "default"))
                        }
                    }
                }
                return try await group.reduce(into: [ProjectRecord]()) { $0.append($1) }
            }
            #expect(records.count == Self.count)
            let leases = records.compactMap(\.leases)
            #expect(Set(leases.map(\.subnet)).count == Self.count)
            let all = leases.flatMap(\.ports.values)
            #expect(Set(all).count == all.count && all.count >= Self.count)
            let listed = try await catalog.projects(ProjectQuery())
            #expect(Set(listed.projects.map(\.ref)) == Set(records.map(\.ref)))
        } catch {
            await pool.close()
            throw error
        }
        await pool.close()
    }

    @Test("no more come into being than the organization may have, however many ask at once")
    func limit() async throws {
        let pool = PostgresPool(try await TestCluster.running.emptyDatabase())
        do {
            _ = try await Migrations.apply(DatabaseSchema.migrations, to: pool)
            let catalog = try catalog(pool, ports: "54320-65535", organizationLimit: 5, draw: LeaseBroker.anywhere)
            let units = PostgresUnitOfWork(pool: pool)
            let outcomes = await withTaskGroup(of: (any Error)?.self) { group in
                for number in 1...Self.count {
                    group.addTask {
                        do {
                            _ = try await units.perform {
                                try await catalog.create(
                                    ProjectRequest(name: "project \(number)", organizationSlug: "default"))
                            }
                            return nil
                        } catch { return error }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.count { $0 == nil } == 5)
            let refusal = CatalogError.store(.organizationFull("default", limit: 5))
            #expect(outcomes.compactMap { $0 }.allSatisfy { $0 as? CatalogError == refusal })
            #expect(try await pool.single("select count(*) as n from projects").int("n") == 5)
            #expect(try await pool.single("select count(*) as n from subnet_leases").int("n") == 5)
        } catch {
            await pool.close()
            throw error
        }
        await pool.close()
    }
}
