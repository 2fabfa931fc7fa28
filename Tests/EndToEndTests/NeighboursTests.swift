import Testing

extension EndToEnd {
    @Suite("Two projects side by side", .sharedManager, .timeLimit(.minutes(5)))
    struct Neighbours {
        private static let services = ["db", "gateway", "imgproxy"]

        @Test("They share no name, port, subnet or secret, and no container of one reaches the other")
        func isolation() async throws {
            let manager = try sharedManager()
            let created = try await (
                Project.create("left", services: Self.services, by: manager),
                Project.create("right", services: Self.services, by: manager)
            )
            try await created.0.wait(for: "ACTIVE_HEALTHY")
            try await created.1.wait(for: "ACTIVE_HEALTHY")
            try await expectNothingShared(created.0, created.1)
            try await expectNoWay(from: created.0, to: created.1)
            try await expectNoWay(from: created.1, to: created.0)
            #expect(try await created.0.gateway("GET", "/auth/v1/user", key: created.1.anonKey).status == 401)
            #expect(try await created.1.gateway("GET", "/auth/v1/user", key: created.0.serviceKey).status == 401)
        }

        private func expectNothingShared(_ left: Project, _ right: Project) async throws {
            let inventories = try await (left.inventory(), right.inventory())
            #expect(inventories.0.names.count == inventories.1.names.count)
            #expect(Set(inventories.0.names).isDisjoint(with: inventories.1.names))
            #expect(Set(inventories.0.subnets).isDisjoint(with: inventories.1.subnets))
            let ports = try await (left.ports().all, right.ports().all)
            #expect(ports.0.count == 2 && ports.1.count == 2 && ports.0.isDisjoint(with: ports.1))
            let secrets = (Self.secrets(in: inventories.0), Self.secrets(in: inventories.1))
            #expect(secrets.0.count >= 4 && secrets.0.isDisjoint(with: secrets.1))
        }

        private static func secrets(in inventory: Inventory) -> Set<String> {
            let names = ["POSTGRES_PASSWORD", "DASHBOARD_PASSWORD", "ANON_KEY", "SERVICE_ROLE_KEY"]
            return Set(inventory.containers.flatMap { container in names.compactMap { container.environment[$0] } })
        }

        private func expectNoWay(from project: Project, to other: Project) async throws {
            let own = try await project.inventory()
            let foreign = try await other.inventory()
            let allowed: Set = [
                Project.Target(host: "db", port: 5432),
                Project.Target(host: try #require(own.container("db").address(in: "default")), port: 5432),
            ]
            var forbidden: Set = [
                Project.Target(host: "\(other.ref)-db-1", port: 5432),
                Project.Target(host: "db.\(other.ref)_default", port: 5432),
                Project.Target(host: "db.\(other.ref)_admin", port: 5432),
            ]
            for (service, port) in [("db", UInt16(5432)), ("gateway", 8000)] {
                let addresses = try foreign.container(service).addresses
                #expect(addresses.count == 2)
                forbidden.formUnion(addresses.map { Project.Target(host: $0, port: port) })
            }
            // The host's side of the bridges: published ports are open on 127.0.0.1 only.
            for bridge in (own.networks + foreign.networks).flatMap({ $0["IPAM"]["Config"].items }) {
                let host = try #require(bridge["Gateway"].text)
                for port in try await other.ports().all { forbidden.insert(Project.Target(host: host, port: port)) }
            }
            for service in ["imgproxy", "gateway"] {
                #expect(try await project.reachable(allowed.union(forbidden), from: service) == allowed)
            }
        }
    }
}
