import ConsistencyModel
import EventConsumers
import Orchestrator
import OrchestratorTesting
import PostgresKit
import PostgresTestSupport
import ProjectModel
import Testing

@testable import PostgresStore

@Suite(
    "Projects in a real PostgreSQL",
    .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .postgresCluster)
struct ProjectStoreContractTests {
    private func withStore(_ body: (PostgresProjectStore, PostgresPool) async throws -> Void) async throws {
        let pool = PostgresPool(try await TestCluster.running.emptyDatabase())
        do {
            _ = try await Migrations.apply(DatabaseSchema.migrations, to: pool)
            try await pool.insertOrganizations(ProjectStoreContract.organizations)
            try await body(PostgresProjectStore(pool: pool), pool)
        } catch {
            await pool.close()
            throw error
        }
        await pool.close()
    }

    private func project(_ number: Int, port: UInt16? = nil) throws -> NewProject {
        let subnet = try #require(
            IPv4Network(containing: IPv4Address(number: 0x0AC9_0000 + UInt32(number) * 32), prefixLength: 27))
        return NewProject(
            ref: .sample(UInt64(number)), name: try ProjectName("project \(number)"), organizationSlug: "default",
            region: "local", cloudProvider: "AWS", services: [.db],
            leases: Leases(ports: ["GATEWAY_PORT": port ?? UInt16(50_000 + number)], subnet: subnet),
            secrets: SealedSecrets(wrappedKey: [1, 2], values: ["A": [3, 4], "B": [5]]),
            at: Timestamp(milliseconds: 1_000))
    }

    @Test("the store does what every store does")
    func contract() async throws {
        try await withStore { store, _ async throws in
            try await StoreInspectionContract.run(on: store)
            try await ProjectStoreContract.run(on: store)
        }
    }

    @Test("operations begin, progress and end as in every store")
    func operations() async throws {
        try await withStore { store, _ async throws in try await ProjectOperationContract.run(on: store) }
    }

    @Test("events have their facts, and what consumers make of them is in their transactions, as in every store")
    func events() async throws {
        try await withStore { store, pool async throws in
            let contract = EventContract(
                projects: store, content: PostgresContentStore(pool: pool),
                functions: PostgresFunctionStore(pool: pool), notifications: PostgresNotificationStore(pool: pool),
                refusing: PostgresProjectStore(pool: pool, consumers: EventConsumers.all + [EventContract.refusal]))
            try await contract.run()
        }
    }

    @Test("template versions are kept as in every store")
    func templateVersions() async throws {
        try await withStore { store, pool async throws in
            try await TemplateVersionContract(versions: PostgresTemplateStore(pool: pool), projects: store).run()
        }
    }

    @Test("the manager's lease, and what is written under it, do what every lease does")
    func lease() async throws {
        try await withStore { store, pool async throws in
            let contract = ManagerLeaseContract(
                leases: PostgresManagerLeaseStore(pool: pool), projects: store,
                fenced: { PostgresProjectStore(pool: pool, under: $0) },
                waitUntilOver: { try await Task.sleep(for: $0 * 2) })
            try await contract.run()
        }
    }

    @Test("of many managers that want the lease at the same moment one gets it")
    func concurrentManagers() async throws {
        try await withStore { _, pool async throws in
            let leases = PostgresManagerLeaseStore(pool: pool)
            let granted = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 1...20 {
                    let manager = ManagerIdentity(id: "\(number)", address: "", projectsFolder: "/")
                    group.addTask {
                        if case .granted = try await leases.acquire(by: manager, for: .seconds(600)) {
                            true
                        } else {
                            false
                        }
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(granted == 1)
            try await leases.expireAny()
            #expect(try await leases.current() == nil)
        }
    }

    @Test("the lease is not taken over while something is written under it")
    func takeoverWaits() async throws {
        try await withStore { _, pool async throws in
            let leases = PostgresManagerLeaseStore(pool: pool)
            let first = ManagerIdentity(id: "first", address: "", projectsFolder: "/")
            let second = ManagerIdentity(id: "second", address: "", projectsFolder: "/")
            _ = try await leases.acquire(by: first, for: .milliseconds(200))
            let (beginning, begin) = AsyncStream.makeStream(of: Void.self)
            async let claim = {
                for await _ in beginning { break }
                return try await leases.acquire(by: second, for: .seconds(600))
            }()
            let isOver = try await pool.transaction { transaction in
                try await ManagerLeaseRow.hold(FencingToken(1), in: transaction)
                try await Task.sleep(for: .milliseconds(300))
                begin.yield()
                try await Task.sleep(for: .milliseconds(300))
                return try await transaction.single(
                    "select expires_at < clock_timestamp() as is_over from manager_lease"
                ).bool("is_over")
            }
            #expect(isOver, "the takeover came while the write was under way")
            #expect(try await claim == .granted(FencingToken(2)))
        }
    }

    @Test("what a request changes is announced once it is stored, what the active manager writes is not")
    func announcements() async throws {
        let parameters = try await TestCluster.running.emptyDatabase()
        let pool = PostgresPool(parameters)
        _ = try await Migrations.apply(DatabaseSchema.migrations, to: pool)
        let store = PostgresProjectStore(pool: pool)
        let lease = ManagerLease()
        let claim = try await PostgresManagerLeaseStore(pool: pool)
            .acquire(by: ManagerIdentity(id: "a", address: "", projectsFolder: "/"), for: .seconds(600))
        #expect(claim == .granted(FencingToken(1)))
        lease.set(.active(FencingToken(1), until: SystemTime().uptime() + .seconds(600)))
        let written = PostgresProjectStore(pool: pool, under: lease)
        var heard = ProjectChannel(parameters).announcements().makeAsyncIterator()
        #expect(try await heard.next() == .anything)
        _ = try await store.insert(project(1))
        let at = Timestamp(milliseconds: 2_000)
        let step = StatusTransition(from: .provisioning, to: .starting, cause: "step", at: at)
        #expect(try await written.transition(.sample(1), step))
        _ = try await store.insert(project(2))
        #expect(try await heard.next() == .changed(.sample(1)))
        #expect(try await heard.next() == .changed(.sample(2)))
        await pool.close()
    }

    @Test("receipts and volumes are kept as anywhere else")
    func custody() async throws {
        try await withStore { store, pool async throws in
            try await CustodyStoreContract.run(on: PostgresCustodyStore(pool: pool), projects: store)
        }
    }

    @Test("orphans are kept as anywhere else")
    func orphans() async throws {
        try await withStore { store, pool async throws in
            try await OrphanStoreContract.run(on: PostgresOrphanStore(pool: pool), projects: store)
        }
    }

    @Test("the database itself refuses a port twice and overlapping subnets, and nothing of the loser is stored")
    func constraints() async throws {
        try await withStore { store, pool async throws in
            _ = try await store.insert(project(1))
            await #expect(throws: StoreError.leaseTaken) { try await store.insert(project(2, port: 50_001)) }
            var overlapping = try project(3)
            overlapping.leases.subnet = try #require(IPv4Network("10.201.0.0/16"))
            await #expect(throws: StoreError.leaseTaken) { try await store.insert(overlapping) }
            #expect(try await store.refs() == [.sample(1)])
            #expect(try await pool.single("select count(*) as n from project_secrets").int("n") == 2)
        }
    }

    @Test("fifty projects that want ports at the same moment each get their own, or an error that it is taken")
    func concurrentLeases() async throws {
        try await withStore { store, pool async throws in
            let inserted = await withTaskGroup(of: Bool.self) { group in
                for number in 1...50 {
                    // Every port is wanted twice.
                    group.addTask {
                        do {
                            _ = try await store.insert(project(number, port: UInt16(51_000 + number / 2)))
                            return true
                        } catch { return false }
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            let leases = try await pool.single("select count(*) as n from port_leases where ref is not null")
            #expect(try leases.int("n") == inserted)
            #expect(inserted == 26)
        }
    }

    @Test("a lease of a project that was deleted by hand is seen with its holder")
    func inspection() async throws {
        try await withStore { store, pool async throws in
            let new = try project(1)
            _ = try await store.insert(new)
            _ = try await store.insert(project(2))
            try await pool.execute("update projects set status = 'DELETED' where ref = $1", [.text(new.ref.text)])
            let holders = try await store.leaseHolders(limit: 10)
            #expect(holders.count == 4)
            #expect(holders.contains(LeaseHolder(ref: new.ref, status: .deleted, thing: .port(50_001))))
            #expect(holders.contains(LeaseHolder(ref: new.ref, status: .deleted, thing: .subnet(new.leases.subnet))))
            #expect(holders.contains(LeaseHolder(ref: .sample(2), status: .provisioning, thing: .port(50_002))))
        }
    }

    @Test("destroyed secrets are gone from the database, and the wrapped key with them")
    func forgotten() async throws {
        try await withStore { store, pool async throws in
            _ = try await store.insert(project(1))
            let digest = String(repeating: "0", count: 64)
            var change = ConfigurationChange(from: 0, at: Timestamp(milliseconds: 1_500))
            change.settings = ["SMTP_PASS": [1]]
            change.functionSecrets = [
                "A": StoredFunctionSecret(sealed: [2], updatedAt: change.at)
            ]
            change.savedKeys = [
                StoredAPIKey(
                    id: "00000000-0000-4000-8000-000000000001", name: "default", kind: .secret, prefix: "sb_secret_",
                    digest: digest, sealed: [3], description: nil, role: "service_role", insertedAt: change.at,
                    updatedAt: change.at)
            ]
            #expect(try await store.change(.sample(1), change))
            let transition = StatusTransition(
                from: .provisioning, to: .deleted, cause: "test", leases: .releaseAndForgetSecrets,
                at: Timestamp(milliseconds: 2_000))
            #expect(try await store.transition(.sample(1), transition))
            await #expect(throws: StoreError.notFound(.sample(1))) { try await store.secrets(of: .sample(1)) }
            for table in [
                "project_secrets", "project_settings", "project_api_keys", "project_function_secrets",
            ] {
                #expect(try await pool.single("select count(*) as n from \(table)").int("n") == 0, "\(table)")
            }
        }
    }

    @Test("of many changes from the same revision at the same moment exactly one is made")
    func concurrentChanges() async throws {
        try await withStore { store, _ async throws in
            _ = try await store.insert(project(1))
            let made = await withTaskGroup(of: Int.self) { group in
                for number in 1...20 {
                    group.addTask {
                        var change = ConfigurationChange(from: 0, at: Timestamp(milliseconds: 2_000))
                        change.settings = ["SITE_URL": [UInt8(number)]]
                        return (try? await store.change(.sample(1), change)) == true ? number : 0
                    }
                }
                return await group.reduce(into: [Int]()) { if $1 > 0 { $0.append($1) } }
            }
            #expect(made.count == 1)
            let configuration = try await store.configuration(of: .sample(1))
            #expect(configuration.revision == 1 && configuration.settings == ["SITE_URL": made.map { UInt8($0) }])
        }
    }

    @Test("names with wildcards of like are searched literally")
    func search() async throws {
        try await withStore { store, _ async throws in
            for number in 1...3 { _ = try await store.insert(project(number)) }
            #expect(try await store.projects(ProjectQuery(search: "PROJECT 2")).projects.map(\.ref) == [.sample(2)])
            #expect(try await store.projects(ProjectQuery(search: "%")).count == 0)
            #expect(try await store.projects(ProjectQuery(search: "_")).count == 0)
        }
    }
}
