import Orchestrator
import PostgresKit
import Testing

@testable import PostgresStore

@Suite("What errors of the database mean")
struct StoreErrorTests {
    @Test("a call that was given up was not refused by the database", arguments: [PostgresError.cancelled, .closed])
    func givenUp(error: PostgresError) {
        guard case .unavailable = PostgresProjectStore.storeError(error) else {
            Issue.record("\(error) counts as refused")
            return
        }
    }
}
