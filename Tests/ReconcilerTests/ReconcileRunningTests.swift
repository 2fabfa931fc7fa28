import OrchestratorTesting
import ProjectModel
import Reconciler
import Testing

@Suite("Plans of the way to running")
struct ReconcileRunningTests {
    @Test("a fresh stack is created whole, and what depends on nothing is started")
    func fresh() throws {
        #expect(
            Stacks.plan(try Stacks.four(), ObservedStack()) == """
                [] -> #1 network default CreateNetwork, not found
                [] -> #2 volume db-data CreateVolume, not found
                [1, 2] -> #3 db CreateContainer, not found
                [3] -> #4 db StartContainer, just created
                [1] -> #5 auth CreateContainer, not found
                [1] -> #6 rest CreateContainer, not found
                [1] -> #7 gateway CreateContainer, not found
                auth waits, db is not ready
                rest waits, db is not ready
                gateway waits, auth is not ready
                """)
    }

    @Test("services start level by level as what they wait for becomes ready")
    func levels() throws {
        let stack = try Stacks.four()
        var observed = Stacks.observed(stack, .created)
        observed.set(.db) { $0.state = .running }
        #expect(
            Stacks.plan(stack, observed) == """
                auth waits, db is not ready
                rest waits, db is not ready
                gateway waits, auth is not ready
                """)
        #expect(
            Stacks.plan(stack, observed, ready: [.db]) == """
                [] -> #1 auth StartContainer, not started yet
                [] -> #2 rest StartContainer, not started yet
                gateway waits, auth is not ready
                """)
        observed.set(.auth) { $0.state = .running }
        #expect(
            Stacks.plan(stack, observed, ready: [.db, .auth]) == """
                [] -> #1 rest StartContainer, not started yet
                [1] -> #2 gateway StartContainer, not started yet
                """)
        observed.set(.rest) { $0.state = .running }
        #expect(
            Stacks.plan(stack, observed, ready: [.db, .auth]) == "[] -> #1 gateway StartContainer, not started yet")
        observed.set(.gateway) { $0.state = .running }
        #expect(Stacks.plan(stack, observed, ready: Set(stack.services.keys)) == "")
    }

    @Test("what waits for the mere start of another service is started in the same plan, after it")
    func startedInPlan() throws {
        let stack = try Stacks.stack([
            Stacks.service(.vector), Stacks.service(.db, after: [Dependency(on: .vector, .started)]),
        ])
        #expect(
            Stacks.plan(stack, ObservedStack()) == """
                [] -> #1 network default CreateNetwork, not found
                [1] -> #2 vector CreateContainer, not found
                [2] -> #3 vector StartContainer, just created
                [1] -> #4 db CreateContainer, not found
                [3, 4] -> #5 db StartContainer, just created
                """)
    }

    @Test("a changed configuration replaces the container, and what waits for its health waits again")
    func replaced() throws {
        let stack = try Stacks.four()
        var observed = Stacks.observed(stack)
        observed.set(.db) { $0.configHash = "old" }
        observed.set(.auth) { $0.state = .exited }
        #expect(
            Stacks.plan(stack, observed, ready: [.db, .auth, .rest, .gateway]) == """
                [] -> #1 db StopContainer, its configuration has changed
                [1] -> #2 db RemoveContainer, its configuration has changed
                [2] -> #3 db CreateContainer, its configuration has changed
                [3] -> #4 db StartContainer, just created
                auth waits, db is not ready
                """)
    }

    @Test("what runs is not touched before the image of its successor is there")
    func replacedAfterPull() throws {
        let stack = try Stacks.stack([Stacks.service(.db, image: "new:2")])
        var observed = Stacks.observed(stack)
        observed.set(.db) { $0.configHash = "old" }
        #expect(
            Stacks.plan(stack, observed) { $0.missingImages = ["new:2"] } == """
                [] -> #1 image new:2 PullImage, not on this engine
                [1] -> #2 db StopContainer, its configuration has changed
                [1, 2] -> #3 db RemoveContainer, its configuration has changed
                [1, 3] -> #4 db CreateContainer, its configuration has changed
                [4] -> #5 db StartContainer, just created
                """)
    }

    @Test(
        "a container that is not up is replaced without being stopped",
        arguments: [ObservedContainer.State.exited, .created, .dead])
    func replacedWhileDown(state: ObservedContainer.State) throws {
        let stack = try Stacks.stack([Stacks.service(.db)])
        var observed = Stacks.observed(stack, state)
        observed.set(.db) { $0.configHash = "old" }
        #expect(
            Stacks.plan(stack, observed) == """
                [] -> #1 db RemoveContainer, its configuration has changed
                [1] -> #2 db CreateContainer, its configuration has changed
                [2] -> #3 db StartContainer, just created
                """)
    }

    @Test("a dead container is replaced", arguments: [ObservedContainer.State.dead, .removing])
    func dead(state: ObservedContainer.State) throws {
        let stack = try Stacks.stack([Stacks.service(.db)])
        #expect(
            Stacks.plan(stack, Stacks.observed(stack, state)) == """
                [] -> #1 db RemoveContainer, its container is \(state.rawValue)
                [1] -> #2 db CreateContainer, its container is \(state.rawValue)
                [2] -> #3 db StartContainer, just created
                """)
    }

    @Test("a container that has ended is started again")
    func ended() throws {
        let stack = try Stacks.stack([Stacks.service(.db)])
        #expect(Stacks.plan(stack, Stacks.observed(stack, .exited)) == "[] -> #1 db StartContainer, it has ended")
    }

    @Test("an image that is missing is pulled once, before the first container made of it")
    func pullOnce() throws {
        let stack = try Stacks.stack([
            Stacks.service(.auth, image: "shared:1"), Stacks.service(.rest, image: "shared:1"), Stacks.service(.db),
        ])
        #expect(
            Stacks.plan(stack, ObservedStack()) { $0.missingImages = ["shared:1", "of-nobody:1"] } == """
                [] -> #1 network default CreateNetwork, not found
                [] -> #2 image shared:1 PullImage, not on this engine
                [1, 2] -> #3 auth CreateContainer, not found
                [3] -> #4 auth StartContainer, just created
                [1] -> #5 db CreateContainer, not found
                [5] -> #6 db StartContainer, just created
                [1, 2] -> #7 rest CreateContainer, not found
                [7] -> #8 rest StartContainer, just created
                """)
    }

    @Test("a restart of single services leaves the others alone, in whatever state they are")
    func partialRestart() throws {
        let stack = try Stacks.four()
        let observed = Stacks.observed(stack)
        func plan(_ services: Set<ServiceName>?) -> String {
            Stacks.plan(stack, observed, ready: Set(stack.services.keys)) {
                $0.restartBefore = Stacks.longAgo + .seconds(1)
                $0.restartServices = services
            }
        }
        #expect(plan([.rest]) == "[] -> #1 rest RestartContainer, a restart was requested")
        #expect(!plan([]).contains("RestartContainer"))
        #expect(plan(nil) == plan(Set(stack.services.keys)))
    }

    @Test("a requested restart goes through the services in the order of their dependencies")
    func restart() throws {
        let stack = try Stacks.four()
        var observed = Stacks.observed(stack)
        let requested = Stacks.longAgo + .seconds(1)
        func plan(_ ready: Set<ServiceName>) -> String {
            Stacks.plan(stack, observed, ready: ready) { $0.restartBefore = requested }
        }
        #expect(
            plan([]) == """
                [] -> #1 db RestartContainer, a restart was requested
                auth waits, a restart was requested, but db is not ready
                rest waits, a restart was requested, but db is not ready
                gateway waits, a restart was requested, but auth is not ready
                """)
        // Even if the last probe still says so, a service about to be restarted is not ready.
        #expect(plan(Set(stack.services.keys)) == plan([]))
        observed.set(.db) { $0.startedAt = requested }
        #expect(
            plan([.db]) == """
                [] -> #1 auth RestartContainer, a restart was requested
                [] -> #2 rest RestartContainer, a restart was requested
                gateway waits, a restart was requested, but auth is not ready
                """)
        for service in [ServiceName.auth, .rest, .gateway] { observed.set(service) { $0.startedAt = requested } }
        #expect(plan([]) == "")
    }

    @Test("a service that backs off is created, but neither started nor restarted")
    func backingOff() throws {
        let stack = try Stacks.stack([Stacks.service(.db)])
        #expect(
            Stacks.plan(stack, Stacks.observed(stack, .exited)) { $0.backingOff = [.db: "backing off"] }
                == "db waits, backing off")
        #expect(
            Stacks.plan(stack, ObservedStack()) { $0.backingOff = [.db: "backing off"] } == """
                [] -> #1 network default CreateNetwork, not found
                [1] -> #2 db CreateContainer, not found
                db waits, backing off
                """)
        #expect(
            Stacks.plan(stack, Stacks.observed(stack)) {
                $0.backingOff = [.db: "backing off"]
                $0.unresponsive = [.db: "it does not answer"]
            } == "db waits, backing off")
    }

    @Test("a service that is unresponsive is restarted, what depends on it is left alone")
    func unresponsive() throws {
        let stack = try Stacks.four()
        #expect(
            Stacks.plan(stack, Stacks.observed(stack), ready: [.auth, .rest, .gateway]) {
                $0.unresponsive = [.db: "it does not answer"]
            }
                == "[] -> #1 db RestartContainer, it does not answer")
    }

    @Test("a container that was frozen from outside is restarted, one that the engine restarts is left to it")
    func frozen() throws {
        let stack = try Stacks.stack([Stacks.service(.db)])
        #expect(
            Stacks.plan(stack, Stacks.observed(stack, .paused))
                == "[] -> #1 db RestartContainer, it was frozen from outside")
        #expect(Stacks.plan(stack, Stacks.observed(stack, .restarting)) == "")
    }

    @Test(
        "containers that the template does not name are removed: unknown ones, and all duplicates but the running one")
    func strangers() throws {
        let stack = try Stacks.stack([Stacks.service(.db)])
        var observed = Stacks.observed(stack)
        let template = observed.containers[0]
        for (id, service, state) in [
            ("a-duplicate", ServiceName.db, .exited), ("b-removed", ServiceName.studio, .running),
            ("c-unreadable", nil, .running),
        ] as [(String, ServiceName?, ObservedContainer.State)] {
            var other = template
            other.id = id
            other.service = service
            other.state = state
            observed.containers.append(other)
        }
        #expect(
            Stacks.plan(stack, observed, ready: [.db]) == """
                [] -> #1 db RemoveContainer, the template has no place for it
                [] -> #2 studio RemoveContainer, the template has no place for it
                [] -> #3 c-unreadable RemoveContainer, the template has no place for it
                """)
    }

    @Test("a container under another name is replaced, once the container with its name is gone")
    func renamed() throws {
        let stack = try Stacks.stack([Stacks.service(.db)])
        var observed = Stacks.observed(stack)
        var other = observed.containers[0]
        (other.id, other.state) = ("holder", .exited)
        observed.containers[0].name = "renamed"
        observed.containers.append(other)
        #expect(
            Stacks.plan(stack, observed, ready: [.db]) == """
                [] -> #1 db RemoveContainer, the template has no place for it
                [] -> #2 db StopContainer, its name is not the template's
                [2] -> #3 db RemoveContainer, its name is not the template's
                [1, 3] -> #4 db CreateContainer, its name is not the template's
                [4] -> #5 db StartContainer, just created
                """)
    }

    @Test("volumes that the template does not know are data: they stay")
    func unknownVolumes() throws {
        let stack = try Stacks.four()
        var observed = Stacks.observed(stack)
        observed.volumes.append(ObservedVolume(name: "old-data"))
        #expect(Stacks.plan(stack, observed, ready: Set(stack.services.keys)) == "")
    }

    @Test("a service that runs once is not started again after success, and its dependents continue")
    func runsOnce() throws {
        let stack = try Stacks.stack([
            Stacks.service(.meta, runsOnce: true), Stacks.service(.db, after: [Dependency(on: .meta, .completed)]),
            Stacks.service(.rest, after: [Dependency(on: .meta, .started)]),
        ])
        var observed = Stacks.observed(stack, .created)
        observed.set(.meta) { $0.state = .running }
        #expect(
            Stacks.plan(stack, observed) == """
                [] -> #1 rest StartContainer, not started yet
                db waits, meta has not completed
                """)
        observed.set(.meta) { ($0.state, $0.exitCode) = (.exited, 0) }
        #expect(
            Stacks.plan(stack, observed, ready: [.meta]) == """
                [] -> #1 db StartContainer, not started yet
                [] -> #2 rest StartContainer, not started yet
                """)
        observed.set(.meta) { $0.exitCode = 3 }
        #expect(
            Stacks.plan(stack, observed) == """
                [] -> #1 meta StartContainer, it has ended
                [1] -> #2 rest StartContainer, not started yet
                db waits, meta has not completed
                """)
    }

    @Test("without a template nothing is planned")
    func noTemplate() {
        let plan = reconcile(ReconcileInput(goal: .running, desired: nil, observed: ObservedStack()))
        #expect(plan.isEmpty)
        #expect(plan.description == "")
    }

    @Test("a step can only wait for earlier ones")
    func noCycles() {
        var plan = Plan()
        let first = plan.add(.pullImage("a"), because: "x", after: [1, 2, 7])
        plan.add(.pullImage("b"), because: "x", after: [3, first])
        #expect(plan.steps.map(\.after) == [[], [1]])
    }
}
