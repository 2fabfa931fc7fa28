import Orchestrator
import OrchestratorTesting
import PostgresKit
import PostgresTestSupport
import ProjectModel
import Testing

@testable import PostgresStore

@Suite(
    "Logins at registries in a real PostgreSQL",
    .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .postgresCluster)
struct RegistryLoginStoreTests {
    private func withStore(_ body: (PostgresRegistryLoginStore) async throws -> Void) async throws {
        let pool = PostgresPool(try await TestCluster.running.emptyDatabase())
        do {
            _ = try await Migrations.apply(DatabaseSchema.migrations, to: pool)
            try await body(PostgresRegistryLoginStore(pool: pool))
        } catch {
            await pool.close()
            throw error
        }
        await pool.close()
    }

    @Test("the store does what every store of logins does")
    func contract() async throws {
        try await withStore { store async throws in try await RegistryLoginStoreContract.run(on: store) }
    }

    @Test("many at the same moment do not pass the limit together")
    func race() async throws {
        try await withStore { store async throws in
            let stored = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 1...20 {
                    let host = try #require(RegistryHost("r\(number).example"))
                    let login = RegistryLogin(
                        host: host, username: "me", sealedPassword: [1], updatedAt: Timestamp(milliseconds: 1_000))
                    group.addTask { try await store.save(login, limit: 5) }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(stored == 5)
            #expect(try await store.logins().count == 5)
        }
    }
}
