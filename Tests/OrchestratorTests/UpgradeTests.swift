import Orchestrator
import OrchestratorTesting
import ProjectModel
import Reconciler
import Testing

@Suite("Upgrades of projects")
struct UpgradeTests {
    private static let next = SampleTemplates.small.map { service in
        var service = service
        if service.name == .db { service.image = "test/db:1.2" }
        if service.name == .rest { service.image = "test/rest:2" }
        return service
    }

    /// Runs `body` with a project of the first version that is ACTIVE, and the second on disk.
    private func upgradable(
        seed: UInt64 = 1, _ target: [TemplateService] = UpgradeTests.next,
        _ body: @Sendable (SimulatedHost, ProjectRef, TemplateDigest) async throws -> Void
    ) async throws {
        try await SimulatedHost.run(seed: seed) { host in
            let ref = try await host.manage { manager in
                let ref = try await manager.create()
                try await host.wait(for: .active, of: ref)
                return ref
            }
            host.engine.addImages(Set(target.map(\.image)).subtracting(["test/rest:absent"]))
            host.engine.setPullable(false, image: "test/rest:absent")
            let digest = host.disk.install(target)
            try await body(host, ref, digest)
        }
    }

    private func version(_ rest: String) -> [TemplateService] {
        Self.next.map { service in
            var service = service
            if service.name == .rest { service.image = rest }
            return service
        }
    }

    private func images(_ host: SimulatedHost, _ ref: ProjectRef) -> [ServiceName: String] {
        var images: [ServiceName: String] = [:]
        for container in host.engine.contents(of: ref).containers {
            images[container.service ?? .db] = container.configHash.split(separator: " ").first.map(String.init)
        }
        return images
    }

    @Test("services are replaced in order, each when the one before answers; the others are not touched")
    func succeeds() async throws {
        try await upgradable { host, ref, digest async throws in
            try await host.manage { manager in
                let before = host.engine.contents(of: ref)
                let marks = host.engine.marks(of: ref)
                let made = host.engine.calls.count
                let proposal = try await manager.catalog.upgradeProposal(for: ref)
                #expect(proposal.plan.replaced.map(\.service) == [.db, .rest])
                #expect(host.engine.calls.count == made)
                let record = try await manager.catalog.upgrade(ref, to: digest, by: "a")
                #expect(record.status == .upgrading && record.upgrade?.template == digest)
                #expect(record.template != digest)
                let done = try #require(try await host.wait(for: .active, of: ref))
                #expect(done.template == digest && done.upgrade == nil && done.failure == nil)
                let after = host.engine.contents(of: ref)
                for service in [ServiceName.auth, .gateway] {
                    #expect(after.container(of: service) == before.container(of: service))
                }
                #expect(images(host, ref)[.db] == "test/db:1.2" && images(host, ref)[.rest] == "test/rest:2")
                #expect(host.engine.marks(of: ref) == marks)
                let operation = try #require(try await manager.catalog.operations(of: ref, limit: 1).first)
                #expect(operation.kind == .upgrade && operation.state == .succeeded && operation.requestedBy == "a")
                #expect(!manager.catalog.isUpgradeAvailable(for: done))
                await #expect(throws: CatalogError.self) { _ = try await manager.catalog.upgrade(ref) }
            }
        }
    }

    @Test("the second service is not touched before the first answers")
    func gate() async throws {
        try await upgradable(seed: 2) { host, ref, _ async throws in
            try await host.manage { manager in
                host.engine.behave(image: "test/db:1.2", as: ServiceBehaviour(bootTime: .seconds(60)))
                let rest = host.engine.container(.rest, of: ref)
                _ = try await manager.catalog.upgrade(ref)
                _ = try await host.wait { images(host, ref)[.db] == "test/db:1.2" }
                try await host.time.sleep(for: .seconds(50))
                #expect(host.engine.container(.rest, of: ref) == rest)
                #expect(try await host.wait(for: .active, of: ref)?.upgrade == nil)
                #expect(images(host, ref)[.rest] == "test/rest:2")
            }
        }
    }

    @Test("a service that does not come up brings the version before back, and says so")
    func failsAndReverts() async throws {
        let target = version("test/rest:silent")
        try await upgradable(seed: 3, target) { host, ref, digest async throws in
            try await host.manage { manager in
                host.engine.behave(image: "test/rest:silent", as: ServiceBehaviour(answers: false, log: "no config"))
                let old = try await host.store.project(ref)?.template
                let (before, marks) = (images(host, ref), host.engine.marks(of: ref))
                _ = try await manager.catalog.upgrade(ref)
                #expect(try await host.wait(for: .reverting, of: ref, upTo: .seconds(400))?.failure?.service == .rest)
                let record = try #require(try await host.wait(for: .active, of: ref))
                #expect(record.template == old && record.template != digest && record.upgrade == nil)
                #expect(images(host, ref) == before && host.engine.marks(of: ref) == marks)
                let operation = try #require(try await manager.catalog.operations(of: ref, limit: 1).first)
                #expect(operation.state == .failed)
                let result = operation.result ?? ""
                #expect(result.contains("rest") && result.contains("back at template version"), "\(result)")
                #expect(manager.catalog.isUpgradeAvailable(for: record))
            }
        }
    }

    @Test("an image that cannot be pulled ends the upgrade before anything was touched")
    func pullFails() async throws {
        try await upgradable(seed: 4, version("test/rest:absent")) { host, ref, _ async throws in
            try await host.manage { manager in
                let before = host.engine.contents(of: ref).containers
                _ = try await manager.catalog.upgrade(ref)
                #expect(try await host.wait(for: .active, of: ref, upTo: .seconds(600))?.upgrade == nil)
                #expect(host.engine.contents(of: ref).containers == before)
                let operation = try #require(try await manager.catalog.operations(of: ref, limit: 1).first)
                #expect(operation.state == .failed && operation.result?.contains("test/rest:absent") == true)
            }
        }
    }

    @Test("while it is upgraded a project can be deleted, but not paused, restarted or upgraded again")
    func otherRequests() async throws {
        try await upgradable(seed: 5) { host, ref, _ async throws in
            try await host.manage { manager in
                host.engine.behave(image: "test/db:1.2", as: ServiceBehaviour(bootTime: .seconds(60)))
                _ = try await manager.catalog.upgrade(ref)
                for event in [ProjectLifecycle.Event.pauseRequested, .restartRequested, .resumeRequested] {
                    await #expect(throws: CatalogError.self) { _ = try await manager.catalog.request(event, of: ref) }
                }
                await #expect(throws: CatalogError.self) { _ = try await manager.catalog.upgrade(ref) }
                _ = try await manager.catalog.request(.deleteRequested, of: ref)
                let record = try await host.wait(for: .deleted, of: ref)
                #expect(record?.upgrade == nil && record?.template == nil)
                #expect(host.engine.contents(of: ref).isEmpty)
            }
        }
    }

    @Test("an upgrade that is cancelled brings the version before back")
    func cancelled() async throws {
        try await upgradable(seed: 6) { host, ref, _ async throws in
            try await host.manage { manager in
                let before = images(host, ref)
                host.engine.behave(image: "test/db:1.2", as: ServiceBehaviour(bootTime: .seconds(60)))
                _ = try await manager.catalog.upgrade(ref)
                _ = try await host.wait { images(host, ref)[.db] == "test/db:1.2" }
                let operation = try #require(try await manager.catalog.openOperation(of: ref))
                #expect(try await manager.catalog.cancel(operation.id, of: ref).state == .cancelled)
                #expect(try await host.wait(for: .active, of: ref)?.upgrade == nil)
                #expect(images(host, ref) == before)
            }
        }
    }

    /// A moment of death: before or after some call to the engine.
    struct Moment: Sendable, CustomTestStringConvertible {
        let call: Int
        let isAfter: Bool
        let fails: Bool
        var death: ManagerLife.Death { isAfter ? .after(call: call) : .before(call: call) }
        var testDescription: String { "\(fails ? "failing, " : "")\(isAfter ? "after" : "before") call \(call)" }
        static let all = (1...45).flatMap { call in
            [false, true].flatMap { isAfter in
                [false, true].map { Moment(call: call, isAfter: isAfter, fails: $0) }
            }
        }
    }

    @Test(
        "a manager that dies at any call of an upgrade or a way back leaves one version or the other",
        arguments: Moment.all)
    func death(moment: Moment) async throws {
        let target = version(moment.fails ? "test/rest:silent" : "test/rest:2")
        try await upgradable(seed: UInt64(moment.call), target) { host, ref, digest async throws in
            host.engine.behave(image: "test/rest:silent", as: ServiceBehaviour(answers: false))
            let (before, marks) = (images(host, ref), host.engine.marks(of: ref))
            let old = try await host.store.project(ref)?.template
            // Requests are answered by another life: it is the loop that dies.
            _ = try await host.manage { try await $0.catalog.upgrade(ref) }
            let life = ManagerLife(moment.death)
            try await host.manage(life) { _ in
                _ = try await host.wait(upTo: .seconds(400)) {
                    if !life.isAlive { return true }
                    return try await host.store.project(ref)?.status == .active
                }
            }
            try await host.manage { _ in
                let record = try #require(try await host.wait(for: .active, of: ref, upTo: .seconds(600)))
                #expect(record.template == (moment.fails ? old : digest) && record.upgrade == nil)
                var wanted = before
                if !moment.fails { (wanted[.db], wanted[.rest]) = ("test/db:1.2", "test/rest:2") }
                #expect(images(host, ref) == wanted)
                #expect(host.engine.marks(of: ref) == marks)
                #expect(host.engine.violations == [])
            }
        }
    }

    @Test("a project whose version is not known is upgraded on request, and known from then on")
    func unknownVersion() async throws {
        try await upgradable(seed: 7) { host, ref, digest async throws in
            try await host.store.unpin(ref)
            try await host.manage { manager in
                try await host.time.sleep(for: .seconds(30))
                let proposal = try await manager.catalog.upgradeProposal(for: ref)
                #expect(proposal.plan.replaced.count == 4)
                _ = try await manager.catalog.upgrade(ref)
                #expect(try await host.wait(for: .active, of: ref)?.template == digest)
                #expect(images(host, ref)[.db] == "test/db:1.2")
            }
        }
    }

    @Test(
        "without a version to go back to, a failed upgrade leaves the project at the new one, DEGRADED and with the reason"
    )
    func noWayBack() async throws {
        try await upgradable(seed: 8, version("test/rest:silent")) { host, ref, digest async throws in
            host.engine.behave(image: "test/rest:silent", as: ServiceBehaviour(answers: false))
            try await host.store.unpin(ref)
            try await host.manage { manager in
                try await host.time.sleep(for: .seconds(30))
                _ = try await manager.catalog.upgrade(ref)
                let record = try #require(try await host.wait(for: .degraded, of: ref, upTo: .seconds(600)))
                #expect(record.template == digest && record.failure?.service == .rest)
                let operation = try #require(try await manager.catalog.operations(of: ref, limit: 1).first)
                #expect(operation.state == .failed)
            }
        }
    }

    @Test("another major version of PostgreSQL is refused with the reason, and nothing happens")
    func majorChange() async throws {
        let target = SampleTemplates.small.map { service in
            var service = service
            if service.name == .db { service.image = "test/db:17.1" }
            return service
        }
        try await upgradable(seed: 9, target) { host, ref, _ async throws in
            try await host.manage { manager async throws in
                let error = await #expect(throws: CatalogError.self) { _ = try await manager.catalog.upgrade(ref) }
                #expect("\(error.map { "\($0)" } ?? "")".contains("PostgreSQL 17 cannot read the data of PostgreSQL 1"))
                #expect(try await host.store.project(ref)?.status == .active)
            }
        }
    }
}

@Suite("Services of an existing project")
struct ServiceChangeTests {
    private let small: [String] = ["db", "auth", "gateway"]

    @Test("services are added with their ports and removed again; ports are given back, volumes and the others stay")
    func addAndRemove() async throws {
        let template =
            SampleTemplates.small
            + [
                TemplateService(
                    .storage, dependencies: [Dependency(on: .db)], portVariable: "STORAGE_PORT", volume: "storage-data")
            ]
        try await SimulatedHost.run(seed: 1, template: template) { host in
            try await host.manage { manager in
                let ref = try await manager.catalog.create(
                    ProjectRequest(name: "a", organizationSlug: "default", services: ["db", "auth", "rest", "gateway"])
                ).ref
                let first = try #require(try await host.wait(for: .active, of: ref))
                #expect(first.leases?.ports["STORAGE_PORT"] == nil)
                let before = host.engine.contents(of: ref)
                let plan = try await manager.catalog.servicesProposal(for: ref, adding: ["storage"], removing: []).plan
                #expect(plan.added.map(\.service) == [.storage] && plan.replaced.isEmpty)
                _ = try await manager.catalog.changeServices(of: ref, adding: ["storage"], removing: [])
                let larger = try #require(try await host.wait(for: .active, of: ref))
                #expect(larger.services.contains(.storage) && larger.template == first.template)
                let port = try #require(larger.leases?.ports["STORAGE_PORT"])
                for container in before.containers {
                    #expect(host.engine.contents(of: ref).containers.contains(container))
                }
                let marks = host.engine.marks(of: ref)
                _ = try await manager.catalog.changeServices(of: ref, adding: [], removing: ["storage"])
                let smaller = try #require(try await host.wait(for: .active, of: ref))
                #expect(smaller.services == first.services && smaller.leases?.ports["STORAGE_PORT"] == nil)
                #expect(host.engine.container(.storage, of: ref) == nil)
                #expect(host.engine.marks(of: ref) == marks)
                // The port stays in quarantine: clients with an old address must not reach another project.
                #expect(try await host.store.leases(at: host.time.now()).ports.contains(port))
            }
        }
    }

    @Test("what is not there, is there already, or holds the data is refused")
    func refusals() async throws {
        try await SimulatedHost.run(seed: 2) { host in
            try await host.manage { manager in
                let ref = try await manager.create()
                try await host.wait(for: .active, of: ref)
                for (added, removed) in [(["auth"], []), (["absent"], []), ([], ["absent"]), ([], ["db"])] {
                    await #expect(throws: CatalogError.self) {
                        _ = try await manager.catalog.changeServices(of: ref, adding: added, removing: removed)
                    }
                }
                #expect(try await host.store.project(ref)?.status == .active)
            }
        }
    }

    @Test("a service that does not come up is taken away again, with its port")
    func failedAddition() async throws {
        try await SimulatedHost.run(seed: 3) { host in
            try await host.manage { manager in
                let ref = try await manager.catalog.create(
                    ProjectRequest(name: "a", organizationSlug: "default", services: ["db", "auth", "rest"])
                ).ref
                try await host.wait(for: .active, of: ref)
                host.engine.behave(.gateway, as: ServiceBehaviour(answers: false))
                _ = try await manager.catalog.changeServices(of: ref, adding: ["gateway"], removing: [])
                let record = try #require(try await host.wait(for: .active, of: ref, upTo: .seconds(600)))
                #expect(!record.services.contains(.gateway) && record.leases?.ports["GATEWAY_PORT"] == nil)
                #expect(host.engine.container(.gateway, of: ref) == nil)
            }
        }
    }
}
