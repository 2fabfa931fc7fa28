import BackupOperations
import NotificationModel
import Orchestrator
import OrchestratorTesting
import PostgresKit
import PostgresTestSupport
import ProjectModel
import SnippetModel
import Testing
import UsageModel

@testable import PostgresStore

@Suite(
    "Snippets and notifications in a real PostgreSQL",
    .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .postgresCluster)
struct ContentStoreContractTests {
    /// Gives a migrated database with three projects: two of one organization, one of another.
    private func withProjects(_ body: (PostgresPool, [ProjectRecord]) async throws -> Void) async throws {
        let pool = PostgresPool(try await TestCluster.running.emptyDatabase())
        do {
            _ = try await Migrations.apply(DatabaseSchema.migrations, to: pool)
            let store = PostgresProjectStore(pool: pool)
            var records: [ProjectRecord] = []
            for (number, slug) in [(1, "default"), (2, "default"), (3, "other")] {
                try await pool.execute(organization(slug))
                records.append(try await store.insert(project(number, in: slug)))
            }
            try await body(pool, records)
        } catch {
            await pool.close()
            throw error
        }
        await pool.close()
    }

    /// Organizations are rows of a table of their own where the schema has one.
    private func organization(_ slug: String) -> String {
        """
        do $$ begin
            if to_regclass('organizations') is not null then
                insert into organizations (slug, name, inserted_at) values ('\(slug)', '\(slug)', now())
                on conflict do nothing;
            end if;
        end $$
        """
    }

    private func project(_ number: Int, in slug: String) throws -> NewProject {
        let subnet = try #require(
            IPv4Network(containing: IPv4Address(number: 0x0AC9_0000 + UInt32(number) * 32), prefixLength: 27))
        return NewProject(
            ref: .sample(UInt64(number)), name: try ProjectName("project \(number)"), organizationSlug: slug,
            region: "local", cloudProvider: "AWS", services: [.db],
            leases: Leases(ports: ["GATEWAY_PORT": UInt16(50_000 + number)], subnet: subnet),
            secrets: SealedSecrets(wrappedKey: [1], values: [:]), at: Timestamp(milliseconds: 1_000))
    }

    @Test("of each project that is not deleted the newest backups are known, proven or not")
    func newestBackups() async throws {
        try await withProjects { pool, records in
            let refs = records.map(\.ref.text)
            for (ref, state, bytes, time) in [
                (refs[0], "verified", "5", "2026-01-01"), (refs[0], "unsound", "7", "2026-01-03"),
                (refs[0], "verified", "6", "2026-01-02"), (refs[0], "removed", "9", "2026-01-04"),
                (refs[1], "stored", "null", "2026-01-01"), (refs[2], "failed", "null", "2026-01-01"),
            ] {
                try await pool.execute(
                    """
                    insert into backups (ref, reason, state, archived, stored_bytes, inserted_at, taken_at)
                    values ($1, 'request', '\(state)', 'x', \(bytes), '\(time)', '\(time)')
                    """, [.text(ref)])
            }
            let newest = try await PostgresBackupStore(pool: pool).newest()
            let found = Dictionary(uniqueKeysWithValues: newest.map { ($0.ref.text, $0) })
            #expect(Set(found.keys) == Set(refs.prefix(2)))
            #expect(found[refs[0]]?.storedBytes == 6 && found[refs[1]]?.storedBytes == nil)
            #expect(found[refs[0]]?.verifiedTakenAt == Timestamp(milliseconds: 1_767_312_000_000))
            #expect(found[refs[1]]?.verifiedTakenAt == nil)
        }
    }

    @Test("an operation that ends is counted once, when its transaction is stored")
    func countedOperations() async throws {
        try await withProjects { pool, records in
            let metrics = ManagerMetrics()
            let store = PostgresProjectStore(pool: pool, metrics: metrics)
            let time = Timestamp(milliseconds: 4_000)
            let active = StatusTransition(from: .starting, to: .active, cause: "", at: time)
            let starting = StatusTransition(from: .provisioning, to: .starting, cause: "", at: time)
            #expect(try await store.transition(records[0].ref, starting))
            #expect(metrics.operations.counts.isEmpty)
            #expect(try await store.transition(records[0].ref, active))
            let isRepeated = try await store.transition(records[0].ref, active)
            #expect(!isRepeated)
            let counted = metrics.operations.counts.map { "\($0.name) \($0.outcome) \($0.count)" }
            #expect(counted == ["create succeeded 1"])
            #expect(metrics.operations.durations.first?.seconds == 3)
        }
    }

    @Test("the store of snippets does what every store of snippets does")
    func content() async throws {
        try await withProjects { pool, records async throws in
            try await ContentStoreContract.run(on: PostgresContentStore(pool: pool), refs: records.prefix(2).map(\.ref))
        }
    }

    @Test("the store of backups does what every store of backups does")
    func backups() async throws {
        try await withProjects { pool, records async throws in
            try await BackupStoreContract.run(on: PostgresBackupStore(pool: pool), refs: records.prefix(2).map(\.ref))
        }
    }

    @Test("the store of notifications does what every store of notifications does")
    func notifications() async throws {
        try await withProjects { pool, records async throws in
            try await NotificationStoreContract.run(on: PostgresNotificationStore(pool: pool), projects: records)
        }
    }

    @Test("of an organization only the latest thousand notifications are kept, marks and all")
    func retention() async throws {
        try await withProjects { pool, records async throws in
            let store = PostgresNotificationStore(pool: pool)
            let viewer = NotificationViewer(account: "a", visibility: .init(organizations: ["default", "other"]))
            for number in 0...NotificationStep.keptMax + 4 {
                try await store.note(
                    StatusTransition(
                        from: .rollingBack, to: .failed, cause: "again",
                        at: Timestamp(milliseconds: Int64(number) * 1_000)
                    ).event(), of: records[number % 2])
                if number == 0 { try await store.archiveAll(for: viewer) }
            }
            try await store.note(
                StatusTransition(from: .rollingBack, to: .failed, cause: "x", at: Timestamp(milliseconds: 1)).event(),
                of: records[2])
            #expect(
                try await pool.single("select count(*) as n from notifications").int("n")
                    == NotificationStep.keptMax + 1)
            #expect(try await pool.single("select count(*) as n from notification_marks").int("n") == 0)
            let newest = try await store.notifications(NotificationQuery(limit: 2), for: viewer)
            #expect(newest.map(\.notification.ref) == [.sample(3), .sample(1)])
        }
    }

    @Test("what a unit of work noted is gone when the unit fails")
    func rollback() async throws {
        struct Stop: Error {}
        try await withProjects { pool, records async throws in
            let store = PostgresNotificationStore(pool: pool)
            let viewer = NotificationViewer(account: "a", visibility: .init(organizations: ["default"]))
            await #expect(throws: Stop.self) {
                try await PostgresUnitOfWork(pool: pool).perform {
                    try await store.note(
                        StatusTransition(from: .rollingBack, to: .failed, cause: "x", at: Timestamp(milliseconds: 1))
                            .event(), of: records[0])
                    #expect(try await store.summary(for: viewer).unread == 1)
                    throw Stop()
                }
            }
            #expect(try await store.summary(for: viewer).unread == 0)
        }
    }

    @Test("of two concurrent items with the same identifier one is stored, the other refused")
    func race() async throws {
        try await withProjects { pool, records async throws in
            let store = PostgresContentStore(pool: pool)
            for round in 10...29 {
                let id = "20000000-0000-4000-8000-0000000000\(round)"
                let outcomes = await withTaskGroup(of: String.self) { group in
                    for author in ["ann", "ben"] {
                        group.addTask {
                            do {
                                let draft = ContentDraft(
                                    id: id, ref: records[0].ref, kind: .sql, visibility: .user, name: author)
                                let item = try await store.put(
                                    draft, by: ContentAuthor(id: author, number: 1, username: author),
                                    at: Timestamp(milliseconds: 1))
                                return item.owner.id == author ? "made" : "stolen"
                            } catch {
                                return error as? ContentError == .taken(id) ? "taken" : "\(error)"
                            }
                        }
                    }
                    return await group.reduce(into: []) { $0.append($1) }
                }
                #expect(outcomes.sorted() == ["made", "taken"])
            }
        }
    }

    @Test("a page of large snippets ends early, and all pages together hold every one")
    func largePages() async throws {
        try await withProjects { pool, records async throws in
            let store = PostgresContentStore(pool: pool)
            let body = "\"" + String(repeating: "x", count: ContentLimits.bodyBytesMax - 2) + "\""
            for number in 10...29 {
                _ = try await store.put(
                    ContentDraft(
                        id: "20000000-0000-4000-8000-0000000000\(number)", ref: records[0].ref, kind: .sql,
                        visibility: .user, name: "\(number)", body: body),
                    by: ContentAuthor(id: "ann", number: 1, username: "ann"), at: Timestamp(milliseconds: 1))
            }
            var query = ContentQuery(viewer: "ann", refs: [records[0].ref], sort: .name, isDescending: false)
            var sizes: [Int] = []
            var names: [String] = []
            repeat {
                let page = try await store.items(query)
                sizes.append(page.items.count)
                names += page.items.map(\.name)
                query.cursor = page.cursor
            } while query.cursor != nil
            #expect(sizes == [8, 8, 4])
            #expect(names == (10...29).map(String.init))
        }
    }

    @Test("samples of usage are kept, rolled up and removed as every store does it")
    func usage() async throws {
        try await withProjects { pool, records in
            let store = PostgresUsageStore(pool: pool)
            try await UsageStoreContract.run(on: store, refs: [records[0].ref, records[2].ref])
            // A project that is not there, or not any more.
            try await store.add([UsageSample(ref: .sample(99), at: Timestamp(milliseconds: 0), memoryBytes: 1)])
            let found = try await store.samples(of: .sample(99), by: .minute, since: Timestamp(milliseconds: 0))
            #expect(found.isEmpty)
        }
    }
}
