import Orchestrator
import OrchestratorTesting
import ProjectModel
import Reconciler
import Testing

@Suite("A project's own configuration")
struct ConfigurationTests {
    /// Runs `body` on an active project of the configurable template.
    private func run(
        seed: UInt64 = 1,
        _ body: @Sendable (SimulatedHost, ProjectCatalog, ProjectRef) async throws -> Void
    ) async throws {
        try await SimulatedHost.run(seed: seed, template: SampleTemplates.configurable) { host in
            try await host.manage { manager in
                let ref = try await manager.create()
                try await host.wait(for: .active, of: ref)
                try await body(host, manager.catalog, ref)
            }
        }
    }

    /// Containers by service.
    private func containers(_ host: SimulatedHost, _ ref: ProjectRef) async throws -> [ServiceName: String] {
        let observed = try await host.engine.observe(ref)
        return Dictionary(observed.containers.compactMap { c in c.service.map { ($0, c.id) } }) { $1 }
    }

    private func environment(
        _ host: SimulatedHost, catalog: ProjectCatalog, ref: ProjectRef, service: ServiceName
    ) async throws -> [String: String] {
        let values = ProjectValues(
            secrets: try await catalog.secrets(of: ref), settings: try await catalog.settings(of: ref).values)
        let record = try await catalog.project(ref)
        let stack = try host.renderer.render(record, values: values)
        return stack.services[service]?.spec.environment.reveal() ?? [:]
    }

    /// Makes a change; gives the services that got another container, once the project is active with them, and the
    /// statuses it went through.
    private func replaced(
        _ host: SimulatedHost, catalog: ProjectCatalog, ref: ProjectRef,
        change: () async throws -> Void
    ) async throws -> (services: Set<ServiceName>, statuses: [ProjectStatus]) {
        let before = try await containers(host, ref)
        let events = try await host.store.events(of: ref, limit: 100).count
        try await change()
        try await host.time.sleep(for: .seconds(1))
        try await host.wait(for: .active, of: ref)
        try await host.time.sleep(for: .seconds(5))
        #expect(try await catalog.project(ref).status == .active)
        let after = try await containers(host, ref)
        #expect(Set(after.keys) == Set(before.keys))
        let all = try await host.store.events(of: ref, limit: 100)
        return (
            Set(after.filter { before[$0.key] != $0.value }.keys),
            all.dropLast(events).filter { !$0.isOfARestart }.reversed().map(\.status)
        )
    }

    @Test("the log of a service is shown without function secrets and secret settings, too")
    func logWithoutSecrets() async throws {
        let (secret, note) = ("t0psecret-of-a-function", "plain words")
        try await SimulatedHost.run(seed: 3, template: SampleTemplates.configurable) { host in
            host.engine.behave(.auth, as: ServiceBehaviour(log: "mail with \(secret)\n\(note)\n"))
            try await host.manage { manager in
                let ref = try await manager.create()
                try await host.wait(for: .active, of: ref)
                let catalog = manager.catalog
                #expect(try await catalog.tail(of: .auth, in: ref, lines: 10).contains(secret))
                try await catalog.setFunctionSecrets(["MAIL_KEY": Secret(secret)], of: ref)
                let tail = try await catalog.tail(of: .auth, in: ref, lines: 10)
                #expect(tail.contains("mail with <secret>") && tail.contains(note) && !tail.contains(secret))
            }
        }
    }

    @Test(
        "a setting replaces exactly the containers that use it, and the project is at worst degraded",
        arguments: UInt64(0)..<8)
    func replacement(seed: UInt64) async throws {
        try await run(seed: seed) { host, catalog, ref async throws in
            let (services, statuses) = try await replaced(host, catalog: catalog, ref: ref) {
                try await catalog.change(settings: ["SITE_URL": Secret("https://a.example")], of: ref)
            }
            #expect(services == [.auth])
            #expect(statuses == [.degraded, .active])
            #expect(
                try await environment(host, catalog: catalog, ref: ref, service: .auth)["SITE_URL"]
                    == "https://a.example")
            #expect(try await catalog.settings(of: ref)["SITE_URL"] == "https://a.example")
            #expect(try await catalog.project(ref).configurationRevision == 1)
            let back = try await replaced(host, catalog: catalog, ref: ref) {
                try await catalog.change(settings: ["SITE_URL": nil], of: ref)
            }
            #expect(back.services == [.auth])
            #expect(try await catalog.settings(of: ref)["SITE_URL"] == "http://localhost:3000")
            #expect(try await catalog.settings(of: ref).values.isEmpty)
        }
    }

    @Test("what does not change anything replaces nothing")
    func noChange() async throws {
        try await run { host, catalog, ref async throws in
            let (services, statuses) = try await replaced(host, catalog: catalog, ref: ref) {
                try await catalog.change(settings: ["SITE_URL": Secret("http://localhost:3000")], of: ref)
                try await catalog.change(settings: [:], of: ref)
                try await catalog.change(settings: ["GOTRUE_SESSIONS_TIMEBOX": nil], of: ref)
            }
            #expect(services.isEmpty && statuses.isEmpty)
        }
    }

    @Test(
        "a variable that is unknown and a value that cannot be are refused, and nothing changes"
    )
    func refusals() async throws {
        try await run { host, catalog, ref async throws in
            let long = String(repeating: "x", count: SettingLimits.valueBytesMax + 1)
            for (name, value, word) in [
                ("JWT_SECRET", "x", "JWT_SECRET"), ("PATH", "x", "PATH"), ("SITE_URL", "a\0b", "NUL"),
                ("SITE_URL", long, "longer"), ("SMTP_PASS", FakeRenderer.unusableValue + "hunter2", "SMTP_PASS"),
            ] {
                let error = await #expect(throws: CatalogError.self) { () async throws in
                    try await catalog.change(
                        settings: [name: Secret(value), "DISABLE_SIGNUP": Secret("true")], of: ref)
                }
                guard case .badSetting(let text)? = error else {
                    Issue.record("\(String(describing: error)) is not about a setting")
                    continue
                }
                #expect(text.contains(word) && !text.contains("hunter2"))
            }
            #expect(try await catalog.settings(of: ref).values.isEmpty)
            #expect(try await catalog.project(ref).configurationRevision == 0)
            #expect(try await catalog.project(ref).status == .active)
        }
    }

    @Test("nothing can be changed about a project on its way out, and nothing is known of a deleted one")
    func deleting() async throws {
        try await SimulatedHost.run(seed: 1, template: SampleTemplates.configurable) { host in
            let (ref, catalog) = try await host.manage { manager in
                let ref = try await manager.create()
                try await host.wait(for: .active, of: ref)
                return (ref, manager.catalog)
            }
            _ = try await catalog.request(.deleteRequested, of: ref)
            await #expect(throws: CatalogError.notChangeable(.deleting)) {
                try await catalog.change(settings: ["SITE_URL": Secret("x")], of: ref)
            }
            await #expect(throws: CatalogError.notChangeable(.deleting)) {
                try await catalog.setFunctionSecrets(["A": Secret("x")], of: ref)
            }
            await #expect(throws: CatalogError.notChangeable(.deleting)) {
                _ = try await catalog.createAPIKey(of: ref, kind: .secret, name: "jobs")
            }
            await #expect(throws: CatalogError.notChangeable(.deleting)) { try await catalog.rename(ref, to: "other") }
            await #expect(throws: CatalogError.notFound(.sample(9))) { try await catalog.settings(of: .sample(9)) }
        }
    }

    @Test("changes made at the same moment are all kept")
    func concurrency() async throws {
        try await run(seed: 3) { host, catalog, ref async throws in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<6 {
                    group.addTask {
                        try await catalog.setFunctionSecrets(["SECRET_\(number)": Secret("value \(number)")], of: ref)
                    }
                }
                group.addTask { try await catalog.change(settings: ["SITE_URL": Secret("https://a.example")], of: ref) }
                try await group.waitForAll()
            }
            #expect(try await catalog.functionSecrets(of: ref).count == 6)
            #expect(try await catalog.settings(of: ref)["SITE_URL"] == "https://a.example")
            #expect(try await catalog.project(ref).configurationRevision == 7)
        }
    }

    @Test("a change made while no manager runs is in force when one does")
    func absence() async throws {
        try await SimulatedHost.run(seed: 5, template: SampleTemplates.configurable) { host in
            let (ref, catalog) = try await host.manage { manager in
                let ref = try await manager.create()
                try await host.wait(for: .active, of: ref)
                return (ref, manager.catalog)
            }
            let before = try await containers(host, ref)
            try await catalog.change(settings: ["PGRST_DB_MAX_ROWS": Secret("5")], of: ref)
            try await host.manage { _ in
                _ = try await host.wait { try await containers(host, ref)[.rest] != before[.rest] }
                try await host.wait(for: .active, of: ref)
            }
            #expect(try await containers(host, ref)[.auth] == before[.auth])
        }
    }

    @Test("secrets of functions, settings and keys are taken out of a log that is kept")
    func redaction() async throws {
        try await run { host, catalog, ref async throws in
            try await catalog.setFunctionSecrets(
                ["TOKEN": Secret("fn-secret-1"), "PEM": Secret("first line of it\nsecond line of it")], of: ref)
            try await catalog.change(
                settings: ["SMTP_PASS": Secret("mail-pass"), "DISABLE_SIGNUP": Secret("true")], of: ref)
            let key = try await catalog.createAPIKey(of: ref, kind: .secret, name: "jobs")
            let password = try #require(try await catalog.secrets(of: ref)["POSTGRES_PASSWORD"])
            let log = "fn-secret-1, second line of it! mail-pass \(key.key.reveal()) \(password.reveal()) true"
            #expect(
                try await catalog.redacted(log, of: ref) == "<secret>, <secret>! <secret> <secret> <secret> true")
        }
    }
}
