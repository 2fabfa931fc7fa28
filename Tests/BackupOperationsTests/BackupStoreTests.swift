import OrchestratorTesting
import ProjectModel
import Testing

@testable import BackupOperations

@Suite("Rows about backups in memory")
struct BackupStoreTests {
    @Test("the store in memory does what every store does")
    func contract() async throws {
        try await BackupStoreContract.run(on: InMemoryBackupStore(), refs: [.sample(1), .sample(2)])
    }
}
