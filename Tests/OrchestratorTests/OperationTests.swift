import OrchestratorTesting
import ProjectModel
import Reconciler
import Testing

@testable import Orchestrator

@Suite("Operations of a project")
struct OperationTests {
    @Test("each request has one, with its progress and its end; a repeated request has the same one")
    func wholeLife() async throws {
        try await SimulatedHost.run(seed: 1) { host in
            try await host.manage { manager in
                let ref = try await manager.create()
                let creation = try #require(try await manager.catalog.openOperation(of: ref))
                try await host.wait(for: .active, of: ref)
                let created = try await manager.catalog.operation(creation.id, of: ref)
                #expect(created.state == .succeeded && created.progress.attempts > 0)
                #expect(created.progress.lastCall != nil && created.progress.lastError == nil)
                _ = try await manager.catalog.request(.pauseRequested, of: ref, by: "a")
                let pause = try #require(try await manager.catalog.openOperation(of: ref))
                _ = try await manager.catalog.request(.pauseRequested, of: ref, by: "b")
                let again = try await manager.catalog.openOperation(of: ref)
                #expect(again?.id == pause.id && pause.requestedBy == "a")
                await #expect(throws: CatalogError.self) {
                    try await manager.catalog.request(.restartRequested, of: ref)
                }
                try await host.wait(for: .paused, of: ref)
                let states = try await manager.catalog.operations(of: ref, limit: 10).map(\.state)
                #expect(states == [.succeeded, .succeeded])
            }
        }
    }

    @Test("a creation that is taken back is rolled back and leaves nothing")
    func cancelledCreation() async throws {
        try await SimulatedHost.run(seed: 2) { host in
            try await host.manage { manager in
                let ref = try await manager.create()
                _ = try await host.wait { host.engine.calls.count >= 3 }
                let creation = try #require(try await manager.catalog.openOperation(of: ref))
                let cancelled = try await manager.catalog.cancel(creation.id, of: ref)
                #expect(cancelled.state == .cancelled)
                let record = try await host.wait(for: .failed, of: ref)
                #expect(record?.failure?.message == "cancelled on request")
                #expect(host.engine.contents(of: ref).isEmpty)
                await #expect(throws: CatalogError.self) { try await manager.catalog.cancel(creation.id, of: ref) }
            }
        }
    }

    @Test("taking back an operation that ends meanwhile leaves the one after it alone")
    func cancelledTooLate() async throws {
        try await SimulatedHost.run(seed: 7) { host in
            try await host.manage { manager in
                let ref = try await manager.create()
                try await host.wait(for: .active, of: ref)
                _ = try await manager.catalog.request(.pauseRequested, of: ref)
                let pause = try #require(try await manager.catalog.openOperation(of: ref))
                try await host.wait(for: .paused, of: ref)
                _ = try await manager.catalog.request(.resumeRequested, of: ref)
                let resume = try #require(try await manager.catalog.openOperation(of: ref))
                // The check of the request came before the end of the pause; that of the transition comes after it.
                await #expect(throws: CatalogError.self) {
                    try await manager.catalog.request(.cancelRequested, of: ref, cancelling: pause.id, by: "a")
                }
                var late = StatusTransition(from: .resuming, to: .pausing, cause: "cancelled", at: host.time.now())
                late.cancels = pause.id
                #expect(try await !host.store.transition(ref, late))
                #expect(try await manager.catalog.openOperation(of: ref)?.id == resume.id)
            }
        }
    }

    @Test("a pause that is taken back resumes, under an operation of its own; a restart cannot be taken back")
    func cancelledPause() async throws {
        try await SimulatedHost.run(seed: 3) { host in
            try await host.manage { manager in
                let ref = try await manager.create()
                try await host.wait(for: .active, of: ref)
                _ = try await manager.catalog.request(.pauseRequested, of: ref)
                let pause = try #require(try await manager.catalog.openOperation(of: ref))
                _ = try await manager.catalog.cancel(pause.id, of: ref)
                #expect(try await manager.catalog.openOperation(of: ref)?.kind == .resume)
                #expect(try await host.wait(for: .active, of: ref)?.status == .active)
                _ = try await manager.catalog.request(.restartRequested, of: ref)
                let restart = try #require(try await manager.catalog.openOperation(of: ref))
                await #expect(throws: CatalogError.self) { try await manager.catalog.cancel(restart.id, of: ref) }
                #expect(try await host.wait(for: .active, of: ref)?.status == .active)
            }
        }
    }

    @Test("a hung start names the service that blocks, with its log, and ends by its deadline with the reason")
    func explained() async throws {
        try await SimulatedHost.run(seed: 4) { host in
            try await host.manage { manager in
                host.engine.setFault(.refuse(.refused(status: 500, message: "injected")), atCall: 1)
                let ref = try await manager.create()
                let isNoted = try await host.wait {
                    try await manager.catalog.openOperation(of: ref)?.progress.lastError?.contains("injected") == true
                }
                #expect(isNoted)
                let creation = try #require(try await manager.catalog.openOperation(of: ref))
                #expect(creation.progress.nextRetryAt != nil)
                let explanation = try await manager.catalog.explain(creation.id, of: ref)
                #expect(explanation.operation.id == creation.id && !explanation.isOverdue)
                #expect(explanation.blocking?.service == explanation.operation.progress.service)
                #expect(try await host.wait(for: .active, of: ref)?.status == .active)
            }
        }
    }
}
