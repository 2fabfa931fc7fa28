import Foundation
import Testing

extension EndToEnd {
    @Suite("A manager that is killed", .sharedManager, .timeLimit(.minutes(5)))
    struct KilledManager {
        private static let services = ["db", "gateway", "imgproxy"]

        @Test(
            "A provisioning is finished after the restart, whenever the manager was killed",
            arguments: [0, 100, 400, 1_000, 2_000, 4_000])
        func provisioning(milliseconds: Int) async throws {
            let manager = try sharedManager()
            let project = try await Project.create("provisioning \(milliseconds)", services: Self.services, by: manager)
            try await Task.sleep(for: .milliseconds(milliseconds))
            try await manager.kill()
            try await manager.start()
            try await expectActive(project)
            try await project.delete()
            try await project.waitUntilGone()
            #expect(try await project.inventory().names == [])
        }

        @Test("A manager that is killed again and again gets there all the same")
        func provisioningAgainAndAgain() async throws {
            let manager = try sharedManager()
            let project = try await Project.create("stumbling", services: Self.services, by: manager)
            for round in 1...4 {
                try await Task.sleep(for: .milliseconds(150 * round))
                try await manager.kill()
                try await manager.start()
            }
            try await expectActive(project)
        }

        @Test(
            "A deletion is finished after the restart, whenever the manager was killed", arguments: [0, 150, 600])
        func deletion(milliseconds: Int) async throws {
            let manager = try sharedManager()
            let project = try await Project.active("deletion \(milliseconds)", services: Self.services, by: manager)
            let ports = try await project.ports().all
            try await project.delete()
            try await Task.sleep(for: .milliseconds(milliseconds))
            try await manager.kill()
            try await manager.start()
            try await project.waitUntilGone()
            #expect(try await project.inventory().names == [])
            #expect(!FileManager.default.fileExists(atPath: project.folder))
            #expect(ports.allSatisfy { PortHolder.isFree($0) })
        }

        @Test("Pause, resume and restart are finished after a restart, too")
        func otherRequests() async throws {
            let manager = try sharedManager()
            let project = try await Project.active("requests", services: Self.services, by: manager)
            try await project.sql("CREATE TABLE sm_kept AS SELECT 42 AS answer")
            for (verb, status) in [("pause", "INACTIVE"), ("resume", "ACTIVE_HEALTHY"), ("restart", "ACTIVE_HEALTHY")] {
                let before = try await project.inventory()
                try await project.ask(for: verb)
                try await Task.sleep(for: .milliseconds(100))
                try await manager.kill()
                try await manager.start()
                try await project.wait(for: status)
                let after = try await project.inventory()
                #expect(after.names == before.names)
                #expect(after.containers.allSatisfy { $0.isRunning == (status != "INACTIVE") })
                guard verb == "restart" else { continue }
                for (old, new) in zip(before.containers, after.containers) {
                    #expect(new.startedAt > old.startedAt, "\(new.name) has not been restarted")
                }
            }
            #expect(try await project.holds("(SELECT answer FROM sm_kept) = 42"))
        }

        @Test("What was broken while the manager was down is healed after its start")
        func missedTrouble() async throws {
            let manager = try sharedManager()
            let project = try await Project.active("unwatched", services: ["gateway", "imgproxy"], by: manager)
            let inventory = try await project.inventory()
            try await manager.kill()
            try await Engine.mustCall("DELETE", "/containers/\(inventory.container("imgproxy").id)?force=true")
            try await Engine.mustCall("POST", "/containers/\(inventory.container("gateway").id)/kill")
            try await manager.start()
            _ = try await eventually("healed containers\n\(manager.logTail)", within: Project.deadline) {
                let containers = try await project.inventory().containers
                return containers.count == 2 && containers.allSatisfy { $0.isRunning } ? true : nil
            }
            try await project.wait(for: "ACTIVE_HEALTHY")
        }

        private func expectActive(_ project: Project) async throws {
            let statuses = try await project.wait(for: "ACTIVE_HEALTHY")
            #expect(Set(statuses).isDisjoint(with: Project.terminalStatuses), "\(statuses)")
            let inventory = try await project.inventory()
            #expect(inventory.containers.map(\.service).sorted() == Self.services.sorted())
            #expect(inventory.networks.count == 2)
            #expect(inventory.containers.allSatisfy { $0.isRunning })
            #expect(Set(inventory.names).count == inventory.names.count)
        }
    }
}
