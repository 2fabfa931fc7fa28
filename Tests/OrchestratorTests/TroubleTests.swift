import Orchestrator
import OrchestratorTesting
import ProjectModel
import Reconciler
import Testing

@Suite("A project in trouble")
struct TroubleTests {
    private static func refusal(_ text: String) -> EngineError { .refused(status: 500, message: text) }

    @Test(
        "a container that is killed turns the project DEGRADED, is started again, and the project ACTIVE",
        arguments: UInt64(0)..<10)
    func killed(seed: UInt64) async throws {
        try await SimulatedHost.run(seed: seed) { host in
            try await host.manage { manager in
                let ref = try await manager.create()
                try await host.wait(for: .active, of: ref)
                let before = host.time.now()
                host.engine.kill(.auth, of: ref)
                #expect(try await host.wait(for: .degraded, of: ref)?.status == .degraded)
                #expect(host.time.now().since(before) <= .seconds(1))
                let record = try await host.wait(for: .active, of: ref)
                #expect(record?.status == .active)
                #expect(host.time.now().since(before) <= .seconds(5))
                #expect(host.engine.container(.auth, of: ref)?.state == .running)
            }
        }
    }

    @Test("a container that is removed or frozen by hand is healed", arguments: [nil, ObservedContainer.State.paused])
    func tamperedWith(state: ObservedContainer.State?) async throws {
        try await SimulatedHost.run(seed: 8) { host in
            try await host.manage { manager in
                let ref = try await manager.create()
                try await host.wait(for: .active, of: ref)
                host.engine.setState(state, of: .db, in: ref)
                #expect(try await host.wait(for: .degraded, of: ref)?.status == .degraded)
                #expect(try await host.wait(for: .active, of: ref)?.status == .active)
                #expect(host.engine.container(.db, of: ref)?.state == .running)
            }
        }
    }

    @Test("a service that stops answering turns the project DEGRADED within seconds and is restarted in the end")
    func silent() async throws {
        try await SimulatedHost.run(seed: 9) { host in
            try await host.manage { manager in
                let ref = try await manager.create()
                try await host.wait(for: .active, of: ref)
                let start = host.engine.container(.rest, of: ref)?.startedAt
                host.engine.behave(.rest, as: ServiceBehaviour(answers: false))
                #expect(try await host.wait(for: .degraded, of: ref, upTo: .seconds(3))?.status == .degraded)
                #expect(
                    try await host.wait(upTo: .seconds(90)) {
                        host.engine.container(.rest, of: ref)?.startedAt != start
                    })
                host.engine.behave(.rest, as: ServiceBehaviour())
                #expect(try await host.wait(for: .active, of: ref)?.status == .active)
            }
        }
    }

    @Test("an optional service may fail for ever without harm to the project")
    func optionalService() async throws {
        try await SimulatedHost.run(seed: 10, template: SampleTemplates.twelve) { host in
            host.engine.behave(.vector, as: ServiceBehaviour(exit: .init(code: 1, after: .milliseconds(500))))
            try await host.manage { manager in
                let ref = try await manager.create()
                #expect(try await host.wait(for: .active, of: ref)?.status == .active)
                try await host.time.sleep(for: .seconds(120))
                let record = try await host.store.project(ref)
                #expect(record?.status == .active)
                // Backing off: not one start after the other.
                let starts = host.engine.calls.filter { $0.operation.service == .vector }
                #expect((5...14).contains(starts.count), "\(starts.count) calls")
            }
        }
    }

    /// Everything that keeps a service from ever starting, and what the project's failure must then say.
    struct Hopeless: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let message: String
        let arrange: @Sendable (SimulatedHost) -> Void

        static let all = [
            Hopeless(testDescription: "it ends at once", message: "exit code 3") {
                $0.engine.behave(.auth, as: ServiceBehaviour(exit: .init(code: 3, after: .milliseconds(50)), log: log))
            },
            Hopeless(testDescription: "it never answers", message: "not ready within") {
                $0.engine.behave(.auth, as: ServiceBehaviour(answers: false, log: log))
            },
            Hopeless(testDescription: "the engine refuses to start it", message: "no such runtime") {
                $0.engine.behave(.auth, as: ServiceBehaviour(refusal: refusal("no such runtime"), log: log))
            },
            Hopeless(testDescription: "its image cannot be pulled", message: "pull access denied") {
                $0.engine.setPullable(false, image: "test/auth:missing")
            },
        ]
        /// A log in which the service prints its own secrets.
        static let log = "connecting with hunter2!? and JWTSECRET\nfatal: given up\n"
    }

    @Test(
        "a service that never starts makes the project FAILED with the reason, and leaves nothing",
        arguments: Hopeless.all)
    func hopeless(trouble: Hopeless) async throws {
        var template = SampleTemplates.small
        if trouble.message.contains("pull") { template[1].image = "test/auth:missing" }
        try await SimulatedHost.run(seed: 11, template: template) { host in
            host.engine.removeImages(["test/auth:missing"])
            trouble.arrange(host)
            try await host.manage { manager in
                let ref = try await manager.create()
                let begun = host.time.now()
                let record = try await host.wait(for: .failed, of: ref, upTo: .seconds(1_200))
                #expect(record?.status == .failed)
                #expect(record?.failure?.service == .auth)
                #expect(
                    record?.failure?.message.contains(trouble.message) == true, "\(String(describing: record?.failure))"
                )
                #expect(host.time.now().since(begun) < Assessment.startDeadline)
                #expect(record?.leases == nil)
                #expect(host.engine.contents(of: ref).isEmpty)
                #expect(host.folders.prepared == [])
                // The secrets stay: what was handed out remains true when the project is tried again.
                #expect(try await manager.catalog.secrets(of: ref).count > 0)
            }
        }
    }

    @Test(
        "what a failing service logs is kept with the project, without its secrets",
        arguments: ["twelve-chars", "hunter2-long-phrase"])
    func redaction(password: String) async throws {
        try await SimulatedHost.run(seed: 12) { host in
            let key = "JWTSECRET"
            host.engine.behave(
                .auth,
                as: ServiceBehaviour(
                    exit: .init(code: 1, after: .zero), log: "password=\(password) \(key)?\nfatal: given up\n"))
            try await host.manage { manager in
                let ref = try await manager.create(password: password)
                let jwt = try #require(try await manager.catalog.secrets(of: ref)["JWT_SECRET"]).reveal()
                host.engine.behave(
                    .auth,
                    as: ServiceBehaviour(
                        refusal: Self.refusal("bad variable \(password)"),
                        log: "password=\(password) key=\(jwt)\nfatal: given up\n"))
                let record = try await host.wait(for: .failed, of: ref)
                #expect(record?.status == .failed)
                let failure = try #require(record?.failure)
                #expect(failure.logTail?.contains("password=<secret> key=<secret>\nfatal: given up") == true)
                let causes = try await host.store.events(of: ref, limit: 100).map(\.cause)
                for text in [failure.message, failure.logTail ?? ""] + causes {
                    #expect(!text.contains(password) && !text.contains(jwt), "\(text)")
                }
            }
        }
    }

    @Test("a project that failed can be started again once the cause is gone", arguments: Hopeless.all)
    func secondTry(trouble: Hopeless) async throws {
        var template = SampleTemplates.small
        if trouble.message.contains("pull") { template[1].image = "test/auth:missing" }
        try await SimulatedHost.run(seed: 13, template: template) { host in
            host.engine.removeImages(["test/auth:missing"])
            trouble.arrange(host)
            try await host.manage { manager in
                let ref = try await manager.create()
                #expect(try await host.wait(for: .failed, of: ref, upTo: .seconds(1_200))?.status == .failed)
                let keys = try await manager.catalog.secrets(of: ref)
                host.engine.behave(.auth, as: ServiceBehaviour())
                host.engine.setPullable(true, image: "test/auth:missing")
                let retried = try await manager.catalog.request(.resumeRequested, of: ref)
                #expect(retried.leases != nil)
                _ = try await host.wait {
                    try await host.store.project(ref).map { [.active, .failed].contains($0.status) } ?? false
                }
                let record = try await host.store.project(ref)
                #expect(record?.status == .active)
                #expect(record?.failure == nil)
                #expect(try await manager.catalog.secrets(of: ref) == keys)
                let history = try await host.store.events(of: ref, limit: 100).map(\.status)
                #expect(history.filter { $0 == .failed }.count == 1)
            }
        }
    }

    @Test("a restart after trouble starts from a clean slate and ends ACTIVE")
    func restartAfterTrouble() async throws {
        try await SimulatedHost.run(seed: 14) { host in
            try await host.manage { manager in
                let ref = try await manager.create()
                try await host.wait(for: .active, of: ref)
                host.engine.behave(.auth, as: ServiceBehaviour(exit: .init(code: 1, after: .zero)))
                host.engine.kill(.auth, of: ref)
                try await host.wait(for: .degraded, of: ref)
                try await host.time.sleep(for: .seconds(30))
                host.engine.behave(.auth, as: ServiceBehaviour())
                _ = try await manager.catalog.request(.restartRequested, of: ref)
                #expect(try await host.wait(for: .active, of: ref)?.status == .active)
                let history = try await host.store.events(of: ref, limit: 20).filter { !$0.isOfARestart }
                #expect(history.prefix(2).map(\.status) == [.active, .restarting])
            }
        }
    }

    @Test("while the engine is away, a project whose services do not answer is not ACTIVE, and one that answers stays")
    func engineAway() async throws {
        try await SimulatedHost.run(seed: 21) { host in
            try await host.manage { manager in
                let ref = try await manager.create()
                try await host.wait(for: .active, of: ref)
                host.engine.setDown(true)
                try await host.time.sleep(for: .seconds(20))
                #expect(try await host.store.project(ref)?.status == .active)
                host.engine.kill(.rest, of: ref)
                let record = try await host.wait(for: .degraded, of: ref, upTo: .seconds(10))
                #expect(record?.status == .degraded)
                let event = try await host.store.events(of: ref, limit: 1).first
                #expect(event?.cause.contains("does not answer") == true)
                host.engine.setDown(false)
                #expect(try await host.wait(for: .active, of: ref, upTo: .seconds(60))?.status == .active)
            }
        }
    }

    @Test("a deletion that the engine keeps refusing says why, and ends once the cause is gone")
    func refusedDeletion() async throws {
        try await SimulatedHost.run(seed: 22) { host in
            try await host.manage { manager in
                let ref = try await manager.create()
                try await host.wait(for: .active, of: ref)
                let next = host.engine.calls.count
                for call in next..<(next + 40) {
                    host.engine.setFault(.refuse(Self.refusal("device or resource busy")), atCall: call)
                }
                _ = try await manager.catalog.request(.deleteRequested, of: ref)
                #expect(
                    try await host.wait(upTo: .seconds(60)) {
                        try await host.store.project(ref)?.failure?.message.contains("device or resource busy") == true
                    })
                #expect(try await host.store.project(ref)?.status == .deleting)
                for call in next..<(next + 200) { host.engine.setFault(nil, atCall: call) }
                #expect(try await host.wait(for: .deleted, of: ref, upTo: .seconds(60))?.status == .deleted)
            }
        }
    }

    @Test("a template that cannot be rendered makes an active project DEGRADED with the reason, until it can be again")
    func unrenderable() async throws {
        try await SimulatedHost.run(seed: 23) { host in
            try await host.manage { manager in
                let ref = try await manager.create()
                try await host.wait(for: .active, of: ref)
            }
            let ref = try #require(try await host.store.refs().first)
            host.renderer.setFailure(.broken("service db is gone"))
            try await host.manage { _ in
                let record = try await host.wait(for: .degraded, of: ref, upTo: .seconds(60))
                #expect(record?.failure?.message.contains("service db is gone") == true)
                host.renderer.setFailure(nil)
                #expect(try await host.wait(for: .active, of: ref, upTo: .seconds(60))?.status == .active)
            }
        }
    }
}
