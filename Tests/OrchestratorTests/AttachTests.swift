import Orchestrator
import OrchestratorTesting
import ProjectModel
import Reconciler
import Testing

@Suite("Kept volumes in a new project")
struct AttachTests {
    private static func order(_ name: String, _ source: ProjectRef, password: String? = nil) -> ProjectRequest {
        var request = ProjectRequest(
            name: name, organizationSlug: "default", databasePassword: password.map { Secret($0) })
        request.attachVolumesOf = source
        return request
    }

    /// Runs `body` with a deleted project of which everything is kept.
    private static func kept(
        seed: UInt64 = 1,
        _ body: @Sendable (SimulatedHost, SimulatedManager, ProjectRef, [String: Int]) async throws -> Void
    ) async throws {
        try await SimulatedHost.run(seed: seed) { host in
            try await host.manage { manager in
                let old = try await manager.create("old", password: "old-pass-word")
                try await host.wait(for: .active, of: old)
                let marks = host.engine.marks(of: old)
                _ = try await manager.catalog.delete(old, keepingVolumes: true)
                try await host.wait(for: .deleted, of: old)
                try await body(host, manager, old, marks)
            }
        }
    }

    @Test("the new project runs on the old volumes, with the secrets that open them", arguments: UInt64(0)..<5)
    func attached(seed: UInt64) async throws {
        try await Self.kept(seed: seed) { host, manager, old, marks in
            let ref = try await manager.catalog.create(Self.order("new", old)).ref
            #expect(try await host.wait(for: .active, of: ref)?.status == .active)
            let mounted = Set(host.engine.mountedVolumes(of: ref))
            #expect(mounted == Set(marks.keys) && !mounted.isEmpty)
            #expect(host.engine.marks(of: old) == marks, "they are the same volumes")
            #expect(host.engine.marks(of: ref) == [:], "and no others were made")
            let secrets = try await manager.catalog.secrets(of: ref)
            #expect(secrets["POSTGRES_PASSWORD"]?.reveal() == "old-pass-word")
            #expect(try await manager.catalog.keptVolumes(in: "default") == [])
            // The tombstone has many passes meanwhile.
            try await host.time.sleep(for: .seconds(100))
            #expect(host.engine.marks(of: old) == marks)
            #expect(try await host.store.project(ref)?.status == .active)
        }
    }

    @Test("a creation that fails gives the volumes back as they were; trying again takes them again")
    func rollback() async throws {
        try await Self.kept { host, manager, old, marks in
            host.engine.behave(.auth, as: ServiceBehaviour(exit: .init(code: 1, after: .milliseconds(10))))
            let ref = try await manager.catalog.create(Self.order("new", old)).ref
            try await host.wait(for: .failed, of: ref, upTo: .seconds(2_000))
            #expect(host.engine.marks(of: old) == marks)
            let kept = try await manager.catalog.keptVolumes(in: "default").map(\.volume.name)
            #expect(Set(kept) == Set(marks.keys))
            host.engine.behave(.auth, as: ServiceBehaviour())
            _ = try await manager.catalog.request(.resumeRequested, of: ref)
            #expect(try await host.wait(for: .active, of: ref)?.status == .active)
            #expect(Set(host.engine.mountedVolumes(of: ref)) == Set(marks.keys))
        }
    }

    @Test("a failed creation is not tried again without the volumes that it was made for")
    func goneMeanwhile() async throws {
        try await Self.kept { host, manager, old, _ in
            host.engine.behave(.auth, as: ServiceBehaviour(exit: .init(code: 1, after: .milliseconds(10))))
            let first = try await manager.catalog.create(Self.order("first", old)).ref
            try await host.wait(for: .failed, of: first, upTo: .seconds(2_000))
            host.engine.behave(.auth, as: ServiceBehaviour())
            let second = try await manager.catalog.create(Self.order("second", old)).ref
            try await host.wait(for: .active, of: second)
            await #expect(throws: CatalogError.self) {
                _ = try await manager.catalog.request(.resumeRequested, of: first)
            }
            #expect(try await host.store.project(first)?.status == .failed)
        }
    }

    @Test("deleting the new project destroys attached volumes, or keeps them once more")
    func deletion() async throws {
        try await Self.kept { host, manager, old, marks in
            let second = try await manager.catalog.create(Self.order("second", old)).ref
            try await host.wait(for: .active, of: second)
            _ = try await manager.catalog.delete(second, keepingVolumes: true)
            try await host.wait(for: .deleted, of: second)
            #expect(host.engine.marks(of: old) == marks)
            await #expect(throws: CatalogError.self) { _ = try await manager.catalog.create(Self.order("x", old)) }
            let third = try await manager.catalog.create(Self.order("third", second)).ref
            #expect(try await host.wait(for: .active, of: third)?.status == .active)
            #expect(Set(host.engine.mountedVolumes(of: third)) == Set(marks.keys))
            _ = try await manager.catalog.delete(third)
            try await host.wait(for: .deleted, of: third)
            #expect(host.engine.marks(of: old) == [:])
            let stored = try await manager.catalog.deletionReceipt(of: third)
            let receipt = try #require(stored)
            #expect(Set(receipt.items.filter { $0.key.kind == .volume }.map(\.name)) == Set(marks.keys))
            #expect(receipt.items.allSatisfy { $0.state == .destroyed })
            for ref in [old, second, third] {
                await #expect(throws: StoreError.notFound(ref)) { try await host.store.secrets(of: ref) }
            }
        }
    }

    @Test("what cannot be attached is refused, and nothing is created")
    func refusals() async throws {
        try await Self.kept { host, manager, old, marks in
            let living = try await manager.create("living")
            var elsewhere = Self.order("x", old)
            elsewhere.organizationSlug = "elsewhere"
            for request in [Self.order("x", living), Self.order("x", .sample(77)), elsewhere] {
                await #expect(throws: CatalogError.self) { _ = try await manager.catalog.create(request) }
            }
            await #expect(throws: CatalogError.self) {
                _ = try await manager.catalog.create(Self.order("x", old, password: "another-pass"))
            }
            let projects = try await manager.catalog.projects(ProjectQuery()).projects
            #expect(projects.map(\.ref) == [living])
            var bare = Self.order("bare", old)
            bare.services = ["gateway"]
            let refusal = await #expect(throws: CatalogError.self) { _ = try await manager.catalog.create(bare) }
            #expect(refusal?.description.contains("would not be used") == true)
            let kept = try await manager.catalog.keptVolumes(in: "default").map(\.volume.name)
            #expect(Set(kept) == Set(marks.keys), "they are still kept")
            let name = try #require(marks.keys.min())
            _ = try await manager.catalog.destroyKeptVolume(name, in: "default")
            await #expect(throws: CatalogError.self) { _ = try await manager.catalog.create(Self.order("x", old)) }
        }
    }
}
