import Identity
import Orchestrator
import OrchestratorTesting
import PostgresKit
import PostgresTestSupport
import ProjectModel
import Synchronization
import Testing

@testable import PostgresStore

private final class Flag: Sendable {
    let isUp = Atomic(false)
}

@Suite(
    "People who do things at the same moment, in a real PostgreSQL",
    .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .postgresCluster)
struct IdentityConcurrencyTests {
    private static let password = Secret("correct horse")
    private static let slug = Organization.defaultSlug

    /// A directory whose default organization has two owners.
    private func withDirectory(
        reuseInterval: Duration = .seconds(10),
        _ body: (AccountDirectory, PostgresPool, _ owners: [Principal]) async throws -> Void
    ) async throws {
        let pool = PostgresPool(try await TestCluster.running.emptyDatabase())
        do {
            _ = try await Migrations.apply(DatabaseSchema.migrations, to: pool)
            let directory = AccountDirectory(
                store: PostgresIdentityStore(pool: pool), crypto: PlainIdentityCrypto(), time: VirtualTime(),
                policy: IdentityPolicy(issuer: "test", reuseInterval: reuseInterval))
            let first = try await directory.bootstrap(
                adminEmail: "first@example.com", adminPassword: Self.password,
                adminToken: Secret("sbp_" + String(repeating: "0", count: 40)))
            let second = try await directory.createAccount(email: "second@example.com", password: Self.password)
            try await directory.addMember(second.id, to: Self.slug, as: .owner)
            var owners: [Principal] = []
            for account in [first, second] { owners.append(try await principal(account, directory)) }
            try await body(directory, pool, owners)
        } catch {
            await pool.close()
            throw error
        }
        await pool.close()
    }

    private func principal(_ account: Account, _ directory: AccountDirectory) async throws -> Principal {
        let grant = try await directory.signIn(email: account.email, password: Self.password, from: "x")
        return try #require(try await directory.principal(for: grant.accessToken))
    }

    /// Does something several times at the same moment; gives what went well and what was refused.
    private func racing<Value: Sendable>(
        _ count: Int, _ body: @Sendable @escaping (Int) async throws(IdentityError) -> Value
    ) async -> (won: [Value], refused: [IdentityError]) {
        await withTaskGroup(of: Result<Value, IdentityError>.self) { group in
            for number in 0..<count {
                group.addTask {
                    do throws(IdentityError) { return .success(try await body(number)) } catch {
                        return .failure(error)
                    }
                }
            }
            var (won, refused): ([Value], [IdentityError]) = ([], [])
            for await result in group {
                switch result {
                case .success(let value): won.append(value)
                case .failure(let error): refused.append(error)
                }
            }
            return (won, refused)
        }
    }

    @Test("a refresh token that is presented several times at once: one wins, and the session ends")
    func refreshes() async throws {
        try await withDirectory(reuseInterval: .zero) { directory, _, _ async throws in
            for _ in 0..<5 {
                let grant = try await directory.signIn(
                    email: "first@example.com", password: Self.password, from: "x")
                let (won, refused) = await racing(6) { _ async throws(IdentityError) in
                    try await directory.refresh(grant.refreshToken)
                }
                #expect(won.count == 1)
                #expect(refused.count { $0 == .reusedRefreshToken } == 1)
                #expect(refused.count { $0 == .invalidCredentials } == 4)
                #expect(try await directory.principal(for: grant.accessToken) == nil)
            }
        }
    }

    @Test("a token that is made while a new password ends its session does not stay", arguments: 0..<3)
    func heldCredentials(round: Int) async throws {
        try await withDirectory { directory, pool, owners async throws in
            let units = PostgresUnitOfWork(pool: pool)
            let (thief, account) = (owners[0], owners[0].account.id)
            for number in 0..<8 {
                await withTaskGroup(of: Void.self) { group in
                    group.addTask {
                        try? await units.perform {
                            let maker = thief.credential
                            _ = try await directory.createAccessToken(
                                of: account, name: "held \(number)", expiresAt: nil, with: maker)
                            guard try await directory.holds(thief) else { throw IdentityError.invalidCredentials }
                        }
                    }
                    group.addTask {
                        _ = try? await directory.setPassword(of: account, to: Self.password)
                    }
                }
            }
            #expect(try await !directory.holds(thief))
            let names = try await directory.accessTokens(.personal, of: account).map(\.name)
            #expect(!names.contains { $0.hasPrefix("held") }, "\(names)")
        }
    }

    @Test("what is held stays until the unit ends: the end of the session waits for it")
    func waiting() async throws {
        try await withDirectory { directory, pool, owners async throws in
            let units = PostgresUnitOfWork(pool: pool)
            let owner = owners[0]
            guard case .session(let session) = owner.credential else { return }
            let done = Flag()
            let (held, isHeld) = AsyncStream<Void>.makeStream()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for await _ in held { break }
                    try await directory.signOut(session: session, of: owner.account.id, scope: .global)
                    done.isUp.store(true, ordering: .releasing)
                }
                try await units.perform {
                    #expect(try await directory.holds(owner))
                    isHeld.yield()
                    try await Task.sleep(for: .milliseconds(200))
                    let endedEarly = done.isUp.load(ordering: .acquiring)
                    #expect(!endedEarly)
                }
                try await group.waitForAll()
            }
            #expect(try await !directory.holds(owner))
        }
    }

    @Test("tabs that refresh at once are all served, and one token stays valid")
    func tabs() async throws {
        try await withDirectory { directory, pool, _ async throws in
            let grant = try await directory.signIn(email: "first@example.com", password: Self.password, from: "x")
            let (won, refused) = await racing(8) { _ async throws(IdentityError) in
                try await directory.refresh(grant.refreshToken)
            }
            #expect(won.count == 8 && refused.isEmpty)
            let row = try await pool.single(
                "select count(*) as n from refresh_tokens where session = $1 and used_at is null",
                [.text(grant.sessionID)])
            #expect(try row.int("n") == 1)
        }
    }

    @Test("two owners who demote or remove each other, or leave, at the same moment: one stays owner", arguments: 0..<3)
    func owners(way: Int) async throws {
        for _ in 0..<5 {
            try await withDirectory { directory, _, owners async throws in
                let (won, refused): ([Void], [IdentityError]) = await racing(2) { number async throws(IdentityError) in
                    let (actor, other) = (owners[number], owners[1 - number])
                    switch way {
                    case 0:
                        try await directory.setRole(
                            of: other.account.id, in: Self.slug, role: 2, projects: nil, by: actor)
                    case 1: try await directory.removeMember(other.account.id, from: Self.slug, by: actor)
                    default: try await directory.removeMember(actor.account.id, from: Self.slug, by: actor)
                    }
                }
                #expect(won.count == 1 && refused.count == 1)
                let left = try await directory.members(of: Self.slug)
                #expect(left.count { $0.roles.contains(Role(.owner)) } == 1)
            }
        }
    }

    @Test("an invitation that is accepted several times at once makes one membership")
    func invitation() async throws {
        try await withDirectory { directory, _, owners async throws in
            let guest = try await directory.createAccount(email: "guest@example.com", password: Self.password)
            let (_, token) = try await directory.invite(
                email: "guest@example.com", role: 3, projects: nil, to: Self.slug, by: owners[0])
            let (won, refused) = await racing(6) { _ async throws(IdentityError) in
                try await directory.acceptInvitation(token, by: guest.id)
            }
            #expect(won.count == 1 && refused.count == 5)
            #expect(try await directory.members(of: Self.slug).last?.roles == [Role(.developer)])
        }
    }

    @Test("limits hold for those who come at the same moment")
    func limits() async throws {
        let pool = PostgresPool(try await TestCluster.running.emptyDatabase())
        _ = try await Migrations.apply(DatabaseSchema.migrations, to: pool)
        let directory = AccountDirectory(
            store: PostgresIdentityStore(pool: pool), crypto: PlainIdentityCrypto(),
            policy: IdentityPolicy(issuer: "test", tokensPerAccountMax: 3, organizationsPerAccountMax: 3))
        let account = try await directory.createAccount(email: "a@b", password: nil)
        let tokens = await racing(10) { number async throws(IdentityError) in
            try await directory.createAccessToken(of: account.id, name: "\(number)", expiresAt: nil).0
        }
        let organizations = await racing(10) { number async throws(IdentityError) in
            try await directory.createOrganization(name: "\(number)", by: account.id)
        }
        let accounts = await racing(10) { _ async throws(IdentityError) in
            try await directory.createAccount(email: "same@example.com", password: nil)
        }
        #expect(tokens.won.count == 3 && organizations.won.count == 3 && accounts.won.count == 1)
        #expect(accounts.refused.allSatisfy { $0 == .emailTaken })
        await pool.close()
    }

    @Test("managers that start at the same moment make one first account")
    func bootstraps() async throws {
        let pool = PostgresPool(try await TestCluster.running.emptyDatabase())
        _ = try await Migrations.apply(DatabaseSchema.migrations, to: pool)
        let made = try await withThrowingTaskGroup(of: Account.self) { group in
            for number in 0..<6 {
                group.addTask {
                    let directory = AccountDirectory(
                        store: PostgresIdentityStore(pool: pool), crypto: PlainIdentityCrypto(seed: UInt64(number)),
                        policy: IdentityPolicy(issuer: "test"))
                    return try await directory.bootstrap(
                        adminEmail: "a@b", adminPassword: Self.password,
                        adminToken: Secret("sbp_" + String(repeating: "0", count: 40)))
                }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1.id) }
        }
        #expect(made.count == 1)
        #expect(try await pool.single("select count(*) as n from accounts").int("n") == 1)
        await pool.close()
    }

    @Test("the use of a token whose row is locked is not waited for, and a unit of work outlives its failure")
    func lockedToken() async throws {
        try await withDirectory { directory, pool, _ async throws in
            let token = Secret("sbp_" + String(repeating: "0", count: 40))
            try await pool.transaction { transaction in
                try await transaction.execute("select 1 from access_tokens for update")
                // Waiting for the row would end with the statement's deadline, and an error.
                let now = VirtualTime.beginning
                try await PostgresIdentityStore(pool: pool)
                    .noteUse(of: .accessToken(1), at: now, unlessSince: now + .seconds(-60))
            }
            try await pool.execute("alter table access_tokens add constraint never check (last_used_at is null)")
            let units = PostgresUnitOfWork(pool: pool)
            try await units.perform {
                #expect(try await directory.principal(for: token) != nil)
                _ = try await directory.createAccount(email: "later@example.com", password: nil)
            }
            let later = try await PostgresIdentityStore(pool: pool).credentials(ofEmail: "later@example.com")
            #expect(later != nil)
        }
    }
}
