import NotificationModel
import Orchestrator
import OrchestratorTesting
import PostgresKit
import PostgresTestSupport
import ProjectModel
import Testing

@testable import PostgresStore

@Suite(
    "Channels and deliveries in a real PostgreSQL",
    .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .postgresCluster)
struct ChannelStoreTests {
    private func withPool(_ body: (PostgresPool) async throws -> Void) async throws {
        let pool = PostgresPool(try await TestCluster.running.emptyDatabase())
        do {
            _ = try await Migrations.apply(DatabaseSchema.migrations, to: pool)
            try await pool.insertOrganizations(["acme"])
            try await body(pool)
        } catch {
            await pool.close()
            throw error
        }
        await pool.close()
    }

    @Test("the store does what every store of channels does")
    func contract() async throws {
        try await withPool { pool in
            try await ChannelStoreContract(store: PostgresChannelStore(pool: pool), organization: "acme").run()
        }
    }

    @Test("the rules see projects that are not well, backups, sign-ins from new addresses, and a lease that was taken")
    func observation() async throws {
        try await withPool { pool in
            let store = PostgresChannelStore(pool: pool)
            let leases = PostgresManagerLeaseStore(pool: pool)
            let first = ManagerIdentity(id: "m1", address: "http://one", projectsFolder: "/p")
            let second = ManagerIdentity(id: "m2", address: "http://two", projectsFolder: "/p")
            _ = try await leases.acquire(by: first, for: .milliseconds(1))
            let start = Timestamp(milliseconds: 0)
            #expect(try await store.observe(since: start, backups: true).takeover == nil)
            try await pool.execute("update manager_lease set expires_at = now() - interval '1 second'")
            _ = try await leases.acquire(by: second, for: .seconds(60))
            try await fill(pool)

            let seen = try await store.observe(since: start, backups: true)
            #expect(seen.takeover == ObservedTakeover(term: 2, from: "http://one", to: "http://two"))
            #expect(seen.projects.map(\.subject.name) == ["ill"])
            #expect(seen.projects.first?.failure?.message == "db ended")
            #expect(seen.projects.first?.status == .degraded)
            let backups = try #require(seen.backups)
            #expect(backups.map(\.subject.name) == ["well", "ill"])
            #expect(backups[0].latestFailure == "no room" && backups[0].scheduledSince != nil)
            #expect(backups[0].newestTakenAt != nil && backups[0].unverifiedSince == nil)
            #expect(backups[1].latestFailure == nil && backups[1].unverifiedSince != nil)
            #expect(seen.signIns.map(\.address) == ["192.0.2.1", "192.0.2.1", "192.0.2.2"])
            #expect(seen.signIns.map(\.earlier) == [[], ["192.0.2.1"], ["192.0.2.1"]])
            #expect(seen.signIns.last?.organizations == ["acme"])

            let change = AlertEvaluator(installationSlug: "acme", watchedFrom: start)
                .change(on: seen, host: nil, now: Timestamp(milliseconds: 1_800_000_000_000))
            #expect(change.alerts.map(\.rule) == [.backupFailed, .newSignIn, .leaseTaken])
            try await store.record(change, at: Timestamp(milliseconds: 1_800_000_000_000))
            let again = try await store.observe(since: start, backups: false)
            #expect(again.takeover == nil && again.backups == nil)
            // Sign-ins that made no alert are not looked at again either; what comes then is.
            #expect(again.signIns.isEmpty)
            try await pool.execute(
                """
                insert into audit_entries
                    select scope, 4, now(), actor_id, actor_email, credential, action, route, status, '{}', '{}',
                        '192.0.2.9', 'r', '{}', '{}', '{}', '{}', 'x', 'x' from audit_entries where number = 3
                """)
            #expect(try await store.observe(since: start, backups: false).signIns.map(\.number) == [4])

            // How the term began is kept with its alert, a month later too.
            let month = Timestamp(milliseconds: 1_900_000_000_000)
            #expect(try await store.removeAlerts(before: month, limit: 100) == 2)
            #expect(try await store.observe(since: start, backups: false).takeover == nil)

            // The one backup that failed is removed: its alert is over.
            try await pool.execute("delete from backup_schedules")
            try await pool.execute("update backups set state = 'removed' where state <> 'pending'")
            let later = try await store.observe(since: start, backups: true)
            #expect(later.backups?.map(\.subject.name) == ["well", "ill"])
            let over = AlertEvaluator(installationSlug: "acme", watchedFrom: start)
                .change(on: later, host: nil, now: Timestamp(milliseconds: 1_800_000_001_000))
            #expect(over.alerts.filter { $0.rule == .backupFailed }.map(\.phase) == [.resolved])
            #expect(again.states.count == change.states.count)

            // A lease that was given back was not taken.
            guard case .held(let tenure) = try await leases.acquire(by: first, for: .seconds(9)) else {
                Issue.record("the lease is not held")
                return
            }
            try await leases.release(tenure.token)
            _ = try await leases.acquire(by: first, for: .seconds(9))
            #expect(try await store.observe(since: start, backups: false).takeover == nil)
        }
    }

    private func fill(_ pool: PostgresPool) async throws {
        for (letter, name, status) in [("a", "well", "ACTIVE"), ("b", "ill", "DEGRADED"), ("c", "off", "PAUSED")] {
            try await pool.execute(
                """
                insert into projects (ref, name, organization_slug, region, cloud_provider, status, failure_message,
                    stack, services, inserted_at, updated_at, status_changed_at)
                values ($1, $2, 'acme', 'local', 'x', $3, 'db ended', 'lite', '{}', now(), now(), now())
                """, [.text(String(repeating: letter, count: 20)), .text(name), .text(status)])
        }
        try await pool.transaction { session in
            try await session.executeScript(
                """
                insert into backup_schedules select ref, 0, now() from projects where name in ('well', 'off');
                insert into backups (ref, reason, state, archived, taken_at, inserted_at, failure)
                    select ref, 'request', s.state, 'x', now(), now(), s.failure from projects,
                        (values ('verified', null), ('failed', 'no room'), ('pending', null)) s(state, failure)
                    where name = 'well';
                insert into backups (ref, reason, state, archived, taken_at, inserted_at)
                    select ref, 'request', 'stored', 'x', now(), now() from projects where name = 'ill';
                insert into accounts (id, email, username, inserted_at, updated_at)
                    values ('0a0a0a0a-0000-4000-8000-000000000001', 'ada@example.com', 'ada', now(), now());
                insert into role_assignments (organization, account, base_role)
                    select number, '0a0a0a0a-0000-4000-8000-000000000001', 1 from organizations where slug = 'acme';
                insert into audit_heads values ('account:1', 3, 'x');
                insert into audit_entries
                    select 'account:1', n, now(), '0a0a0a0a-0000-4000-8000-000000000001', 'ada@example.com', 'none',
                        'session.create', 'POST /x', 200, '{}', '{}', a, 'r', '{}', '{}', '{}', '{}', 'x', 'x'
                    from (values (1, '192.0.2.1'), (2, '192.0.2.1'), (3, '192.0.2.2')) v(n, a);
                """)
        }
    }

    @Test("a manager whose term is over begins and ends nothing")
    func fenced() async throws {
        try await withPool { pool in
            let leases = PostgresManagerLeaseStore(pool: pool)
            let lease = ManagerLease()
            let store = PostgresChannelStore(pool: pool, under: lease)
            var change = AlertChange()
            change.alerts = [
                Alert(
                    key: "k", rule: .diskLow, phase: .problem,
                    subject: AlertSubject(organizationSlug: "acme", name: "h"), title: "t", text: "x",
                    at: Timestamp(milliseconds: 1))
            ]
            let time = Timestamp(milliseconds: 1)
            await #expect(throws: StoreError.fenced) { try await store.record(change, at: time) }
            await #expect(throws: StoreError.fenced) { _ = try await store.claim("x", at: time) }
            _ = leases
        }
    }
}
