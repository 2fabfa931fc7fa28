import Testing

extension EndToEnd {
    @Suite("Ports and subnets", .timeLimit(.minutes(5)))
    struct Leases {
        @Test("A port with a listener is not leased")
        func listenedPort() async throws {
            try await ManagerProcess.with { settings in
                settings.portRange = settings.portRange.lowerBound...settings.portRange.lowerBound + 5
            } _: { manager in
                let first = manager.settings.portRange.lowerBound
                let one = try PortHolder(first)
                let two = try PortHolder(first + 1)
                let three = try PortHolder(first + 3)
                let project = try await Project.active("beside", services: ["db", "gateway"], by: manager)
                let ports = try await project.ports().all
                #expect(ports.count == 2)
                #expect(ports.isDisjoint(with: [one.port, two.port, three.port]), "\(ports)")
            }
        }

        @Test("A port that is stolen between lease and start is replaced, and the project comes up")
        func stolenPort() async throws {
            try await ManagerProcess.with { manager in
                // The listener has to win a race against the engine: the manager takes a moment, but not for ever.
                for attempt in 1...5 {
                    let project = try await Project.create(
                        "stolen \(attempt)", services: ["db", "gateway"], by: manager)
                    let leased = try #require(try await project.ports().database)
                    guard let thief = try? PortHolder(leased) else { continue }
                    try await project.wait(for: "ACTIVE_HEALTHY")
                    let database = try #require(try await project.ports().database)
                    #expect(database != thief.port)
                    #expect(try await project.inventory().container("db").published.map(\.port) == [database])
                    return
                }
                Issue.record("the engine was always first: nothing was shown")
            }
        }

        @Test("A port that is stolen while a project is paused is replaced at the resume, and the data is kept")
        func stolenWhilePaused() async throws {
            try await ManagerProcess.with { manager in
                let project = try await Project.active("robbed", services: ["db", "gateway"], by: manager)
                try await project.sql("CREATE TABLE sm_kept AS SELECT 42 AS answer")
                try await project.ask(for: "pause")
                try await project.wait(for: "INACTIVE")
                let before = try await project.ports()
                let thief = try PortHolder(try #require(before.database))
                try await project.ask(for: "resume")
                try await project.wait(for: "ACTIVE_HEALTHY")
                let after = try await project.ports()
                #expect(after.database != thief.port)
                #expect(after.gateway == before.gateway)
                #expect(try await project.holds("(SELECT answer FROM sm_kept) = 42"))
            }
        }

        @Test("When no port is left the creation is refused with what to do, and nothing is made")
        func exhaustedPorts() async throws {
            try await ManagerProcess.with { settings in
                settings.portRange = settings.portRange.lowerBound...settings.portRange.lowerBound
            } _: { manager in
                let first = try await Project.active("first", services: ["gateway"], by: manager)
                let body = try ManagerClient.creation("second", services: ["gateway"])
                let refused = try await manager.client.send("POST", "/platform/projects", body: body)
                #expect(refused.status == 507, "\(refused.text)")
                #expect(refused.json["message"].text?.contains("SUPAMANAGER_PORT_RANGE") == true)
                #expect(try await manager.client.projects() == [first.ref])
                #expect(try await manager.inventory().containers.map(\.name) == ["\(first.ref)-gateway-1"])
            }
        }

        @Test(
            "A foreign network inside the pool is left alone, and the project gets another subnet",
            arguments: [27, 24])
        func strangersNetwork(prefix: Int) async throws {
            try await ManagerProcess.with { manager in
                // Made only now, so that the manager's last list of networks does not have it.
                let base = manager.settings.subnetPool.prefix { $0 != "/" }
                let name = "smtest-e2e-\(manager.settings.port)-stranger"
                let made = try await Engine.mustCall(
                    "POST", "/networks/create",
                    body: jsonText(["Name": name, "IPAM": ["Config": [["Subnet": "\(base)/\(prefix)"]]]]))
                let id = try #require(made["Id"].text)
                let before = try await Engine.call("GET", "/networks/\(id)").text
                let outcome: Result<Void, any Error>
                do {
                    let project = try await Project.active("beside", services: ["gateway"], by: manager)
                    let subnet = try #require(try await project.inventory().subnets.first)
                    #expect(!subnet.hasPrefix(base.dropLast(1) + (prefix == 24 ? "" : "0/")))
                    #expect(try await project.gateway("GET", "/auth/v1/user", key: nil).status == 401)
                    outcome = .success(())
                } catch { outcome = .failure(error) }
                #expect(try await Engine.call("GET", "/networks/\(id)").text == before)
                try await Engine.mustCall("DELETE", "/networks/\(id)")
                try outcome.get()
            }
        }

        @Test("More projects live at once than the engine's own pools have networks")
        func manyNetworks() async throws {
            try await ManagerProcess.with { manager in
                var projects: [Project] = []
                for number in 1...Self.manyCount {
                    projects.append(try await Project.create("number \(number)", services: ["imgproxy"], by: manager))
                }
                for project in projects { try await project.wait(for: "ACTIVE_HEALTHY") }
                let inventory = try await manager.inventory()
                #expect(inventory.networks.count == Self.manyCount)
                #expect(Set(inventory.subnets).count == Self.manyCount)
                #expect(inventory.containers.count == Self.manyCount)
                for project in projects { try await project.delete() }
                for project in projects { try await project.waitUntilGone() }
                #expect(try await manager.inventory().names == [])
            }
        }

        /// The engine's default pools end at 31 networks.
        private static let manyCount = 34
    }
}
