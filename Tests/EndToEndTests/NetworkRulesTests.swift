import Foundation
import Testing

extension EndToEnd {
    @Suite(
        "Packet filter rules around projects", .sharedProject("fenced", services: ["db", "gateway", "imgproxy"]),
        .enabled("needs root and iptables") {
            geteuid() == 0 && FileManager.default.isExecutableFile(atPath: "/usr/sbin/iptables")
        }, .timeLimit(.minutes(5)))
    struct PacketFilter {
        /// Where clouds give out credentials; here the host itself answers.
        private static let metadata = "169.254.169.254"
        /// Where Alibaba Cloud does, forwarded by the host; here a machine of its network answers.
        private static let forwarded = "100.100.100.200"

        @Test("containers do not reach the host, nor neighbours containers; all that is meant to work does")
        func rules() async throws {
            let manager = try sharedManager()
            let project = try sharedProject()
            let before = try await Self.iptables()
            try await Self.installEarlierRules(of: manager)
            let neighbour = try await Neighbour(
                towards: manager.settings.subnetPool, metadata: Self.metadata, forwarded: Self.forwarded)
            do {
                try await check(manager, project: project, neighbour: neighbour)
            } catch {
                _ = try await command("remove", manager)
                await neighbour.remove()
                throw error
            }
            await neighbour.remove()
            #expect(try await Self.iptables() == before)
        }

        private func check(_ manager: ManagerProcess, project: Project, neighbour: Neighbour) async throws {
            let own = try await project.inventory()
            let bridge = try #require(own.networks.first.flatMap { $0["IPAM"]["Config"].items.first?["Gateway"].text })
            let database = try #require(own.container("db").address(in: "default"))
            let addresses = try own.container("db").addresses
            let inside = Project.Target(host: database, port: 5432)
            let host = Set(
                [bridge, neighbour.hostAddress, Self.metadata, Self.forwarded].map {
                    Project.Target(host: $0, port: neighbour.hostPort)
                })

            // What the rules are for: without them all of it is reached.
            #expect(try await project.reachable(host.union([inside]), from: "imgproxy") == host.union([inside]))
            // The address in the network by which it answers.
            #expect(try await neighbour.reached(of: addresses, 5432).count == 1)

            let id = try #require(manager.installation)
            let earlier = try await command("check", manager)
            #expect(earlier.exitCode == 1 && earlier.output.contains("earlier version"), "\(earlier.output)")
            for _ in 1...2 {
                let installed = try await command("install", manager)
                #expect(installed.exitCode == 0, "\(installed.output)")
                #expect(try await command("check", manager).exitCode == 0)
                #expect(try await !Command.run(["iptables", "-S"]).output.contains("SUPAMANAGER-\(id)-FW"))
                #expect(try await project.reachable(host.union([inside]), from: "imgproxy") == [inside])
                #expect(try await neighbour.reached(of: addresses, 5432).isEmpty)
            }
            // Probes still pass, and what is published is reached.
            #expect(try await project.gateway("GET", "/rest/v1/x", key: nil).status == 401)
            try await Task.sleep(for: .seconds(5))
            #expect(try await project.status() == "ACTIVE_HEALTHY")

            #expect(try await command("remove", manager).exitCode == 0)
            #expect(try await command("check", manager).exitCode == 1)
            #expect(try await project.reachable(host, from: "imgproxy") == host)
        }

        @Test(
            "containers of another project are out of reach while the engine makes networks, too",
            .enabled("needs a program of the stand-ins") { Engine.hasStandIns })
        func apart() async throws {
            let manager = try sharedManager()
            let project = try sharedProject()
            let other = try await Project.active("beyond", services: ["db", "gateway"], by: manager)
            let own = Project.Target(
                host: try #require(try await project.inventory().container("db").address(in: "default")), port: 5432)
            let foreign = Project.Target(
                host: try #require(try await other.inventory().container("db").address(in: "default")), port: 5432)
            let installed = try await command("install", manager)
            let outcome: Result<Void, any Error>
            do {
                #expect(installed.exitCode == 0, "\(installed.output)")
                let connections = try await Self.whileNetworksChange {
                    try await project.connections(to: foreign, from: "imgproxy", seconds: 20)
                }
                #expect(connections == 0)
                #expect(try await project.connections(to: own, from: "imgproxy", seconds: 1) > 0)
                #expect(try await command("check", manager).exitCode == 0)
                outcome = .success(())
            } catch { outcome = .failure(error) }
            _ = try await command("remove", manager)
            try outcome.get()
        }

        /// Runs the body while the engine makes and removes networks, which rewrites its rules each time.
        private static func whileNetworksChange(_ body: @escaping @Sendable () async throws -> Int) async throws -> Int
        {
            try await withThrowingTaskGroup(of: Int?.self) { group in
                group.addTask { try await body() }
                group.addTask {
                    let name = "smtest-e2e-passing-" + String(UInt32.random(in: 0...UInt32.max), radix: 36)
                    var made = 0
                    while !Task.isCancelled {
                        // A network that was made is removed also when the body has ended meanwhile.
                        await uncancelled {
                            _ = try? await Engine.call("POST", "/networks/create", body: "{\"Name\": \"\(name)\"}")
                            _ = try? await Engine.call("DELETE", "/networks/\(name)")
                        }
                        made += 1
                    }
                    #expect(made > 10)
                    return nil
                }
                defer { group.cancelAll() }
                return try await group.next().flatMap { $0 } ?? 0
            }
        }

        /// What a version did that had all of its rules in `filter`.
        private static func installEarlierRules(of manager: ManagerProcess) async throws {
            let chain = "SUPAMANAGER-\(try #require(manager.installation))-FW"
            let pool = manager.settings.subnetPool
            for words in [
                ["-N", chain], ["-A", chain, "-s", pool, "-d", pool, "-i", "br-+", "-j", "RETURN"],
                ["-I", "DOCKER-USER", "1", "-j", chain],
            ] {
                let done = try await Command.run(["iptables", "-w", "5"] + words)
                #expect(done.exitCode == 0, "\(done.output)")
            }
        }

        private func command(_ verb: String, _ manager: ManagerProcess) async throws -> Command {
            try await Command.run(
                [Repository.binary, "network-rules", verb], environment: manager.settings.environment)
        }

        /// The chains that the rules touch, and those of installations. The engine's own change with every network.
        private static func iptables() async throws -> [String] {
            let mangle = try await Command.run(["iptables", "-t", "mangle", "-S"]).output
            let filter = try await Command.run(["iptables", "-S"]).output
            return ([mangle, filter].joined(separator: "\n")).split(separator: "\n").map(String.init).filter { line in
                ["SUPAMANAGER-", "-A INPUT ", "-A DOCKER-USER "].contains { line.contains($0) }
            }
        }
    }
}

/// A machine on the host's network with a route to the projects, as a network namespace; and a service of the host that
/// listens on every address.
private struct Neighbour {
    let hostAddress: String
    let hostPort: UInt16
    private let name: String
    /// On the host, and in the neighbour.
    private let services: [Process]

    init(towards pool: String, metadata: String, forwarded: String) async throws {
        name = "sm" + String(UInt32.random(in: 0...0xFFFFFF), radix: 16)
        let block = Int.random(in: 1...250)
        hostAddress = "192.168.\(block).1"
        hostPort = UInt16.random(in: 32_000...32_700)
        let (outer, inner) = (name + "o", name + "i")
        try await Self.must("ip", "netns", "add", name)
        try await Self.must("ip", "link", "add", outer, "type", "veth", "peer", "name", inner, "netns", name)
        try await Self.must("ip", "address", "add", "\(hostAddress)/24", "dev", outer)
        try await Self.must("ip", "address", "add", "\(metadata)/32", "dev", outer)
        try await Self.must("ip", "link", "set", outer, "up")
        try await Self.must("ip", "-n", name, "address", "add", "192.168.\(block).2/24", "dev", inner)
        try await Self.must("ip", "-n", name, "link", "set", inner, "up")
        try await Self.must("ip", "-n", name, "link", "set", "lo", "up")
        try await Self.must("ip", "-n", name, "route", "add", pool, "via", hostAddress)
        try await Self.must("ip", "-n", name, "address", "add", "\(forwarded)/32", "dev", inner)
        try await Self.must("ip", "route", "add", "\(forwarded)/32", "dev", outer)
        services = try [[], ["ip", "netns", "exec", name]].map { [hostPort] prefix in
            let service = Process()
            service.executableURL = URL(filePath: "/usr/bin/env")
            let listening = [String(hostPort), "--bind", "0.0.0.0", "--directory", "/var/empty"]
            service.arguments = prefix + ["python3", "-m", "http.server"] + listening
            service.standardOutput = FileHandle.nullDevice
            service.standardError = FileHandle.nullDevice
            try service.run()
            return service
        }
        let (port, name) = (hostPort, name)
        _ = try await eventually("the host's service", within: .seconds(10)) { PortHolder.isFree(port) ? nil : true }
        _ = try await eventually("the neighbour's service", within: .seconds(10)) {
            try await Command.run(["ip", "netns", "exec", name] + Self.connection(to: forwarded, port)).exitCode == 0
                ? true : nil
        }
    }

    private static func connection(to address: String, _ port: UInt16) -> [String] {
        let program = "import socket,sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 2)"
        return ["/usr/bin/python3", "-c", program, address, String(port)]
    }

    /// The addresses to which the neighbour opens a TCP connection.
    func reached(of addresses: [String], _ port: UInt16) async throws -> [String] {
        var reached: [String] = []
        for address in addresses {
            let command = ["ip", "netns", "exec", name] + Self.connection(to: address, port)
            if try await Command.run(command).exitCode == 0 { reached.append(address) }
        }
        return reached
    }

    func remove() async {
        for service in services { service.terminate() }
        await uncancelled { [name] in
            // The link goes with its other end.
            _ = try? await Command.run(["ip", "link", "delete", name + "o"])
            _ = try? await Command.run(["ip", "netns", "delete", name])
        }
    }

    private static func must(_ arguments: String...) async throws {
        let done = try await Command.run(arguments)
        guard done.exitCode == 0 else { throw Trouble("\(arguments): \(done.output)") }
    }
}
