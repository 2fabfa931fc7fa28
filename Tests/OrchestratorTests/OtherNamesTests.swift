import OrchestratorTesting
import ProjectModel
import Reconciler
import SettingTables
import Testing

@testable import Orchestrator

@Suite("A stack whose services, variables and SQL roles have other names")
struct OtherNamesTests {
    private func run(
        _ body: @Sendable (SimulatedHost, SimulatedManager, ProjectRef) async throws -> Void
    ) async throws {
        try await SimulatedHost.run(seed: 3, template: OtherNames.services, names: OtherNames.names) { host in
            try await host.manage { manager in
                let ref = try await manager.create()
                #expect(try await host.wait(for: .active, of: ref)?.status == .active)
                try await body(host, manager, ref)
            }
        }
    }

    @Test("it is created, paused, resumed and deleted, and its data is guarded")
    func life() async throws {
        try await run { host, manager, ref in
            let volumes = try await host.custody.volumes(of: ref)
            #expect(volumes.contains { $0.holdsData })
            _ = try await manager.catalog.request(.pauseRequested, of: ref)
            #expect(try await host.wait(for: .paused, of: ref)?.status == .paused)
            _ = try await manager.catalog.request(.resumeRequested, of: ref)
            #expect(try await host.wait(for: .active, of: ref)?.status == .active)
            _ = try await manager.catalog.request(.deleteRequested, of: ref)
            #expect(try await host.wait(for: .deleted, of: ref)?.status == .deleted)
            #expect(host.engine.contents(of: ref).isEmpty)
        }
    }

    @Test("its keys, password and settings change under its own names")
    func configuration() async throws {
        try await run { _, manager, ref in
            let catalog = manager.catalog
            let before = try await catalog.secrets(of: ref)
            #expect(Set(before.keys) == ["MASTER", "SIGNING", "OPEN_TOKEN", "FULL_TOKEN"])
            #expect(try await catalog.serviceKey(of: ref) == before["FULL_TOKEN"])
            try await catalog.setLegacyKeys(enabled: false, of: ref)
            #expect(try await catalog.serviceKey(of: ref) == catalog.secrets(of: ref)["DOOR_KEY"])
            try await catalog.setLegacyKeys(enabled: true, of: ref)
            try await catalog.rotateJWTSecret(of: ref)
            try await catalog.changeDatabasePassword(of: ref, to: Secret("another-password"))
            let after = try await catalog.secrets(of: ref)
            #expect(after["SIGNING"] != before["SIGNING"] && after["OPEN_TOKEN"] != before["OPEN_TOKEN"])
            #expect(after["MASTER"] == Secret("another-password"))
            let key = try await catalog.temporaryKey(of: ref, role: "authenticated", lifetime: .seconds(60))
            #expect(key.reveal().hasPrefix("member."))
            let present = try await catalog.settings(of: ref)
            let changes = try AuthSettings.changes(["site_url": .text("http://x.example")], present: present)
            #expect(changes.keys.sorted() == ["HOME_PAGE"])
            try await catalog.change(settings: changes, of: ref)
            #expect(
                AuthSettings.table.values(try await catalog.settings(of: ref))["site_url"] == .text("http://x.example"))
            #expect(throws: CatalogError.self) {
                try AuthSettings.changes(["disable_signup": .flag(true)], present: present)
            }
        }
    }

    @Test("a container with four roles has four health entries, and one hung role is reported by its name")
    func roles() async throws {
        try await run { _, manager, ref in
            let reports = try await manager.catalog.health(of: ref)
            let server = try #require(reports.first { $0.service == OtherNames.server })
            for role in [ServiceRole.auth, .rest, .realtime, .storage] { #expect(server.roles[role] == .ready) }
            #expect(server.state == .ready && server.roles.count == 4)
        }
        let answer = ProbeAnswer([.auth: .ready, .rest: .notReady("connection refused")])
        #expect(answer.whole == .notReady("rest: connection refused"))
    }

    @Test("what the stack does not declare is unsupported, and says what is missing")
    func gaps() async throws {
        try await run { _, manager, ref in
            let stack = try await manager.catalog.stack(of: try await manager.catalog.project(ref))
            #expect(stack.service(.pooler) == nil)
            #expect(throws: CatalogError.unsupported(ref, .role(.pooler))) { try stack.required(.pooler) }
            #expect(throws: CatalogError.unsupported(ref, .port(.poolerSession))) {
                try stack.variable(.poolerSession)
            }
            #expect(throws: CatalogError.unsupported(ref, .secret(.dashboardPassword))) {
                try stack.variable(.dashboardPassword)
            }
            #expect(try stack.database().owner == "keeper")
            #expect(try stack.functionsFolder() == "work/jobs")
        }
    }
}
