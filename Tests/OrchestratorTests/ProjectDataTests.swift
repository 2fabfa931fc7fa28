import Orchestrator
import OrchestratorTesting
import ProjectModel
import Reconciler
import Testing

@Suite("A project and its data")
struct ProjectDataTests {
    /// Runs `body` with a project that was active and is paused.
    private static func paused(
        _ body: @Sendable (SimulatedHost, SimulatedManager, ProjectRef) async throws -> Void
    ) async throws {
        try await SimulatedHost.run(seed: 1) { host in
            try await host.manage { manager in
                let ref = try await manager.create()
                try await host.wait(for: .active, of: ref)
                _ = try await manager.catalog.request(.pauseRequested, of: ref)
                try await host.wait(for: .paused, of: ref)
                try await body(host, manager, ref)
            }
        }
    }

    private static func refusesToResume(
        _ host: SimulatedHost, manager: SimulatedManager, ref: ProjectRef, because text: String
    ) async throws {
        let before = host.engine.calls.count
        _ = try await manager.catalog.request(.resumeRequested, of: ref)
        let record = try await host.wait(for: .degraded, of: ref)
        #expect(record?.status == .degraded)
        #expect(record?.failure?.service == .db)
        #expect(record?.failure?.message.contains(text) == true, "\(record?.failure?.message ?? "no failure")")
        // However often it looks.
        try await host.time.sleep(for: .seconds(90))
        for call in host.engine.calls.dropFirst(before) {
            #expect(call.operation.service != .db, "\(call.operation)")
            if case .createVolume(let volume) = call.operation { Issue.record("\(volume.name) was recreated") }
        }
    }

    @Test("marks are stored with the volumes, and the major version of the database's")
    func remembered() async throws {
        try await Self.paused { host, manager, ref in
            let volumes = try await manager.catalog.dataVolumes(of: ref)
            #expect(Set(volumes.map(\.name)) == Set(host.engine.contents(of: ref).volumes.map(\.name)))
            for volume in volumes {
                let present = host.engine.contents(of: ref).volumes.first { $0.name == volume.name }
                #expect(volume.identity != nil && volume.identity == present?.identity)
            }
            #expect(volumes.contains { $0.postgresMajor == 1 })
        }
    }

    @Test("a volume that was removed while the project slept is reported as missing, and not recreated")
    func lost() async throws {
        try await Self.paused { host, manager, ref in
            host.engine.loseVolumes(of: .db, in: ref)
            try await Self.refusesToResume(host, manager: manager, ref: ref, because: "is missing")
            #expect(!host.engine.contents(of: ref).containers.contains { $0.service == .db })
        }
    }

    @Test("another volume of the same name is not started on", arguments: [true, false])
    func replaced(labelled: Bool) async throws {
        try await Self.paused { host, manager, ref in
            host.engine.replaceVolumes(of: .db, in: ref, labelled: labelled)
            try await Self.refusesToResume(
                host, manager: manager, ref: ref, because: labelled ? "another of the same name" : "is missing")
            #expect(host.engine.container(.db, of: ref)?.state == .exited)
        }
    }

    @Test("what was lost can be given up, expressly and volume by volume")
    func accepted() async throws {
        try await Self.paused { host, manager, ref in
            let names = try await manager.catalog.dataVolumes(of: ref).filter { $0.postgresMajor != nil }.map(\.name)
            host.engine.loseVolumes(of: .db, in: ref)
            try await Self.refusesToResume(host, manager: manager, ref: ref, because: "is missing")
            await #expect(throws: CatalogError.noVolume("unknown")) {
                _ = try await manager.catalog.acceptVolumeLoss("unknown", of: ref)
            }
            for name in names { _ = try await manager.catalog.acceptVolumeLoss(name, of: ref) }
            let record = try await host.wait(for: .active, of: ref)
            #expect(record?.status == .active && record?.failure == nil)
            // The new ones are guarded as the old ones were.
            let isGuarded = try await host.wait {
                try await Set(manager.catalog.dataVolumes(of: ref).map(\.name)).isSuperset(of: names)
            }
            #expect(isGuarded)
        }
    }

    @Test("an active project whose database loses its volume says so, and the others keep running")
    func whileActive() async throws {
        try await SimulatedHost.run(seed: 2) { host in
            try await host.manage { manager in
                let ref = try await manager.create()
                try await host.wait(for: .active, of: ref)
                let isRemembered = try await host.wait { try await !manager.catalog.dataVolumes(of: ref).isEmpty }
                #expect(isRemembered)
                host.engine.loseVolumes(of: .db, in: ref)
                let isReported = try await host.wait {
                    try await host.store.project(ref)?.failure?.message.contains("is missing") == true
                }
                #expect(isReported)
                try await host.time.sleep(for: .seconds(10))
                let contents = host.engine.contents(of: ref)
                #expect(!contents.containers.contains { $0.service == .db })
                #expect(contents.containers.contains { $0.state == .running })
                let status = try await host.store.project(ref)?.status
                #expect(status == .degraded)
            }
        }
    }

    @Test("a first start that failed takes its volumes with it, and the next one makes new ones")
    func rollback() async throws {
        try await SimulatedHost.run(seed: 3) { host in
            try await host.manage { manager in
                host.engine.behave(.auth, as: ServiceBehaviour(exit: .init(code: 1, after: .milliseconds(10))))
                let ref = try await manager.create()
                try await host.wait(for: .failed, of: ref, upTo: .seconds(2_000))
                #expect(host.engine.contents(of: ref).isEmpty)
                let left = try await host.custody.volumes(of: ref)
                #expect(left == [])
                host.engine.behave(.auth, as: ServiceBehaviour())
                _ = try await manager.catalog.request(.resumeRequested, of: ref)
                let record = try await host.wait(for: .active, of: ref)
                #expect(record?.status == .active)
            }
        }
    }
}
