import Orchestrator
import OrchestratorTesting
import ProjectModel
import Synchronization
import Testing

@testable import Dashboard
@testable import Projects

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

    private final class CountingFeed: ProjectEventFeed {
        let asked = Mutex(0)
        let events = Mutex<[RecordedEvent]>([])

        func events(
            of ref: ProjectRef, after number: Int64, limit: Int
        ) async throws(StoreError) -> [RecordedEvent] {
            asked.withLock { $0 += 1 }
            return events.withLock { $0.filter { $0.number > number } }
        }
    }

    private final class SetClock: TimeSource {
        let seconds = Mutex(0.0)
        func now() -> Timestamp { Timestamp(milliseconds: Int64(seconds.withLock { $0 } * 1_000)) }
        func sleep(for duration: Duration) async throws {}
    }

    @Test("readers of one project's events that are up to date ask once; a reader that is behind gets what it lacks")
    func feed() async throws {
        let (feed, clock) = (CountingFeed(), SetClock())
        let shared = SharedEventFeed(feed, time: clock)
        let event = RecordedEvent(
            number: 7,
            event: StatusTransition(from: .starting, to: .active, cause: "up", at: Timestamp(milliseconds: 1)).event())
        feed.events.withLock { $0 = [event] }
        #expect(try await shared.events(of: .sample(1), after: 0, limit: 9).count == 1)
        for _ in 1...10 { #expect(try await shared.events(of: .sample(1), after: 7, limit: 9).isEmpty) }
        #expect(feed.asked.withLock { $0 } == 1)
        #expect(try await shared.events(of: .sample(1), after: 0, limit: 9).count == 1)
        #expect(try await shared.events(of: .sample(2), after: 7, limit: 9).isEmpty)
        #expect(feed.asked.withLock { $0 } == 3)
        clock.seconds.withLock { $0 = 1 }
        _ = try await shared.events(of: .sample(1), after: 7, limit: 9)
        #expect(feed.asked.withLock { $0 } == 4)
    }
}
