import Orchestrator
import OrchestratorTesting
import ProjectModel
import Reconciler
import Testing

@Suite("Template versions of projects")
struct TemplateVersionTests {
    /// The small template with another image for one service.
    static func small(_ service: ServiceName, _ image: String) -> [TemplateService] {
        SampleTemplates.small.map { known in
            var known = known
            if known.name == service { known.image = image }
            return known
        }
    }

    /// Calls to the engine that change something.
    private func changes(_ host: SimulatedHost) -> Int { host.engine.calls.count }

    @Test("a start with another template on disk makes no call that changes anything, then or later")
    func restartWithAnotherTemplate() async throws {
        try await SimulatedHost.run(seed: 1) { host in
            let ref = try await host.manage { manager in
                let ref = try await manager.create()
                try await host.wait(for: .active, of: ref)
                return ref
            }
            let (before, made) = (host.engine.contents(of: ref), changes(host))
            let old = try await host.store.project(ref)?.template
            let new = host.disk.install(Self.small(.db, "test/db:2"))
            host.engine.addImages(["test/db:2"])
            for _ in 1...2 {
                try await host.manage { manager in
                    try await host.time.sleep(for: .seconds(120))
                    #expect(host.engine.contents(of: ref).containers == before.containers)
                    #expect(changes(host) == made)
                    let record = try #require(try await host.store.project(ref))
                    #expect(record.status == .active && record.template == old && record.template != new)
                    #expect(manager.catalog.isUpgradeAvailable(for: record))
                }
            }
        }
    }

    @Test("a lost container of an older version comes back as it was")
    func healing() async throws {
        try await SimulatedHost.run(seed: 2) { host in
            let ref = try await host.manage { manager in
                let ref = try await manager.create()
                try await host.wait(for: .active, of: ref)
                return ref
            }
            let before = host.engine.container(.auth, of: ref)?.configHash
            host.disk.install(Self.small(.auth, "test/auth:2"))
            host.engine.setState(nil, of: .auth, in: ref)
            try await host.manage { _ in
                _ = try await host.wait { host.engine.container(.auth, of: ref) != nil }
                try await host.wait(for: .active, of: ref)
                #expect(host.engine.container(.auth, of: ref)?.configHash == before)
            }
        }
    }

    @Test("projects choose between the stacks that are installed; another one is refused by name")
    func choice() async throws {
        try await SimulatedHost.run(seed: 3) { host in
            let lite = try #require(StackName("lite"))
            host.disk.install([TemplateService(.db, volume: "db-data")], as: lite)
            try await host.manage { manager in
                var request = ProjectRequest(name: "small", organizationSlug: "default")
                request.stack = lite
                let record = try await manager.catalog.create(request)
                #expect(record.stack == lite && record.services == [.db])
                #expect(try await host.wait(for: .active, of: record.ref)?.status == .active)
                #expect(try await host.store.project(try await manager.create())?.stack == .supabase)
                request.stack = StackName("absent")
                await #expect(throws: CatalogError.noStack("absent", ["lite", "supabase"])) {
                    _ = try await manager.catalog.create(request)
                }
            }
        }
    }

    @Test("a version is kept while a project has it, and goes with the last one")
    func retention() async throws {
        try await SimulatedHost.run(seed: 4) { host in
            let ref = try await host.manage { manager in
                let ref = try await manager.create()
                try await host.wait(for: .active, of: ref)
                return ref
            }
            let old = try #require(host.disk.digest())
            host.disk.install(Self.small(.rest, "test/rest:2"))
            try await host.manage { manager in
                try await host.time.sleep(for: .seconds(60))
                #expect(try await host.store.content(of: old) != nil)
                _ = try await manager.catalog.request(.deleteRequested, of: ref)
                try await host.wait(for: .deleted, of: ref)
                #expect(try await host.wait { try await host.store.content(of: old) == nil })
            }
        }
    }

    /// A project as it was before template versions were stored.
    private func unpinned(_ host: SimulatedHost) async throws -> ProjectRef {
        let ref = try await host.manage { manager in
            let ref = try await manager.create()
            try await host.wait(for: .active, of: ref)
            return ref
        }
        try await host.store.unpin(ref)
        return ref
    }

    @Test("a project from before versions is pinned to what it was made from, without a call")
    func firstPin() async throws {
        try await SimulatedHost.run(seed: 5) { host in
            let ref = try await unpinned(host)
            let made = changes(host)
            try await host.manage { _ in
                #expect(try await host.wait { try await host.store.project(ref)?.template == host.disk.digest() })
                try await host.time.sleep(for: .seconds(60))
                #expect(changes(host) == made)
            }
        }
    }

    @Test("a project from before versions that was made from something else is left as it is, and is said to be so")
    func unknownVersion() async throws {
        try await SimulatedHost.run(seed: 6) { host in
            let ref = try await unpinned(host)
            let (before, made) = (host.engine.contents(of: ref).containers, changes(host))
            host.disk.install(Self.small(.db, "test/db:2"))
            try await host.manage { manager in
                try await host.time.sleep(for: .seconds(120))
                #expect(host.engine.contents(of: ref).containers == before)
                #expect(changes(host) == made)
                let record = try #require(try await host.store.project(ref))
                #expect(record.status == .active && record.template == nil)
                #expect(manager.catalog.isUpgradeAvailable(for: record))
            }
        }
    }

    @Test("of a project whose version is not known, what ends is started again and what is missing is not made up")
    func unknownVersionHeals() async throws {
        try await SimulatedHost.run(seed: 7) { host in
            let ref = try await unpinned(host)
            host.disk.install(Self.small(.db, "test/db:2"))
            let rest = host.engine.container(.rest, of: ref)?.configHash
            try await host.manage { _ in
                host.engine.kill(.rest, of: ref)
                #expect(try await host.wait { host.engine.container(.rest, of: ref)?.state == .running })
                #expect(host.engine.container(.rest, of: ref)?.configHash == rest)
                host.engine.setState(nil, of: .auth, in: ref)
                _ = try await host.wait(for: .degraded, of: ref)
                try await host.time.sleep(for: .seconds(60))
                #expect(host.engine.container(.auth, of: ref) == nil)
                let failure = try await host.store.project(ref)?.failure
                #expect(failure?.service == .auth)
                #expect(failure?.message.contains("projects upgrade") == true, "\(failure?.message ?? "none")")
            }
        }
    }
}
