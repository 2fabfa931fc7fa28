import OrchestratorTesting
import ProjectModel
import Reconciler
import Testing

@testable import Orchestrator

@Suite("Pulls of images, told")
struct ImagePullTests {
    private static let image = "test/auth:missing"

    @Test("a service that waits for its image says how far the pull is; the history tells its end")
    func told() async throws {
        var template = SampleTemplates.small
        template[1].image = Self.image
        try await SimulatedHost.run(seed: 17, template: template) { host in
            host.engine.removeImages([Self.image])
            host.engine.setPullable(false, image: Self.image)
            try await host.manage { manager in
                let ref = try await manager.create()
                let isPulled = try await host.wait {
                    await manager.loop.states.finding(of: ref)?.pulls.isEmpty == false
                }
                try #require(isPulled)
                var pull = ImagePull(image: Self.image)
                manager.loop.pulls.begin(Self.image)
                var report = try #require(
                    try await manager.catalog.health(of: ref).first { $0.service == .auth })
                #expect(report.imagePull == pull)
                #expect(report.state == .comingUp("pulling image \(Self.image): waiting for the registry"))
                pull = ImagePull(
                    image: Self.image, layers: 7, layersDone: 3, bytes: 1_250_000, bytesTotal: 310_040_000)
                manager.loop.pulls.note(pull)
                report = try #require(try await manager.catalog.health(of: ref).first { $0.service == .auth })
                #expect(report.state == .comingUp("pulling image \(Self.image): 3 of 7 layers, 1.2 of 310.0 MB"))
                #expect(try await manager.catalog.health(of: ref).first { $0.service == .db }?.imagePull == nil)
                manager.loop.pulls.end(Self.image)
                #expect(try await manager.catalog.health(of: ref).allSatisfy { $0.imagePull == nil })
                host.engine.setPullable(true, image: Self.image)
                try await host.wait(for: .active, of: ref)
                let told = try await host.store.events(of: ref, limit: 100).filter { $0.cause.contains("pulled") }
                #expect(told.map(\.cause) == ["image \(Self.image) was pulled (\(pull))"])
                #expect(try await manager.catalog.health(of: ref).allSatisfy { $0.imagePull == nil })
            }
        }
    }
}
