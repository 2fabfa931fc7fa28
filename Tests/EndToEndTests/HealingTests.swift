import Testing

extension EndToEnd {
    @Suite(
        "Trouble from outside", .sharedProject("Healing", services: ["db", "gateway", "rest"]), .timeLimit(.minutes(5)))
    struct Healing {
        /// A change of a container behind the manager's back.
        enum Disturbance: String, CaseIterable, Sendable {
            case killed, removed, stopped, frozen, ended, cutOff

            func inflict(on container: Inventory.Container) async throws {
                let path = "/containers/\(container.id)"
                switch self {
                case .killed: try await Engine.mustCall("POST", path + "/kill")
                case .removed: try await Engine.mustCall("DELETE", path + "?force=true")
                case .stopped: try await Engine.mustCall("POST", path + "/stop?t=5")
                case .frozen: try await Engine.mustCall("POST", path + "/pause")
                // Its main process exits; the engine's own restart policy takes part.
                case .ended: _ = try await Engine.exitCode(of: ["/bin/sh", "-c", "kill -TERM 1"], in: container.id)
                case .cutOff:
                    let network = container.details["NetworkSettings"]["Networks"].fields.keys.first ?? ""
                    try await Engine.mustCall(
                        "POST", "/networks/\(network)/disconnect",
                        body: jsonText(["Container": container.id, "Force": true]))
                }
            }
        }

        /// Longest time until the trouble shows in the status.
        private static let noticeDeadline: Duration = .seconds(20)

        @Test(
            "A container that is disturbed is noticed and healed",
            arguments: [
                (Disturbance.killed, "rest"), (.killed, "db"), (.removed, "gateway"), (.removed, "db"),
                (.stopped, "rest"), (.frozen, "gateway"), (.ended, "rest"), (.cutOff, "rest"),
            ])
        func heals(_ disturbance: Disturbance, _ service: String) async throws {
            let project = try sharedProject()
            let known = try await project.events().count
            try await disturbance.inflict(on: try await project.inventory().container(service))
            do {
                _ = try await eventually("the way down and up again after \(disturbance)", within: Self.noticeDeadline)
                {
                    let statuses = try await project.events().dropFirst(known).map(\.status)
                    return statuses.first == "ACTIVE_UNHEALTHY" && statuses.last == "ACTIVE_HEALTHY" ? true : nil
                }
            } catch { throw Trouble("\(error)\n\(await project.report())") }
            try await project.wait(for: "ACTIVE_HEALTHY")
            let inventory = try await project.inventory()
            #expect(inventory.containers.count == 3)
            #expect(inventory.containers.allSatisfy { $0.isRunning })
            try await expectService(of: project)
        }

        /// Envoy may find out with one request that a kept connection leads to a container that is gone.
        private func expectService(of project: Project) async throws {
            _ = try await eventually("an answer through the gateway", within: .seconds(10)) {
                try await project.gateway("GET", "/rest/v1/", key: project.serviceKey).status == 200 ? true : nil
            }
        }

        @Test("Everything at once, the network included, is made again, and the data is still there")
        func healsEverything() async throws {
            let project = try sharedProject()
            try await project.sql("CREATE TABLE sm_kept AS SELECT 42 AS answer")
            let before = try await project.inventory()
            let ports = try await project.ports()
            for container in before.containers {
                _ = try await Engine.call("DELETE", "/containers/\(container.id)?force=true")
            }
            for network in before.networks.compactMap({ $0["Id"].text }) {
                _ = try await Engine.call("DELETE", "/networks/\(network)")
            }
            try await project.wait(for: "ACTIVE_UNHEALTHY", within: Self.noticeDeadline)
            try await project.wait(for: "ACTIVE_HEALTHY")
            let after = try await project.inventory()
            #expect(after.names == before.names)
            #expect(Set(after.containers.map(\.id)).isDisjoint(with: before.containers.map(\.id)))
            #expect(try await project.ports() == ports)
            #expect(try await project.holds("(SELECT answer FROM sm_kept) = 42"))
        }
    }
}
