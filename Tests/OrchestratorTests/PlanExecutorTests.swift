import Orchestrator
import OrchestratorTesting
import ProjectModel
import Reconciler
import Testing

@Suite("The plan executor")
struct PlanExecutorTests {
    /// A stack as a project of the simulated host would have it.
    private static func stack(_ host: SimulatedHost) throws -> DesiredStack {
        let subnet = try #require(IPv4Network("10.201.0.0/27"))
        let record = ProjectRecord(
            number: 1, ref: .sample(), name: try ProjectName("demo"), organizationSlug: "o", region: "r",
            cloudProvider: "c", status: .provisioning, services: host.renderer.services.map(\.name),
            leases: Leases(ports: ["DB_PORT": 54_320, "GATEWAY_PORT": 54_321], subnet: subnet),
            insertedAt: host.time.now(), updatedAt: host.time.now(), statusChangedAt: host.time.now())
        return try host.renderer.render(record, secrets: [:])
    }

    /// Looks and acts until nothing is left to do, as the loop does, with all that runs counted as ready.
    private static func converge(
        _ host: SimulatedHost, goal: ProjectStatus.Goal, stack: DesiredStack, looksMax: Int = 20
    ) async throws {
        for _ in 0..<looksMax {
            let observed = try await host.engine.observe(stack.ref)
            let ready = Set(observed.containers.filter { $0.state == .running }.compactMap(\.service))
            let missing = try await host.engine.missingImages(Set(stack.services.values.map(\.spec.image)))
            let plan = reconcile(
                ReconcileInput(goal: goal, desired: stack, observed: observed, ready: ready, missingImages: missing))
            if plan.isEmpty, plan.waiting.isEmpty { return }
            _ = await PlanExecutor(engine: host.engine).run(plan, of: stack.ref)
            try await host.time.sleep(for: .milliseconds(500))
        }
        Issue.record("the engine did not reach \(goal) within \(looksMax) looks")
    }

    @Test("each step is made after those it waits for, whatever the timing", arguments: UInt64(0)..<50)
    func order(seed: UInt64) async throws {
        try await SimulatedHost.run(seed: seed, template: SampleTemplates.twelve) { host in
            let stack = try Self.stack(host)
            let plan = reconcile(ReconcileInput(goal: .running, desired: stack, observed: ObservedStack()))
            let outcomes = await PlanExecutor(engine: host.engine).run(plan, of: stack.ref)
            #expect(outcomes.count == plan.steps.count)
            #expect(outcomes.allSatisfy { $0.error == nil })
            let made = host.engine.calls.map(\.operation)
            #expect(made.count == plan.steps.count)
            for step in plan.steps {
                let place = try #require(made.firstIndex(of: step.operation))
                for earlier in plan.steps where step.after.contains(earlier.number) {
                    #expect(try #require(made.firstIndex(of: earlier.operation)) < place, "\(step)")
                }
            }
            #expect(host.engine.violations == [])
        }
    }

    @Test("no more calls than the limit are under way at once, and as many as it allows are")
    func parallelism() async throws {
        try await SimulatedHost.run(seed: 3) { host in
            var plan = Plan()
            for number in 0..<40 { plan.add(.pullImage("image\(number)"), because: "test") }
            let counting = CountingEngine(engine: host.engine)
            let outcomes = await PlanExecutor(engine: counting).run(plan, of: .sample())
            #expect(outcomes.count == 40)
            #expect(await counting.gauge.highest == PlanExecutor.parallelCallsMax)
        }
    }

    @Test("a step that is refused leaves out what waits for it, and nothing else")
    func failure() async throws {
        try await SimulatedHost.run(seed: 4) { host in
            var plan = Plan()
            let bad = plan.add(.startContainer(name: "nobody", service: .db), because: "test")
            let after = plan.add(.pullImage("after"), because: "test", after: [bad])
            plan.add(.pullImage("long after"), because: "test", after: [after])
            plan.add(.pullImage("beside"), because: "test")
            let outcomes = await PlanExecutor(engine: host.engine).run(plan, of: .sample())
            #expect(outcomes.map(\.step.number).sorted() == [1, 4])
            #expect(outcomes.first { $0.step.number == 1 }?.error == .notFound(message: "No such container: nobody"))
            #expect(outcomes.first { $0.step.number == 4 }?.error == nil)
        }
    }

    @Test("an empty plan makes no call")
    func empty() async throws {
        try await SimulatedHost.run(seed: 5) { host in
            #expect(await PlanExecutor(engine: host.engine).run(Plan(), of: .sample()).isEmpty)
            #expect(host.engine.calls.isEmpty)
        }
    }

    /// Every way in which a call can go wrong.
    enum Mishap: String, CaseIterable, Sendable { case refused, answerLost, carriedOutLate }

    /// Makes each call of a whole start go wrong in turn, then goes to `goal`, and checks what the engine holds.
    private static func failEverywhere(
        _ mishap: Mishap, then goal: ProjectStatus.Goal,
        check: @Sendable (SimulatedHost, DesiredStack, Int) async throws -> Void
    ) async throws {
        var isOver = false
        for number in 1...100 where !isOver {
            isOver = try await SimulatedHost.run(seed: UInt64(number)) { host in
                host.engine.addForeignVolume(named: "foreign")
                let stack = try Self.stack(host)
                let fault: EngineFault =
                    switch mishap {
                    case .refused: .refuse(.refused(status: 500, message: "injected"))
                    case .answerLost: .loseAnswer
                    case .carriedOutLate: .carryOutLate(after: .milliseconds(300))
                    }
                host.engine.setFault(fault, atCall: number)
                try await Self.converge(host, goal: .running, stack: stack)
                let calls = host.engine.calls.count
                if goal == .absent {
                    try await Self.converge(host, goal: .absent, stack: stack)
                }
                try await check(host, stack, number)
                return calls < number
            }
            // Network, volume, four creations and four starts: each of them fails once.
            if isOver { #expect(number > 10) }
        }
        #expect(isOver)
    }

    @Test("whichever call goes wrong, reconciling again ends at the desired stack", arguments: Mishap.allCases)
    func failAndGoOn(mishap: Mishap) async throws {
        try await Self.failEverywhere(mishap, then: .running) { host, stack, number in
            let contents = host.engine.contents(of: stack.ref)
            #expect(contents.containers.count == stack.services.count, "call \(number)")
            #expect(contents.containers.allSatisfy { $0.state == .running }, "call \(number)")
            #expect(contents.volumes.count == 1 && contents.networks.count == 1, "call \(number)")
            #expect(host.engine.foreignNames == ["volume foreign"], "call \(number)")
        }
    }

    @Test("whichever call goes wrong, removing ends at nothing", arguments: Mishap.allCases)
    func failAndRemove(mishap: Mishap) async throws {
        try await Self.failEverywhere(mishap, then: .absent) { host, stack, number in
            #expect(host.engine.contents(of: stack.ref).isEmpty, "call \(number)")
            #expect(host.engine.foreignNames == ["volume foreign"], "call \(number)")
        }
    }

    @Test("a start cut off after any call is cleared away completely", arguments: UInt64(0)..<30)
    func cutOff(seed: UInt64) async throws {
        try await SimulatedHost.run(seed: seed, template: SampleTemplates.twelve) { host in
            let stack = try Self.stack(host)
            let plan = reconcile(ReconcileInput(goal: .running, desired: stack, observed: ObservedStack()))
            // From some call on everything is refused.
            for number in Int(seed) + 1...100 {
                host.engine.setFault(.refuse(.refused(status: 500, message: "injected")), atCall: number)
            }
            _ = await PlanExecutor(engine: host.engine).run(plan, of: stack.ref)
            for number in 1...100 { host.engine.setFault(nil, atCall: number) }
            try await Self.converge(host, goal: .absent, stack: stack, looksMax: 2)
            #expect(host.engine.contents(of: stack.ref).isEmpty)
            #expect(host.engine.foreignNames == [])
        }
    }
}
