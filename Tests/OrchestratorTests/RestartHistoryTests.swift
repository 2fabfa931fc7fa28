import OrchestratorTesting
import ProjectModel
import Reconciler
import Testing

@testable import Orchestrator

extension ProjectEvent {
    /// Whether it is the event of a restart, not of a transition.
    var isOfARestart: Bool {
        kind == .servicesRestarted
    }
}

@Suite("Restarts in a project's history")
struct RestartHistoryTests {
    private static func history(
        seed: UInt64, _ disturb: @Sendable (SimulatedHost, SimulatedManager, ProjectRef) async throws -> Void
    ) async throws -> (events: [ProjectEvent], log: [String]) {
        let lines = LogLines()
        return try await SimulatedHost.run(seed: seed, logger: lines.logger()) { host in
            try await host.manage { manager in
                let ref = try await manager.create()
                try await host.wait(for: .active, of: ref)
                try await host.time.sleep(for: .seconds(3))
                try await disturb(host, manager, ref)
                try await host.time.sleep(for: .seconds(1))
                try await host.wait(for: .active, of: ref)
                let events = try await host.store.events(of: ref, limit: 100).filter(\.isOfARestart)
                return (events.reversed(), lines.all.filter { $0.contains("a service was ") })
            }
        }
    }

    @Test("a first start is no restart")
    func first() async throws {
        let told = try await Self.history(seed: 1) { _, _, _ in }
        #expect(told.events.isEmpty && told.log.isEmpty)
    }

    @Test("a service that does not answer is restarted, and the history says since when and what it answered")
    func unresponsive() async throws {
        let told = try await Self.history(seed: 2) { host, _, ref in
            let before = host.engine.container(.auth, of: ref)?.startedAt
            host.engine.behave(.auth, as: ServiceBehaviour(answers: false))
            _ = try await host.wait { host.engine.container(.auth, of: ref)?.startedAt != before }
            host.engine.behave(.auth, as: ServiceBehaviour())
        }
        let cause = "it has not answered for 60.0 seconds: connection refused"
        #expect(told.events.map(\.cause) == ["auth was restarted: \(cause)"])
        #expect(told.events.first?.status == .degraded)
        let facts = try #require(told.events.first?.facts)
        #expect(facts.restart == .restarted && facts.services.map(\.service) == [.auth])
        #expect(facts.services.first?.container != nil && facts.services.first?.attempts == 1)
        #expect(facts.operation == nil && facts.actor == nil, "nobody asked for it")
        #expect(told.log.count == 1 && told.log.first?.hasPrefix("info a service was restarted") == true)
        for part in ["cause=\(cause)", "project=", "service=auth"] {
            #expect(told.log.first?.contains(part) == true, "\(part)")
        }
    }

    @Test("one that has ended, one that is gone, one that is frozen")
    func disturbed() async throws {
        let told = try await Self.history(seed: 3) { host, _, ref in
            host.engine.kill(.auth, of: ref)
            try await host.time.sleep(for: .seconds(5))
            host.engine.setState(nil, of: .rest, in: ref)
            try await host.time.sleep(for: .seconds(5))
            host.engine.setState(.paused, of: .gateway, in: ref)
            try await host.time.sleep(for: .seconds(5))
        }
        #expect(
            told.events.map(\.cause) == [
                "auth was started again: it has ended", "rest was replaced: not found",
                "gateway was restarted: it was frozen from outside",
            ])
        #expect(told.events.map(\.facts.restart) == [.startedAgain, .replaced, .restarted])
        #expect(told.events.map { $0.facts.services.map(\.service) } == [[.auth], [.rest], [.gateway]])
        #expect(told.events.first?.facts.services.first?.exitCode != nil)
        #expect(told.log.count == 3)
    }

    @Test("a requested restart is an event with the services of each step, each of them once")
    func requested() async throws {
        let told = try await Self.history(seed: 4) { host, manager, ref in
            _ = try await manager.catalog.request(.restartRequested, of: ref, by: "ann@example.com")
        }
        #expect(told.events.allSatisfy { $0.facts.operation != nil && $0.facts.actor == "ann@example.com" })
        #expect(told.events.allSatisfy { $0.cause.hasSuffix(": a restart was requested") && $0.status == .restarting })
        let services = told.events.flatMap { event in
            event.cause.split(separator: " was ")[0].split(separator: " were ")[0].split(separator: ", ")
        }
        #expect(services.map(String.init).sorted() == ["auth", "db", "gateway", "rest"])
        #expect(told.log.count == 4)
    }

    @Test("what the database does not take at first is written later")
    func storeAway() async throws {
        let told = try await Self.history(seed: 5) { host, _, ref in
            host.engine.kill(.auth, of: ref)
            // The record is read, the plan is under way: the history has to wait.
            _ = try await host.wait {
                host.engine.calls.last?.operation
                    == .startContainer(
                        name: "supabase-\(ref)-auth-1", service: .auth)
            }
            host.store.setDown(true)
            try await host.time.sleep(for: .seconds(10))
            host.store.setDown(false)
            try await host.time.sleep(for: .seconds(60))
        }
        #expect(told.events.map(\.cause) == ["auth was started again: it has ended"])
    }

    @Test("what was written is not written again when its pass fails later")
    func failedLater() async throws {
        let told = try await Self.history(seed: 6) { host, _, ref in
            host.engine.kill(.auth, of: ref)
            _ = try await host.wait {
                host.engine.calls.last?.operation
                    == .startContainer(
                        name: "supabase-\(ref)-auth-1", service: .auth)
            }
            host.store.setDown(true)
            try await host.time.sleep(for: .seconds(5))
            // The pass that writes what was left has a step that fails afterwards.
            host.folders.setFailure(.broken("no space left on device"))
            host.engine.kill(.rest, of: ref)
            host.store.setDown(false)
            try await host.time.sleep(for: .seconds(120))
            host.folders.setFailure(nil)
            try await host.time.sleep(for: .seconds(120))
        }
        let auth = told.events.filter { $0.facts.services.map(\.service) == [.auth] }
        #expect(auth.map(\.cause) == ["auth was started again: it has ended"])
    }

    @Test(
        "only what was done counts, the first run of a container is no restart, and the start of a pause's end is none")
    func table() {
        var plan = Plan()
        plan.add(.restartContainer(id: "1", service: .db, gracePeriod: .zero), because: "a")
        plan.add(.restartContainer(id: "2", service: .auth, gracePeriod: .zero), because: "a")
        plan.add(.startContainer(name: "rest", service: .rest), because: "it has ended")
        let container = ObservedContainer(
            id: "3", name: "rest", service: .rest, configHash: "", state: .exited, startedAt: Timestamp(milliseconds: 1)
        )
        let observed = ObservedStack(containers: [container])
        func told(_ status: ProjectStatus, _ observed: ObservedStack, refusing: Int? = nil) -> [String] {
            let outcomes = plan.steps.map { step in
                PlanExecutor.Outcome(step: step, error: step.number == refusing ? .unavailable("away") : nil)
            }
            let restarts = performedRestarts(outcomes, in: status, from: observed)
            return events(of: restarts, in: status, at: Timestamp(milliseconds: 5), during: nil)
                .map(\.cause)
        }
        let restarted = "db, auth were restarted: a"
        #expect(told(.active, observed) == [restarted, "rest was started again: it has ended"])
        #expect(
            told(.degraded, observed, refusing: 1) == ["auth was restarted: a", "rest was started again: it has ended"])
        #expect(told(.resuming, observed) == [restarted])
        #expect(told(.active, ObservedStack()) == [restarted], "it had never run")
    }
}
