import OrchestratorTesting
import ProjectModel
import Reconciler
import Testing

@testable import Orchestrator

@Suite("Settings of the database on trial")
struct SettingsTrialTests {
    private static let variable = "POSTGRES_SHARED_BUFFERS"
    private static let ends = ServiceBehaviour(
        answers: false, exit: ServiceBehaviour.Exit(code: 1, after: .milliseconds(50)),
        log: "FATAL: could not map anonymous shared memory\n")

    /// Runs `body` on an active project whose database has 1 GB of shared buffers and ends at once with 2 GB.
    private func run(
        seed: UInt64 = 1, _ body: @Sendable (SimulatedHost, ProjectRef) async throws -> Void
    ) async throws {
        try await SimulatedHost.run(seed: seed, template: SampleTemplates.configurable) { host in
            let ref = try await host.manage { manager async throws in
                let ref = try await manager.create()
                try await host.wait(for: .active, of: ref)
                try await change(manager, ref, to: "1GB")
                try await host.wait(for: .active, of: ref)
                return ref
            }
            host.engine.behave(variable: Self.variable, of: "2GB", as: Self.ends)
            try await body(host, ref)
        }
    }

    private func change(_ manager: SimulatedManager, _ ref: ProjectRef, to value: String?) async throws {
        let changes: [String: Secret<String>?] = [Self.variable: value.map { Secret($0) }]
        try await manager.catalog.change(settings: changes, of: ref, triedBy: "a@b.c")
    }

    private func stored(_ manager: SimulatedManager, _ ref: ProjectRef) async throws -> String? {
        try await manager.catalog.settings(of: ref).values[Self.variable]?.reveal()
    }

    /// What the running database was made with.
    private func running(_ host: SimulatedHost, _ ref: ProjectRef) -> String? {
        host.engine.contents(of: ref).container(of: .db)?.configHash.split(separator: " ")
            .first { $0.hasPrefix(Self.variable) }.map { String($0.dropFirst(Self.variable.count + 1)) }
    }

    private func operations(_ manager: SimulatedManager, _ ref: ProjectRef) async throws -> [ProjectOperation] {
        try await manager.catalog.operations(of: ref, limit: 10)
    }

    @Test("settings with which the database comes up are an operation that succeeds, and nothing is taken back later")
    func succeeds() async throws {
        try await run { host, ref async throws in
            try await host.manage { manager async throws in
                try await change(manager, ref, to: "3GB")
                #expect(try await manager.catalog.project(ref).status == .restarting)
                try await host.wait(for: .active, of: ref)
                #expect(running(host, ref) == "3GB")
                let operation = try #require(try await operations(manager, ref).first)
                #expect(operation.kind == .settingsChange && operation.state == .succeeded)
                #expect(operation.requestedBy == "a@b.c")
                // A restart that fails is no trial.
                host.engine.behave(variable: Self.variable, of: "3GB", as: Self.ends)
                _ = try await manager.catalog.request(.restartRequested, of: ref)
                try await host.wait(for: .degraded, of: ref, upTo: .seconds(1_200))
                #expect(try await stored(manager, ref) == "3GB")
            }
        }
    }

    @Test(
        "settings with which the database does not come up are taken back, and the reason is reported", arguments: 1...5
    )
    func takenBack(seed: UInt64) async throws {
        try await run(seed: seed) { host, ref async throws in
            try await host.manage { manager async throws in
                try await change(manager, ref, to: "2GB")
                #expect(try await stored(manager, ref) == "2GB")
                try await host.time.sleep(for: .seconds(1))
                let record = try #require(try await host.wait(for: .active, of: ref, upTo: .seconds(1_200)))
                #expect(record.status == .active && record.failure == nil)
                #expect(try await stored(manager, ref) == "1GB")
                #expect(running(host, ref) == "1GB")
                let found = try await operations(manager, ref)
                #expect(found.prefix(2).map(\.kind) == [.restart, .settingsChange])
                #expect(found.prefix(2).map(\.state) == [.succeeded, .failed])
                let reason = try #require(found[1].result)
                #expect(reason.contains("taken back") && reason.contains("db: "))
                let events = try await manager.catalog.events(of: ref, limit: 20)
                #expect(events.contains { $0.status == .restarting && $0.cause == reason })
                #expect(!events.contains { $0.status == .degraded })
                // And it can be changed again.
                try await change(manager, ref, to: "3GB")
                try await host.wait(for: .active, of: ref)
                #expect(running(host, ref) == "3GB")
            }
        }
    }

    @Test("a value that was not set before is not set again")
    func unset() async throws {
        try await run { host, ref async throws in
            try await host.manage { manager async throws in
                try await change(manager, ref, to: nil)
                try await host.wait(for: .active, of: ref)
                try await change(manager, ref, to: "2GB")
                try await host.time.sleep(for: .seconds(1))
                try await host.wait(for: .active, of: ref, upTo: .seconds(1_200))
                #expect(try await stored(manager, ref) == nil)
                #expect(running(host, ref) == nil)
            }
        }
    }

    @Test("a manager that comes later takes them back as well")
    func managerRestart() async throws {
        try await run { host, ref async throws in
            try await host.manage { manager async throws in
                try await change(manager, ref, to: "2GB")
                try await host.time.sleep(for: .milliseconds(300))
            }
            #expect(try await host.store.project(ref)?.status == .restarting)
            try await host.time.sleep(for: .seconds(3_600))
            try await host.manage { manager async throws in
                try await host.wait(for: .active, of: ref, upTo: .seconds(1_200))
                #expect(try await stored(manager, ref) == "1GB")
                let states = try await operations(manager, ref).prefix(2).map(\.state)
                #expect(states == [.succeeded, .failed])
            }
        }
    }

    @Test("a database that does not answer with them has its boot time, and then they are taken back")
    func silent() async throws {
        try await run { host, ref async throws in
            host.engine.behave(variable: Self.variable, of: "2GB", as: ServiceBehaviour(answers: false))
            try await host.manage { manager async throws in
                let start = host.time.steady
                try await change(manager, ref, to: "2GB")
                try await host.time.sleep(for: .seconds(1))
                try await host.wait(for: .active, of: ref, upTo: .seconds(1_200))
                #expect(try await stored(manager, ref) == "1GB")
                #expect(host.time.steady.since(start) >= DesiredService.bootDeadlineDefault)
            }
        }
    }

    @Test("when the previous settings fail as well, the project is DEGRADED with them and keeps healing")
    func bothFail() async throws {
        try await run { host, ref async throws in
            try await host.manage { manager async throws in
                host.engine.behave(variable: Self.variable, of: "1GB", as: Self.ends)
                try await change(manager, ref, to: "2GB")
                try await host.wait(for: .degraded, of: ref, upTo: .seconds(2_400))
                #expect(try await stored(manager, ref) == "1GB")
                let states = try await operations(manager, ref).prefix(2).map(\.state)
                #expect(states == [.failed, .failed])
                host.engine.behave(variable: Self.variable, of: "1GB", as: ServiceBehaviour())
                let record = try await host.wait(for: .active, of: ref, upTo: .seconds(600))
                #expect(record?.status == .active)
            }
        }
    }

    @Test("while a project restarts its database's settings cannot be changed; a paused one keeps what it is given")
    func otherStatuses() async throws {
        try await run { host, ref async throws in
            try await host.manage { manager async throws in
                try await change(manager, ref, to: "3GB")
                await #expect(throws: CatalogError.conflict(.restarting, .restartRequested)) {
                    try await change(manager, ref, to: "1GB")
                }
                try await host.wait(for: .active, of: ref)
                _ = try await manager.catalog.request(.pauseRequested, of: ref)
                try await host.wait(for: .paused, of: ref)
                try await change(manager, ref, to: "1GB")
                #expect(try await manager.catalog.project(ref).status == .paused)
                #expect(try await stored(manager, ref) == "1GB")
            }
        }
    }

    @Test("more memory than the database's container has is refused before anything restarts")
    func memory() async throws {
        try await run { host, ref async throws in
            try await host.manage { manager async throws in
                let error = await #expect(throws: CatalogError.self) { try await change(manager, ref, to: "8GB") }
                guard case .badSetting(let text)? = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
                #expect(text.contains("8192 MB") && text.contains("6144 MB"))
                #expect(try await manager.catalog.project(ref).status == .active)
                #expect(try await stored(manager, ref) == "1GB")
            }
        }
    }
}
