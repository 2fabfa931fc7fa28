import OrchestratorTesting
import ProjectModel
import Reconciler
import Synchronization
import Testing

@testable import Orchestrator

@Suite("The limiter of starts")
struct StartLimiterTests {
    /// What has passed, in order, and how many calls were under way at once.
    private final class Log: Sendable {
        private let state = Mutex((passed: [Int](), underWay: 0, highest: 0))

        var passed: [Int] { state.withLock(\.passed) }
        var highest: Int { state.withLock(\.highest) }

        func enter(_ number: Int) {
            state.withLock { state in
                state.passed.append(number)
                state.underWay += 1
                state.highest = max(state.highest, state.underWay)
            }
        }
        func leave() { state.withLock { $0.underWay -= 1 } }
    }

    /// Calls that end when the stream does.
    private func hold(_ limiter: StartLimiter, log: Log, number: Int, urgency: Int, until end: AsyncStream<Void>)
        async
    {
        try? await limiter.pass(urgency: urgency) { () async throws(EngineError) in
            log.enter(number)
            for await _ in end {}
            log.leave()
        }
    }

    private func eventually(_ condition: () -> Bool) async -> Bool {
        for _ in 0..<10_000 where !condition() { await Task.yield() }
        return condition()
    }

    @Test("the most urgent goes first, of equals who came first, and never more at once than the limit")
    func order() async {
        let limiter = StartLimiter(SystemTime())
        let log = Log()
        let (held, release) = AsyncStream.makeStream(of: Void.self)
        let (ended, end) = AsyncStream.makeStream(of: Void.self)
        end.finish()
        await withDiscardingTaskGroup { group in
            for number in 0..<ConcurrencyLimit.initial {
                group.addTask { await hold(limiter, log: log, number: number, urgency: 0, until: held) }
            }
            #expect(await eventually { log.passed.count == ConcurrencyLimit.initial })
            for (number, urgency) in [(10, 0), (11, 3), (12, 0), (13, 8), (14, 3)] {
                group.addTask { await hold(limiter, log: log, number: number, urgency: urgency, until: ended) }
                #expect(await eventually { limiter.waiting == number - 9 })
            }
            #expect(log.passed.count == ConcurrencyLimit.initial)
            release.finish()
        }
        #expect(log.passed.dropFirst(ConcurrencyLimit.initial) == [13, 11, 14, 10, 12])
        #expect(log.highest <= ConcurrencyLimit.initial + 1)
    }

    @Test("who is cancelled while waiting calls nothing, and leaves no place behind")
    func cancellation() async {
        let limiter = StartLimiter(SystemTime())
        let log = Log()
        let (held, release) = AsyncStream.makeStream(of: Void.self)
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<ConcurrencyLimit.initial {
                group.addTask { await hold(limiter, log: log, number: number, urgency: 0, until: held) }
            }
            #expect(await eventually { log.passed.count == ConcurrencyLimit.initial })
            await withTaskGroup(of: Void.self) { inner in
                inner.addTask { await hold(limiter, log: log, number: 99, urgency: 5, until: held) }
                #expect(await eventually { limiter.waiting == 1 })
                inner.cancelAll()
            }
            #expect(limiter.waiting == 0)
            release.finish()
        }
        #expect(!log.passed.contains(99))
        let (ended, end) = AsyncStream.makeStream(of: Void.self)
        end.finish()
        await hold(limiter, log: log, number: 7, urgency: 0, until: ended)
        #expect(log.passed.last == 7)
    }

    @Test("calls that hang give up their places, so that others get through", .timeLimit(.minutes(1)))
    func hanging() async throws {
        try await SimulatedHost.run(seed: 1) { host in
            let limiter = StartLimiter(host.time)
            let log = Log()
            let (held, release) = AsyncStream.makeStream(of: Void.self)
            let (ended, end) = AsyncStream.makeStream(of: Void.self)
            end.finish()
            await withDiscardingTaskGroup { group in
                for number in 0..<ConcurrencyLimit.initial {
                    group.addTask { await hold(limiter, log: log, number: number, urgency: 1, until: held) }
                }
                #expect(await eventually { log.passed.count == ConcurrencyLimit.initial })
                let start = host.time.steady
                await hold(limiter, log: log, number: 99, urgency: 0, until: ended)
                #expect(log.passed.last == 99)
                #expect(host.time.steady.since(start) == StartLimiter.placeHeldMax)
                release.finish()
            }
        }
    }

    @Test("an error leaves the limiter as a success does")
    func failure() async throws {
        let limiter = StartLimiter(SystemTime())
        for _ in 0..<50 {
            await #expect(throws: EngineError.notActive) {
                try await limiter.pass(urgency: 0) { () async throws(EngineError) in throw .notActive }
            }
        }
        let log = Log()
        try await limiter.pass(urgency: 0) { log.enter(1) }
        #expect(log.passed == [1])
    }
}
