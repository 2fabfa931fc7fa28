import Orchestrator
import OrchestratorTesting
import ProjectModel
import Reconciler
import Testing

@Suite("Leases")
struct LeaseTests {
    @Test(
        "a port that is taken before the start is replaced, and the project comes up on another",
        arguments: UInt64(0)..<10)
    func stolenPort(seed: UInt64) async throws {
        try await SimulatedHost.run(seed: seed) { host in
            try await host.manage { manager in
                let ref = try await manager.create()
                let leases = try #require(try await host.store.project(ref)?.leases)
                let stolen = try #require(leases.ports["GATEWAY_PORT"])
                host.engine.setHostPort(stolen, isTaken: true)
                let record = try await host.wait(for: .active, of: ref)
                #expect(record?.status == .active)
                let after = try #require(record?.leases)
                #expect(after.ports["GATEWAY_PORT"] != stolen)
                #expect(after.ports["DB_PORT"] == leases.ports["DB_PORT"])
                #expect(after.subnet == leases.subnet)
                #expect(try await host.store.leases(at: host.time.now()).ports.contains(stolen))
            }
        }
    }

    @Test("a subnet that is taken first is replaced", arguments: UInt64(0)..<10)
    func takenSubnet(seed: UInt64) async throws {
        try await SimulatedHost.run(seed: seed) { host in
            try await host.manage { manager in
                host.engine.addForeignNetwork(named: "theirs", subnet: try #require(IPv4Network("10.201.0.0/26")))
                let ref = try await manager.create()
                let record = try await host.wait(for: .active, of: ref)
                #expect(record?.status == .active)
                #expect(record?.leases?.subnet.description == "10.201.0.64/27")
                #expect(host.engine.contents(of: ref).networks.map(\.subnet) == [record?.leases?.subnet])
            }
        }
    }

    @Test("what listens on the host, what the engine publishes and what is routed is kept clear of")
    func avoidance() async throws {
        try await SimulatedHost.run(seed: 1) { host in
            host.network.setListening([61_000, 61_002])
            host.engine.addForeignContainer(named: "theirs", ports: [61_001])
            host.network.setRoutes([try #require(IPv4Network("10.201.0.0/25"))])
            try await host.manage { manager in
                try await host.time.sleep(for: .seconds(1))
                let ref = try await manager.create()
                let leases = try #require(try await host.store.project(ref)?.leases)
                #expect(leases.ports == ["DB_PORT": 61_003, "GATEWAY_PORT": 61_004])
                #expect(leases.subnet.description == "10.201.0.128/27")
            }
        }
    }

    @Test("forty projects side by side share no port, subnet or name")
    func fortyProjects() async throws {
        try await SimulatedHost.run(seed: 2, template: [TemplateService(.db, portVariable: "DB_PORT", volume: "data")])
        { host in
            try await host.manage { manager in
                let refs = try await withThrowingTaskGroup(of: ProjectRef.self) { group in
                    for number in 0..<40 { group.addTask { try await manager.create("project \(number)") } }
                    return try await group.reduce(into: Set<ProjectRef>()) { $0.insert($1) }
                }
                #expect(refs.count == 40)
                var ports: Set<UInt16> = []
                var subnets: Set<IPv4Network> = []
                for ref in refs {
                    let record = try await host.wait(for: .active, of: ref)
                    #expect(record?.status == .active)
                    ports.formUnion(record?.leases?.ports.values.map { $0 } ?? [])
                    if let subnet = record?.leases?.subnet { subnets.insert(subnet) }
                }
                #expect(ports.count == 40 && subnets.count == 40)
            }
        }
    }

    @Test("a released port is not given out until its quarantine is over")
    func quarantine() async throws {
        try await SimulatedHost.run(seed: 3) { host in
            try await host.manage { manager in
                let ref = try await manager.create()
                let old = try #require(try await host.wait(for: .active, of: ref)?.leases)
                _ = try await manager.catalog.request(.deleteRequested, of: ref)
                try await host.wait(for: .deleted, of: ref)
                let soon = try #require(try await host.store.project(try await manager.create())?.leases)
                #expect(Set(soon.ports.values).isDisjoint(with: old.ports.values) && soon.subnet != old.subnet)
                try await host.time.sleep(for: InMemoryProjectStore.quarantineDefault)
                let late = try #require(try await host.store.project(try await manager.create("late"))?.leases)
                #expect(late == old)
            }
        }
    }

    @Test("no free port, no free subnet, no readable host: the request fails with what is missing and stores nothing")
    func nothingLeft() async throws {
        try await SimulatedHost.run(seed: 4) { host in
            try await host.manage { manager in
                host.network.setRoutes([try #require(IPv4Network("10.0.0.0/8"))])
                await #expect(throws: CatalogError.self) { try await manager.create() }
                host.network.setRoutes([])
                host.network.setListening(Set(1_024...65_535))
                await #expect(throws: CatalogError.self) { try await manager.create() }
                host.network.setListening([])
                host.network.setFailure(HostError("no /proc"))
                await #expect(throws: CatalogError.leases(.host("no /proc"))) { try await manager.create() }
                #expect(try await host.store.refs() == [])
            }
        }
    }
}
