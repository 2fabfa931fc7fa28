import Orchestrator
import OrchestratorTesting
import PostgresKit
import PostgresTestSupport
import ProjectModel
import Testing

@testable import PostgresStore

@Suite(
    "What is read from memory is what the database holds",
    .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .postgresCluster)
struct ProjectEditionTests {
    private let late = Timestamp(milliseconds: 2_000)

    /// Two managers on one database: the stores share nothing but that.
    private func withStores(
        _ body: (PostgresProjectStore, PostgresProjectStore, PostgresPool) async throws -> Void
    ) async throws {
        let parameters = try await TestCluster.running.emptyDatabase()
        let (pool, otherPool) = (PostgresPool(parameters), PostgresPool(parameters))
        do {
            _ = try await Migrations.apply(DatabaseSchema.migrations, to: pool)
            try await pool.insertOrganizations(["acme", "other"])
            try await body(PostgresProjectStore(pool: pool), PostgresProjectStore(pool: otherPool), pool)
        } catch {
            await pool.close()
            await otherPool.close()
            throw error
        }
        await pool.close()
        await otherPool.close()
    }

    private func project(_ number: Int, organization: String = "default") throws -> NewProject {
        let subnet = try #require(
            IPv4Network(containing: IPv4Address(number: 0x0AC9_0000 + UInt32(number) * 32), prefixLength: 27))
        return NewProject(
            ref: .sample(UInt64(number)), name: try ProjectName("project \(number)"), organizationSlug: organization,
            region: "local", cloudProvider: "AWS", services: [.db],
            leases: Leases(
                ports: ["DB_PORT": UInt16(40_000 + number), "API_PORT": UInt16(50_000 + number)], subnet: subnet),
            secrets: SealedSecrets(wrappedKey: [1, 2], values: ["A": [3]]), at: Timestamp(milliseconds: 1_000))
    }

    private func names(_ store: PostgresProjectStore) async throws -> [String] {
        try await store.projects(ProjectQuery()).projects.map(\.name.text)
    }

    /// Changes a row without a notification.
    private func renameSilently(_ number: Int, name: String, pool: PostgresPool) async throws {
        try await pool.transaction { transaction in
            try await transaction.executeScript("set local session_replication_role = replica")
            try await transaction.execute(
                "update projects set name = $2 where ref = $1",
                [.text(ProjectRef.sample(UInt64(number)).text), .text(name)])
        }
    }

    @Test("pages and records are read from memory as long as nothing has changed")
    func remembered() async throws {
        try await withStores { store, _, pool async throws in
            _ = try await store.insert(project(1))
            let before = try await (names(store), store.project(.sample(1))?.name.text)
            try await renameSilently(1, name: "behind the back", pool: pool)
            let known = try await (names(store), store.project(.sample(1))?.name.text)
            #expect(before == (["project 1"], "project 1"))
            #expect(known == before)
            try await pool.execute("update projects set region = 'elsewhere'")
            let after = try await (names(store), store.project(.sample(1))?.name.text)
            #expect(after == (["behind the back"], "behind the back"))
        }
    }

    @Test("an entry in a history gives another generation, also by another manager")
    func history() async throws {
        try await withStores { store, other, _ async throws in
            _ = try await store.insert(project(1))
            let before = try await store.projects(ProjectQuery()).edition
            let event = ProjectEvent(at: late, status: .provisioning, cause: "a service was restarted")
            try await other.note([event], of: .sample(1))
            #expect(try await store.projects(ProjectQuery()).edition != before)
        }
    }

    @Test("every change of projects or leases, by any manager, is in the next page and record of every manager")
    func everyChange() async throws {
        try await withStores { store, other, pool async throws in
            for number in 1...3 { _ = try await other.insert(project(number)) }
            let ref = ProjectRef.sample(1)
            let subnet = try #require(IPv4Network("10.250.0.0/27"))
            var change = ConfigurationChange(from: 0, at: late)
            change.settings = ["SITE_URL": [1]]
            let changes: [(String, () async throws -> Void)] = [
                ("insert", { _ = try await other.insert(project(4)) }),
                ("rename", { try await other.rename(ref, to: ProjectName("other"), at: late) }),
                (
                    "transition",
                    {
                        _ = try await other.transition(
                            ref, StatusTransition(from: .provisioning, to: .active, cause: "", at: late))
                    }
                ),
                ("settings", { _ = try await other.change(ref, change) }),
                ("port", { try await other.replacePort("DB_PORT", of: ref, with: 45_000, at: late) }),
                ("subnet", { try await other.replaceSubnet(of: ref, with: subnet, at: late) }),
                ("a lease alone", { try await pool.execute("update port_leases set port = 46000 where port = 45000") }),
                (
                    "a subnet alone",
                    {
                        try await pool.execute(
                            "update subnet_leases set subnet = '10.251.0.0/27' where ref = $1", [.text(ref.text)])
                    }
                ),
                ("a lease that goes", { try await pool.execute("delete from port_leases where port = 46000") }),
            ]
            for (name, make) in changes {
                let before = try await (store.projects(ProjectQuery()), store.project(ref))
                try await make()
                let page = try await store.projects(ProjectQuery())
                let truth = try await ProjectRows.page(ProjectQuery(), in: pool)
                let record = try await store.project(ref)
                #expect(page == truth, "\(name)")
                #expect(page.edition != before.0.edition && page != before.0, "\(name)")
                #expect(record == truth.projects.first { $0.ref == ref }, "\(name)")
                if name != "insert" { #expect(record != before.1, "\(name)") }
            }
            #expect(try await store.project(ref)?.leases?.ports == ["API_PORT": 50_001])
            let gone = StatusTransition(
                from: .active, to: .deleted, cause: "", leases: .releaseAndForgetSecrets, at: late)
            #expect(try await other.transition(ref, gone))
            #expect(try await names(store) == ["project 2", "project 3", "project 4"])
            #expect(try await store.project(ref)?.status == .deleted)
        }
    }

    @Test(
        "what a unit of work changes is seen inside of it alone, until it is stored; what it takes back is never seen")
    func units() async throws {
        struct TakenBack: Error {}
        try await withStores { store, other, pool async throws in
            _ = try await store.insert(project(1))
            let units = PostgresUnitOfWork(pool: pool)
            let rename = { @Sendable (text: String) async throws in
                _ = try await store.projects(ProjectQuery())
                try await store.rename(.sample(1), to: ProjectName(text), at: Timestamp(milliseconds: 2_000))
                let inside = try await store.projects(ProjectQuery()).projects.map(\.name.text)
                let one = try await store.project(.sample(1))?.name.text
                #expect(inside == [text] && one == text)
                let outside = try await AmbientTransaction.$current.withValue(nil) {
                    try await other.projects(ProjectQuery()).projects.map(\.name.text)
                }
                #expect(outside == ["project 1"])
            }
            await #expect(throws: TakenBack.self) {
                try await units.perform {
                    try await rename("never")
                    throw TakenBack()
                }
            }
            #expect(try await names(store) == ["project 1"])
            #expect(try await store.project(.sample(1))?.name.text == "project 1")
            try await units.perform { try await rename("stored") }
            #expect(try await names(store) == ["stored"])
            #expect(try await names(other) == ["stored"])
        }
    }

    @Test("an entry in a history that is not stored yet holds up no change of other projects")
    func historyInUnit() async throws {
        try await withStores { store, _, pool async throws in
            _ = try await store.insert(project(1))
            let before = try await store.projects(ProjectQuery()).edition
            let event = ProjectEvent(at: late, status: .provisioning, cause: "a backup was begun")
            try await PostgresUnitOfWork(pool: pool).perform {
                try await store.note([event], of: .sample(1))
                // Refused at once where the row is locked.
                _ = try await AmbientTransaction.$current.withValue(nil) {
                    try await pool.query("select edition::text from project_edition for update nowait")
                }
            }
            #expect(try await store.projects(ProjectQuery()).edition != before)
        }
    }

    @Test("a page is never answered with another viewer's rows")
    func visibility() async throws {
        try await withStores { store, _, _ async throws in
            for (number, slug) in [(1, "acme"), (2, "acme"), (3, "other")] {
                _ = try await store.insert(project(number, organization: slug))
            }
            let cases: [(ProjectQuery.Visibility?, [Int])] = [
                (nil, [1, 2, 3]), (.init(organizations: ["acme"]), [1, 2]), (.init(organizations: ["other"]), [3]),
                (.init(organizations: []), []),
                (.init(organizations: ["other"], projects: ["acme": [.sample(1)]]), [1, 3]),
                (.init(organizations: [], projects: ["acme": [.sample(2)]]), [2]),
                // A ref that is named under an organization that is not its own shows nothing.
                (.init(organizations: [], projects: ["other": [.sample(1), .sample(2)]]), []),
                (.init(organizations: ["acme", "other"]), [1, 2, 3]),
            ]
            for _ in 1...2 {
                for (visibility, expected) in cases {
                    var query = ProjectQuery()
                    query.visibility = visibility
                    let page = try await store.projects(query)
                    #expect(page.projects.map(\.ref) == expected.map { .sample(UInt64($0)) })
                    #expect(page.count == expected.count && page.edition != nil)
                }
            }
        }
    }

    @Test("without the database nothing is answered from memory, and after lost connections the truth is")
    func lostConnections() async throws {
        try await withStores { store, other, pool async throws in
            _ = try await store.insert(project(1))
            _ = try await names(store)
            try await other.rename(.sample(1), to: ProjectName("renamed"), at: late)
            try await pool.execute(
                """
                select pg_terminate_backend(pid) from pg_stat_activity
                where datname = current_database() and pid <> pg_backend_pid()
                """)
            var found: [String]?
            for _ in 1...20 where found == nil { found = try? await names(store) }
            #expect(found == ["renamed"])
            await pool.close()
            await #expect(throws: StoreError.self) { try await store.projects(ProjectQuery()) }
            await #expect(throws: StoreError.self) { try await store.project(.sample(1)) }
        }
    }

    @Test("many who change and read at the same time see their own changes at once")
    func readYourWrites() async throws {
        try await withStores { store, other, _ async throws in
            for number in 1...8 { _ = try await store.insert(project(number)) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in UInt64(1)...8 {
                    let mine = number.isMultiple(of: 2) ? store : other
                    group.addTask {
                        for round in 1...20 {
                            let name = "project \(number) in round \(round)"
                            try await mine.rename(
                                .sample(number), to: ProjectName(name), at: Timestamp(milliseconds: 3_000))
                            let page = try await mine.projects(ProjectQuery()).projects.map(\.name.text)
                            let one = try await mine.project(.sample(number))?.name.text
                            #expect(page.contains(name) && one == name)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("a transaction draws one edition, however many rows it changes, and one that changes nothing draws none")
    func draws() async throws {
        try await withStores { store, _, pool async throws in
            for number in 1...3 { _ = try await store.insert(project(number)) }
            let before = try await store.projects(ProjectQuery()).edition
            try await pool.execute("update projects set region = 'nowhere' where ref = 'none'")
            #expect(try await store.projects(ProjectQuery()).edition == before)
            try await pool.transaction { transaction in
                try await transaction.execute("update projects set region = 'everywhere'")
                try await transaction.executeScript("set constraints all immediate")
                let first = try await ProjectRows.edition(in: transaction)
                try await transaction.execute("update port_leases set port = port + 1000")
                let second = try await ProjectRows.edition(in: transaction)
                #expect(first != before && first == second)
            }
            #expect(try await store.projects(ProjectQuery()).edition != before)
        }
    }
}
