import Synchronization
import Testing

@testable import FeatureKit

@Suite("Questions that many pages share")
struct SharedPollTests {
    @Test("many readers ask once in an interval, and all see a change")
    func poll() async throws {
        let state = Mutex("one")
        let poll = SharedPoll(every: .seconds(3_600)) { state.withLock { $0 } }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 1...50 { group.addTask { _ = try await poll.answer() } }
            try await group.waitForAll()
        }
        #expect(await poll.count == 1)
        #expect(try await poll.answer() == "one")
        let eager = SharedPoll(every: .zero) { state.withLock { $0 } }
        #expect(try await eager.answer() == "one")
        state.withLock { $0 = "two" }
        #expect(try await eager.answer() == "two")
    }
}
