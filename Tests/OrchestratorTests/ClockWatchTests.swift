import OrchestratorTesting
import ProjectModel
import Synchronization
import Testing

@testable import Orchestrator
@testable import Reconciler

/// Both clocks of a machine, moved by hand.
private final class Clocks: TimeSource {
    private let state = Mutex((wall: Duration.seconds(1_000), steady: Duration.zero))

    func now() -> Timestamp { Timestamp(milliseconds: 0) + state.withLock(\.wall) }
    func uptime() -> Duration { state.withLock(\.steady) }
    func sleep(for duration: Duration) async throws { pass(duration) }

    func pass(_ duration: Duration) {
        state.withLock { ($0.wall, $0.steady) = ($0.wall + duration, $0.steady + duration) }
    }
    func set(by difference: Duration) { state.withLock { $0.wall += difference } }
}

@Suite("Noticing that times cannot be compared")
struct ClockWatchTests {
    private let clocks = Clocks()

    @Test("regular checks find nothing, nor does a slewed clock")
    func regular() {
        var watch = ClockWatch(clocks)
        for _ in 1...100 {
            clocks.pass(ClockWatch.interval)
            clocks.set(by: .milliseconds(500))
            #expect(watch.check(clocks) == nil)
        }
    }

    @Test("a clock that is set is noticed once", arguments: [Duration.seconds(3), .seconds(-3), .seconds(1_000_000)])
    func set(difference: Duration) {
        var watch = ClockWatch(clocks)
        clocks.set(by: difference)
        #expect(watch.check(clocks) == .clockSet)
        #expect(watch.check(clocks) == nil)
    }

    @Test("a process that was not there for a while notices that at its first check")
    func absence() {
        var watch = ClockWatch(clocks)
        clocks.pass(ClockWatch.absenceMin - .milliseconds(1))
        #expect(watch.check(clocks) == nil)
        clocks.pass(ClockWatch.absenceMin)
        #expect(watch.check(clocks) == .absence)
        #expect(watch.check(clocks) == nil)
        clocks.pass(.seconds(60))
        clocks.set(by: .seconds(60))
        #expect(watch.check(clocks) == .clockSet, "both at once: no time is to be trusted")
    }

    @Test("an absence begins a new epoch: deadlines and waits count from its end")
    func epoch() async {
        let states = PassStates(clocks)
        var state = await states.take(.sample())
        #expect(state.decisions.epoch.since == clocks.now())
        state.decisions.backoffs[.db] = RestartBackoff()
        for _ in 1...3 { state.decisions.backoffs[.db]?.noteStart(at: clocks.now()) }
        #expect(state.decisions.confirmations(of: .nothingLeft) == 1)
        var gone = Assessment()
        gone.event = .nothingLeft
        state.decisions.note(Decision(.confirm(.now), gone))
        #expect(state.decisions.confirmations(of: .nothingLeft) == 2)
        await states.put(state, of: .sample())
        clocks.pass(.seconds(3_600))
        state = await states.take(.sample())
        #expect(state.decisions.epoch.since == clocks.now() && !state.decisions.epoch.isOfClock)
        let next = clocks.now() + .seconds(1)
        #expect(state.decisions.backoffs[.db]?.nextStart == next, "the whole wait is still ahead")
        #expect(state.decisions.confirmations(of: .nothingLeft) == 1, "a finding from before confirms nothing")
        clocks.set(by: .seconds(-600))
        clocks.pass(.seconds(60))
        _ = await states.take(.sample())
        clocks.pass(.seconds(60))
        #expect(await states.take(.sample()).decisions.epoch.isOfClock, "an absence does not mend a clock that was set")
    }
}
