import Identity
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@Suite("Identities in memory")
struct StoreContractTests {
    @Test("the store does what every store does")
    func contract() async throws {
        let projects = InMemoryProjectStore()
        let custody = InMemoryCustodyStore(projects: projects)
        try await IdentityStoreContract.run(
            on: InMemoryIdentityStore(projects: projects, custody: custody), projects: projects, custody: custody)
    }
}
