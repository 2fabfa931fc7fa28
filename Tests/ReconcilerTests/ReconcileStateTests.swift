import OrchestratorTesting
import ProjectModel
import Testing

@testable import Reconciler

@Suite("What is remembered between two passes")
struct ReconcileStateTests {
    private func observation(_ status: ProjectStatus, since time: Timestamp = Stacks.longAgo) -> Observation {
        .project(
            ObservedProject(
                record: RecordedProject(status: status, statusChangedAt: time), desired: nil,
                observed: ObservedStack(), now: Stacks.longAgo))
    }

    @Test("a start that was asked for forgets what earlier ones came to; further passes during it forget nothing")
    func afresh() {
        for status in ProjectStatus.allCases {
            var state = ReconcileState.sample
            state.backoffs[.db] = RestartBackoff()
            state.replacements = 3
            state.callFailures[.db] = CallFailures(count: 1, message: "no")
            state.note(observation(status))
            let isStart = [.provisioning, .resuming, .restarting, .upgrading, .reverting].contains(status)
            #expect(state.backoffs.isEmpty == isStart && state.callFailures.isEmpty == isStart)
            #expect(state.replacements == (isStart ? 0 : 3))
            state.backoffs[.db] = RestartBackoff()
            state.note(observation(status))
            #expect(!state.backoffs.isEmpty)
            state.note(observation(status, since: Stacks.longAgo + .seconds(1)))
            #expect(state.backoffs.isEmpty == isStart, "another request, another start")
        }
    }

    @Test("refused networks count while nothing of the project is to be left", arguments: ProjectStatus.allCases)
    func networks(status: ProjectStatus) {
        var state = ReconcileState.sample
        for _ in 1...NetworkRefusals.countUntilGivenUp { state.networkRefusals.noteRefusal(of: "n") }
        state.note(observation(status))
        #expect(state.networkRefusals.isGivenUp("n") == (status.goal == .absent))
    }

    @Test("an end is confirmed by a pass that finds the same end, and by no other")
    func confirmations() {
        var state = ReconcileState.sample
        func note(_ event: ProjectLifecycle.Event?, as action: Decision.Action = .confirm(.now)) {
            var assessment = Assessment()
            assessment.event = event
            state.note(Decision(action, assessment))
        }
        #expect(state.confirmations(of: .allReady) == 0 && state.confirmations(of: nil) == 0)
        #expect(state.confirmations(of: .nothingLeft) == 1)
        note(.nothingLeft)
        #expect(state.confirmations(of: .nothingLeft) == 2 && state.confirmations(of: .allStopped) == 1)
        note(.nothingLeft)
        #expect(state.confirmations(of: .nothingLeft) == 3)
        note(nil)
        #expect(state.confirmations(of: .nothingLeft) == 1)
        note(.nothingLeft)
        note(.allStopped)
        #expect(state.confirmations(of: .nothingLeft) == 1)
        note(.nothingLeft, as: .standBy(.whenWoken))
        #expect(state.confirmations(of: .nothingLeft) == 1, "on standby nothing is concluded")
        state.note(Decision(.fail(reason: "the database does not answer", report: nil)))
        #expect(state.confirmations(of: .allStopped) == 2, "a pass that saw nothing contradicts nothing")
    }

    @Test("the time in a status counts from the change, and from when this manager has been watching")
    func statusSince() {
        var state = ReconcileState.sample
        let now = Stacks.longAgo + .seconds(60)
        #expect(state.statusSince(Stacks.longAgo + .seconds(5), now: now) == Stacks.longAgo + .seconds(5))
        #expect(state.statusSince(Stacks.longAgo + .seconds(-5), now: now) == Stacks.longAgo)
        #expect(state.statusSince(now + .seconds(5), now: now) == Stacks.longAgo, "the clock was set")
        state.waitedUntil = Stacks.longAgo + .seconds(30)
        #expect(state.statusSince(Stacks.longAgo + .seconds(5), now: now) == Stacks.longAgo + .seconds(30))
    }

    @Test("the wait after failed passes doubles from 200 ms to 15 s")
    func patience() {
        var state = ReconcileState.sample
        let waits = (0...9).map { troubles in
            state.troubles = troubles
            return state.patience
        }
        #expect(waits == [200, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 15_000, 15_000].map { .milliseconds($0) })
    }
}
