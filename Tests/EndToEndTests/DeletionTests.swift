import Foundation
import Testing

extension EndToEnd {
    @Suite("Deletion", .sharedManager, .timeLimit(.minutes(5)))
    struct Deletion {
        @Test("It leaves no container, network, volume, folder or port, and the project is a 404")
        func everythingGoes() async throws {
            let manager = try sharedManager()
            let project = try await Project.active("short-lived", services: ["db", "gateway"], by: manager)
            let ports = try await project.ports().all
            #expect(ports.count == 2)
            #expect(ports.allSatisfy { !PortHolder.isFree($0) })
            #expect(FileManager.default.fileExists(atPath: project.folder))

            try await project.delete()
            let answer = try await manager.client.send("GET", project.path)
            #expect(answer.status == 404 || answer.json["status"].text == "GOING_DOWN", "\(answer.text)")
            try await project.waitUntilGone()

            #expect(try await project.inventory().names == [])
            #expect(!FileManager.default.fileExists(atPath: project.folder))
            for port in ports { #expect(PortHolder.isFree(port), "port \(port) is still taken") }
            #expect(try await !manager.client.projects().contains(project.ref))
            #expect(try await manager.client.send("DELETE", project.path).status == 404)
        }

        @Test("It works at once after the creation, and on a paused project")
        func atOddTimes() async throws {
            let manager = try sharedManager()
            let young = try await Project.create("young", services: ["db", "gateway"], by: manager)
            try await young.delete()
            try await young.waitUntilGone()
            #expect(try await young.inventory().names == [])

            let paused = try await Project.active("asleep", services: ["gateway", "imgproxy"], by: manager)
            try await paused.ask(for: "pause")
            try await paused.wait(for: "INACTIVE")
            try await paused.delete()
            try await paused.waitUntilGone()
            #expect(try await paused.inventory().names == [])
            #expect(!FileManager.default.fileExists(atPath: paused.folder))
        }

        /// Deletes a project with a foreign container on its network, and waits for the network when that has left.
        private func delete(_ project: Project, visitedBy guest: Guest) async throws {
            try await project.delete()
            try await project.waitUntilGone()
            let left = try await project.inventory()
            #expect(left.networks.compactMap { $0["Id"].text } == [guest.network])
            #expect(left.containers.isEmpty && left.volumes.isEmpty)
            #expect(try await guest.isInside())
            let receipt = try await project.manager.client.must("GET", project.path + "/deletion-receipt")
            let remaining = receipt["remaining"].items
            #expect(remaining.compactMap { $0["id"].text } == [guest.network], "\(receipt)")
            #expect(remaining.first?["reason"].text?.contains("disconnect from the network") == true, "\(receipt)")

            try await guest.leave()
            _ = try await eventually("the end of the network", within: Project.deadline) {
                try await Engine.call("GET", "/networks/\(guest.network)").status == 404 ? true : nil
            }
            #expect(try await guest.isRunning())
            _ = try await eventually("the end of the receipt", within: Project.deadline) {
                let receipt = try await project.manager.client.must("GET", project.path + "/deletion-receipt")
                return receipt["remaining"].items.isEmpty ? true : nil
            }
        }

        @Test("It ends although a foreign container is on the network, which is removed when that has left")
        func visitedNetwork() async throws {
            let manager = try sharedManager()
            let project = try await Project.active("visited", services: ["db", "gateway"], by: manager)
            let network = try #require(try await project.inventory().networks.first?["Id"].text)
            let guest = try await Guest(of: network)
            do {
                try await guest.enter()
                try await delete(project, visitedBy: guest)
            } catch {
                await uncancelled { await guest.remove() }
                throw error
            }
            await uncancelled { await guest.remove() }
        }

        @Test("A name is free again once its project is gone")
        func nameIsFree() async throws {
            let manager = try sharedManager()
            let first = try await Project.active("again", services: ["imgproxy"], by: manager)
            try await first.delete()
            try await first.waitUntilGone()
            let second = try await Project.active("again", services: ["imgproxy"], by: manager)
            #expect(second.ref != first.ref)
        }
    }
}
