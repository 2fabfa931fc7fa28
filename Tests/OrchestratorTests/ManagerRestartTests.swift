import ProjectModel
import Reconciler
import Testing

@testable import Orchestrator
@testable import OrchestratorTesting

/// Whatever happens to the manager, what runs well runs on.
@Suite("A manager that comes and goes")
struct ManagerRestartTests {
    /// What must not change.
    private struct Picture: Equatable {
        let containers: [String: Timestamp?]
        let events: [ProjectEvent]

        init(_ host: SimulatedHost, _ ref: ProjectRef) async throws {
            containers = Dictionary(
                uniqueKeysWithValues: host.engine.contents(of: ref).containers.map { ($0.id, $0.startedAt) })
            events = try await host.store.events(of: ref, limit: 100)
        }
    }

    private static let ages: [Duration] = [.seconds(1), .seconds(400)]

    private static func active(_ host: SimulatedHost) async throws -> ProjectRef {
        try await host.manage { manager in
            let ref = try await manager.create()
            try await host.wait(for: .active, of: ref)
            return ref
        }
    }

    @Test("ten managers, one after the other, and containers of any age: nothing is restarted", arguments: ages)
    func restarts(age: Duration) async throws {
        try await SimulatedHost.run(seed: 1, template: SampleTemplates.twelve) { host in
            let ref = try await Self.active(host)
            try await host.time.sleep(for: age)
            let before = try await Picture(host, ref)
            for life in 1...10 {
                try await host.manage { _ in try await host.time.sleep(for: .seconds(life * 7)) }
                #expect(try await Picture(host, ref) == before, "after manager \(life)")
            }
        }
    }

    @Test("a manager that begins while a service hangs watches it for its whole boot time before it restarts it")
    func hanging() async throws {
        try await SimulatedHost.run(seed: 2) { host in
            let ref = try await Self.active(host)
            try await host.time.sleep(for: .seconds(400))
            host.engine.behave(.auth, as: ServiceBehaviour(answers: false))
            let before = host.engine.container(.auth, of: ref)?.startedAt
            try await host.manage { _ in
                let isRestarted = { @Sendable in host.engine.container(.auth, of: ref)?.startedAt != before }
                let boot = DesiredService.bootDeadlineDefault
                let isEarly = try await host.wait(upTo: boot - .seconds(1), until: isRestarted)
                #expect(!isEarly)
                let isMade = try await host.wait(upTo: .seconds(10), until: isRestarted)
                #expect(isMade)
                #expect(try await host.store.project(ref)?.status == .degraded)
            }
        }
    }

    /// Runs a manager whose process can be stopped.
    private static func manage(
        _ host: SimulatedHost, process: StoppableProcess,
        body: @Sendable (SimulatedManager) async throws -> Void
    ) async throws {
        let time = StoppableTime(base: host.time, process: process)
        let prober = CampaignProber(
            base: FakeProber(engine: host.engine), fake: host.engine, time: host.time, weather: .clear, mistake: nil,
            probed: ProbedRuns(), process: process)
        let manager = try SimulatedManager(
            on: host, ManagerLife(), engine: StoppableEngine(engine: host.engine, process: process), store: host.store,
            prober: prober, requests: host.store, drawRef: ProjectCatalog.randomRef, time: time)
        try await host.manage(manager, body)
    }

    @Test("a process that is stopped again and again restarts nothing and calls nothing unhealthy", arguments: ages)
    func stopped(age: Duration) async throws {
        try await SimulatedHost.run(seed: 3, template: SampleTemplates.twelve) { host in
            let ref = try await Self.active(host)
            try await host.time.sleep(for: age)
            let process = StoppableProcess(time: host.time)
            try await Self.manage(host, process: process) { _ in
                let before = try await Picture(host, ref)
                for round in 1...12 {
                    // At any moment of the probes' rounds.
                    try await host.time.sleep(for: .milliseconds(round * 337))
                    process.setStopped(true)
                    try await host.time.sleep(for: .seconds(round * 17))
                    process.setStopped(false)
                    try await host.time.sleep(for: .seconds(3))
                    #expect(try await Picture(host, ref) == before, "after stop \(round)")
                }
            }
        }
    }

    @Test("time in which the process was stopped does not make a failing service unresponsive")
    func stoppedWhileFailing() async throws {
        try await SimulatedHost.run(seed: 4) { host in
            let ref = try await Self.active(host)
            let process = StoppableProcess(time: host.time)
            try await Self.manage(host, process: process) { _ in
                try await host.time.sleep(for: .seconds(5))
                host.engine.behave(.auth, as: ServiceBehaviour(answers: false))
                let before = host.engine.container(.auth, of: ref)?.startedAt
                #expect(try await host.wait(for: .degraded, of: ref)?.status == .degraded)
                for _ in 1...5 {
                    process.setStopped(true)
                    try await host.time.sleep(for: .seconds(120))
                    process.setStopped(false)
                    try await host.time.sleep(for: .seconds(8))
                    #expect(host.engine.container(.auth, of: ref)?.startedAt == before)
                }
                host.engine.behave(.auth, as: ServiceBehaviour())
                #expect(try await host.wait(for: .active, of: ref)?.status == .active)
                #expect(host.engine.container(.auth, of: ref)?.startedAt == before)
            }
        }
    }

    @Test("a service whose probe is a command is not blamed for an engine that does not answer")
    func engineAway() async throws {
        let template = SampleTemplates.small.map { service in
            var service = service
            service.probe = .exec(command: ["check"])
            return service
        }
        try await SimulatedHost.run(seed: 5, template: template) { host in
            let ref = try await Self.active(host)
            try await host.time.sleep(for: .seconds(400))
            let before = try await Picture(host, ref)
            for isNew in [false, true, false] {
                try await host.manage { _ in
                    if !isNew { try await host.time.sleep(for: .seconds(30)) }
                    host.engine.setDown(true)
                    try await host.time.sleep(for: .seconds(400))
                    host.engine.setDown(false)
                    try await host.time.sleep(for: .seconds(60))
                }
                #expect(try await Picture(host, ref) == before)
            }
        }
    }

    @Test("a restart that was asked for and done is not done again by a later manager, whatever the clock says")
    func requestIsForgotten() async throws {
        for jump in [Duration.seconds(-600), .seconds(600)] {
            try await SimulatedHost.run(seed: 6) { host in
                let ref = try await host.manage { manager in
                    let ref = try await manager.create()
                    try await host.wait(for: .active, of: ref)
                    _ = try await manager.catalog.request(.restartRequested, of: ref)
                    host.time.setClock(by: jump)
                    try await host.wait(for: .active, of: ref)
                    return ref
                }
                let before = try await Picture(host, ref)
                for _ in 1...3 {
                    try await host.manage { _ in try await host.time.sleep(for: .seconds(250)) }
                    #expect(try await Picture(host, ref) == before)
                }
            }
        }
    }

    @Test("a step that rests on probes is not made when its plan has become old meanwhile")
    func outdated() async throws {
        try await SimulatedHost.run(seed: 7) { host in
            var plan = Plan()
            for isOfProbes in [true, false] {
                plan.add(
                    .restartContainer(id: "nobody", service: .db, gracePeriod: .zero), because: "test",
                    restsOnProbes: isOfProbes)
            }
            let limiter = StartLimiter(host.time)
            let slow = SlowStart(engine: host.engine, time: host.time, delay: PlanExecutor.verdictAgeMax * 2)
            let fresh = await PlanExecutor(engine: host.engine, time: host.time).run(plan, of: .sample())
            #expect(fresh.allSatisfy { $0.error == .notFound(message: "No such container: nobody") })
            var chain = Plan()
            let pull = chain.add(.pullImage("slow"), because: "test")
            for isOfProbes in [true, false] {
                chain.add(
                    .restartContainer(id: "nobody", service: .db, gracePeriod: .zero), because: "test", after: [pull],
                    restsOnProbes: isOfProbes)
            }
            let late = await PlanExecutor(engine: slow, starts: limiter, time: host.time).run(chain, of: .sample())
            #expect(late.first { $0.step.restsOnProbes }?.error == .outdated)
            #expect(late.last { !$0.step.restsOnProbes }?.error == .notFound(message: "No such container: nobody"))
            #expect(EngineError.outdated.isTransient, "it counts as no refusal")
        }
    }
}

/// An engine with slow pulls.
private struct SlowStart: ForwardingEngine {
    let engine: any ContainerEngine
    let time: VirtualTime
    let delay: Duration

    func perform(_ operation: EngineOperation, for ref: ProjectRef) async throws(EngineError) {
        if case .pullImage = operation {
            try? await time.sleep(for: delay)
            return
        }
        try await engine.perform(operation, for: ref)
    }
}
