import OrchestratorTesting
import ProjectModel
import Reconciler
import Testing

@Suite("Plans of the way to stopped and to absent")
struct ReconcileStoppedTests {
    private func plan(_ goal: ProjectStatus.Goal, stack: DesiredStack?, observed: ObservedStack) -> String {
        reconcile(ReconcileInput(goal: goal, desired: stack, observed: observed)).description
    }

    @Test("dependents stop before what they depend on")
    func stopped() throws {
        let stack = try Stacks.four()
        #expect(
            plan(.stopped, stack: stack, observed: Stacks.observed(stack)) == """
                [] -> #1 gateway StopContainer, the project is paused
                [1] -> #2 rest StopContainer, the project is paused
                [1] -> #3 auth StopContainer, the project is paused
                [2, 3] -> #4 db StopContainer, the project is paused
                """)
    }

    @Test("only what is up is stopped, whatever its state and whether the template knows it or not")
    func whatIsUp() throws {
        let stack = try Stacks.four()
        var observed = Stacks.observed(stack, .exited)
        #expect(plan(.stopped, stack: stack, observed: observed) == "")
        observed.set(.db) { $0.state = .restarting }
        observed.set(.rest) { $0.state = .paused }
        observed.set(.auth) { $0.state = .dead }
        observed.set(.gateway) { ($0.service, $0.state) = (nil, .running) }
        #expect(
            plan(.stopped, stack: stack, observed: observed) == """
                [] -> #1 rest StopContainer, the project is paused
                [1] -> #2 db StopContainer, the project is paused
                [] -> #3 id-gateway StopContainer, the project is paused
                """)
    }

    @Test("without a template everything that is up is stopped all the same")
    func stoppedWithoutTemplate() throws {
        let stack = try Stacks.four()
        let plan = reconcile(ReconcileInput(goal: .stopped, desired: nil, observed: Stacks.observed(stack)))
        #expect(plan.steps.count == 4)
        #expect(plan.steps.allSatisfy { $0.after.isEmpty })
    }

    @Test("each service is given its own time to stop")
    func gracePeriod() throws {
        var service = Stacks.service(.db)
        service.spec.stopGracePeriod = .seconds(77)
        let stack = try Stacks.stack([service])
        let steps = reconcile(ReconcileInput(goal: .stopped, desired: stack, observed: Stacks.observed(stack))).steps
        #expect(steps.map(\.operation) == [.stopContainer(id: "id-db", service: .db, gracePeriod: .seconds(77))])
    }

    @Test("absent removes the containers first, then the network and the volumes")
    func absent() throws {
        let stack = try Stacks.four()
        #expect(
            plan(.absent, stack: nil, observed: Stacks.observed(stack)) == """
                [] -> #1 auth RemoveContainer, the project is to go
                [] -> #2 db RemoveContainer, the project is to go
                [] -> #3 gateway RemoveContainer, the project is to go
                [] -> #4 rest RemoveContainer, the project is to go
                [1, 2, 3, 4] -> #5 network p_default RemoveNetwork, the project is to go
                [1, 2, 3, 4] -> #6 volume db-data RemoveVolume, the project is to go
                """)
        #expect(plan(.absent, stack: stack, observed: ObservedStack()) == "")
    }
}
