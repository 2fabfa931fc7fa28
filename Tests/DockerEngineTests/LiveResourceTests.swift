import CurlKit
import DockerEngine
import HTTPStub
import Testing

@Suite("System, images, networks and volumes on a real engine", .enabled(if: LiveEngine.isAvailable, LiveEngine.reason))
struct LiveResourceTests {
    @Test("the engine says who it is, and a common version is found")
    func system() async throws {
        try await LiveEngine.with { engine async throws in
            let docker = engine.client
            try await docker.ping()
            let version = try await docker.version()
            #expect(version == docker.engine)
            #expect(version.operatingSystem == "linux")
            #expect(docker.apiVersion >= .minimum)
            #expect(docker.apiVersion <= .newestKnown)
            let info = try await docker.info()
            #expect(info.serverVersion == version.version)
            #expect(info.processors > 0)
            #expect(info.memoryBytes > 0)
            #expect(info.rootDirectory.hasPrefix("/"))
        }
    }

    @Test("an image is inspected under each of its names")
    func images() async throws {
        try await LiveEngine.with { engine async throws in
            let docker = engine.client
            let image = try await docker.inspectImage(LiveEngine.imageName)
            #expect(image.tags.contains(LiveEngine.imageName))
            #expect(image.labels == ["smtest.image": "busybox"])
            #expect(image.operatingSystem == "linux")
            #expect(image.sizeBytes > 100_000)
            let copy = try ImageReference(engine.name("copy") + "/deep:v1")
            try await docker.tagImage(LiveEngine.imageName, as: copy)
            #expect(try await docker.inspectImage("\(copy)").id == image.id)
            #expect(try await docker.inspectImage(image.id).id == image.id)
            try await docker.removeImage("\(copy)")
            #expect(await dockerError { _ = try await docker.inspectImage("\(copy)") }?.isNoSuchImage == true)
            var spec = engine.spec("missing", "")
            spec.image = "\(copy)"
            #expect(await dockerError { _ = try await docker.createContainer(spec) }?.isNoSuchImage == true)
        }
    }

    @Test("an image that a container uses is not removed")
    func imageInUse() async throws {
        try await LiveEngine.with { engine async throws in
            let docker = engine.client
            let archive = try TarArchive.write([TarEntry(path: "f", kind: .file([1, 2, 3]), mode: 0o644)])
            let reference = try ImageReference(engine.name("own") + ":1")
            let id = try await docker.importImage(archive, as: reference, changes: ["CMD [\"/f\"]"])
            #expect(try await docker.inspectImage("\(reference)").id == id)
            var spec = engine.spec("user", "")
            spec.image = "\(reference)"
            spec.command = nil
            let container = try await docker.createContainer(spec).id
            let error = await dockerError { try await docker.removeImage("\(reference)") }
            #expect(error?.isConflict == true)
            try await docker.removeContainer(container)
            try await docker.removeImage("\(reference)")
            #expect(await dockerError { _ = try await docker.inspectImage(id) }?.isNoSuchImage == true)
        }
    }

    @Test("a pull from a registry that does not answer fails with the engine's words")
    func pullFailure() async throws {
        try await LiveEngine.with { engine async throws in
            let reference = try ImageReference("127.0.0.1:1/nothing:1")
            let error = await dockerError {
                for try await _ in try await engine.client.pullImage(reference) {}
            }
            #expect(error?.engineMessage?.contains("127.0.0.1:1") == true)
        }
    }

    @Test("a network has the wanted subnet, and its containers the wanted addresses and names")
    func networks() async throws {
        try await LiveEngine.with { engine async throws in
            let docker = engine.client
            let (id, subnet) = try await engine.createNetwork("net")
            let network = try await docker.inspectNetwork(id)
            #expect(network.name == engine.name("net"))
            #expect(network.driver == "bridge")
            #expect(network.subnets == [NetworkSubnet(subnet: "\(subnet).0/27", gateway: "\(subnet).1")])
            #expect(network.labels == engine.labels)
            #expect(network.driverOptions["com.docker.network.bridge.enable_icc"] == "true")
            #expect(try await docker.listNetworks(labels: engine.filter).map(\.id) == [id])
            #expect(try await docker.listNetworks().contains { $0.name == "bridge" && !$0.subnets.isEmpty })
            var server = engine.spec("server", "while :; do echo hello | nc -l -p 7000; done")
            server.endpoints = [EndpointSpec(network: id, aliases: ["alias"], ipv4Address: "\(subnet).5")]
            let serverID = try await engine.start(server)
            let endpoint = try #require(
                try await docker.inspectContainer(serverID).endpoints.values.first { $0.networkID == id })
            #expect(endpoint.ipv4Address == "\(subnet).5")
            #expect(endpoint.requestedIPv4Address == "\(subnet).5")
            #expect(endpoint.aliases.contains("alias"))
            let listed = try #require(try await docker.listContainers(labels: engine.filter).first)
            #expect(listed.endpoints.values.contains { $0.networkID == id && $0.ipv4Address == "\(subnet).5" })
            #expect(try await docker.inspectNetwork(id).containers[serverID]?.ipv4Address == "\(subnet).5/27")
            var client = engine.spec(
                "client", "for i in 1 2 3 4 5 6 7 8 9; do nc alias 7000 </dev/null && exit; sleep 0.3; done")
            client.endpoints = [EndpointSpec(network: id)]
            let clientID = try await engine.start(client)
            _ = try await docker.exitCode(of: clientID)
            #expect(try await docker.logs(of: clientID).text(of: .standardOutput).contains("hello"))
            #expect(await dockerError { try await docker.removeNetwork(id) }?.hasActiveEndpoints == true)
        }
    }

    @Test("a container joins a second network")
    func connect() async throws {
        try await LiveEngine.with { engine async throws in
            let docker = engine.client
            let (first, _) = try await engine.createNetwork("first")
            let (second, subnet) = try await engine.createNetwork("second")
            var spec = engine.spec("both", "sleep 600")
            spec.endpoints = [EndpointSpec(network: first)]
            let id = try await engine.start(spec)
            try await docker.connectNetwork(
                EndpointSpec(network: second, aliases: ["x"], ipv4Address: "\(subnet).9"), container: id)
            let addresses = try await docker.inspectContainer(id).endpoints.values.map(\.ipv4Address)
            #expect(addresses.count == 2)
            #expect(addresses.contains("\(subnet).9"))
        }
    }

    @Test("clashes of names, subnets, addresses and ports are recognised by the engine's words")
    func clashes() async throws {
        try await LiveEngine.with { engine async throws in
            let docker = engine.client
            let (network, subnet) = try await engine.createNetwork("net")
            let sameName = await dockerError {
                _ = try await docker.createNetwork(NetworkSpec(name: engine.name("net"), labels: engine.labels))
            }
            #expect(sameName?.isNameInUse == true)
            let sameSubnet = await dockerError {
                _ = try await docker.createNetwork(
                    NetworkSpec(name: engine.name("net2"), subnet: "\(subnet).0/28", labels: engine.labels))
            }
            #expect(sameSubnet?.isSubnetUnavailable == true, "\(String(describing: sameSubnet))")
            #expect(sameSubnet?.isNameInUse == false)
            var first = engine.spec("first", "sleep 600")
            first.endpoints = [EndpointSpec(network: network, ipv4Address: "\(subnet).7")]
            first.host.portBindings = [PortBinding(containerPort: ContainerPort(80), hostAddress: "127.0.0.1")]
            let id = try await engine.start(first)
            let published = try #require(try await docker.inspectContainer(id).ports.first)
            let port = try #require(published.hostPort)
            #expect(published.hostAddress == "127.0.0.1")
            #expect(try await docker.listContainers(labels: engine.filter).first?.ports == [published])
            let nameClash = await dockerError { _ = try await docker.createContainer(first) }
            #expect(nameClash?.isNameInUse == true)
            #expect(nameClash?.isSubnetUnavailable == false)
            var second = engine.spec("second", "sleep 600")
            second.endpoints = [EndpointSpec(network: network, ipv4Address: "\(subnet).7")]
            let addressClash = await dockerError { _ = try await engine.start(second) }
            #expect(addressClash?.hostPortConflict == nil)
            var third = engine.spec("third", "sleep 600")
            third.host.portBindings = [
                PortBinding(containerPort: ContainerPort(80), hostAddress: "127.0.0.1", hostPort: port)
            ]
            let portClash = await dockerError { _ = try await engine.start(third) }
            #expect(portClash?.hostPortConflict == HostPortConflict(port: port), "\(String(describing: portClash))")
            // The same, when the port's holder is no container.
            let stub = try StubServer(.loopback) { _ in [.close] }
            defer { stub.stop() }
            var fourth = engine.spec("fourth", "sleep 600")
            fourth.host.portBindings = [
                PortBinding(containerPort: ContainerPort(80), hostAddress: "127.0.0.1", hostPort: stub.port)
            ]
            let hostClash = await dockerError { _ = try await engine.start(fourth) }
            #expect(
                hostClash?.hostPortConflict == HostPortConflict(port: stub.port), "\(String(describing: hostClash))")
        }
    }

    @Test("a volume is created, filled, kept from removal while mounted, and removed")
    func volumes() async throws {
        try await LiveEngine.with { engine async throws in
            let docker = engine.client
            let name = engine.name("volume")
            let volume = try await docker.createVolume(VolumeSpec(name: name, labels: engine.labels))
            #expect(volume.name == name)
            #expect(volume.labels == engine.labels)
            #expect(volume.driver == "local")
            #expect(volume.created != nil)
            // The engine returns what is there instead of refusing.
            #expect(
                try await docker.createVolume(VolumeSpec(name: name, labels: ["other": "x"])).labels == engine.labels)
            #expect(try await docker.inspectVolume(name).mountPoint == volume.mountPoint)
            #expect(try await docker.listVolumes(labels: engine.filter).map(\.name) == [name])
            var writer = engine.spec("writer", "echo kept > /data/f")
            writer.host.mounts = [MountSpec(.volume(name: name, noCopy: true), target: "/data")]
            let id = try await engine.start(writer)
            #expect(try await docker.exitCode(of: id) == 0)
            #expect(await dockerError { try await docker.removeVolume(name) }?.isConflict == true)
            try await docker.removeContainer(id)
            var reader = engine.spec("reader", "cat /data/f; echo no > /data/f")
            reader.host.mounts = [MountSpec(.volume(name: name), target: "/data", isReadOnly: true)]
            let second = try await engine.start(reader)
            #expect(try await docker.exitCode(of: second) != 0)
            #expect(try await docker.logs(of: second).text(of: .standardOutput) == "kept\n")
            #expect(try await docker.inspectContainer(second).mounts.first?.name == name)
            try await docker.removeContainer(second)
            try await docker.removeVolume(name)
            #expect(await dockerError { _ = try await docker.inspectVolume(name) }?.isNotFound == true)
        }
    }

    @Test("events come for the wanted objects and actions only, from the moment the call returns")
    func events() async throws {
        try await LiveEngine.with { engine async throws in
            let docker = engine.client
            let events = try await docker.events(
                EventFilter(types: [.container], actions: ["create", "start", "die", "destroy"], labels: engine.filter))
            let id = try await engine.start(engine.spec("events", "exit 5"))
            _ = try await docker.exitCode(of: id)
            _ = try await docker.inspectContainer(id)
            try await docker.removeContainer(id)
            var seen: [DockerEvent] = []
            for try await event in events {
                seen.append(event)
                if event.action == "destroy" { break }
            }
            #expect(seen.map(\.action) == ["create", "start", "die", "destroy"])
            #expect(seen.allSatisfy { $0.actorID == id && $0.type == "container" && $0.timeNanoseconds > 0 })
            #expect(seen[2].attributes["exitCode"] == "5")
            #expect(seen[2].attributes[LiveEngine.runLabel] == engine.run)
        }
    }

    @Test("an event stream that is let go leaves no request behind")
    func eventsCancelled() async throws {
        try await LiveEngine.with { engine async throws in
            let docker = engine.client
            let stream = try await docker.events(EventFilter(labels: engine.filter))
            let reader = Task {
                for try await _ in stream {}
            }
            reader.cancel()
            let error = await dockerError { try await reader.value }
            #expect(error?.isCancelled == true)
            #expect(engine.http.load.long == 0)
        }
    }
}

extension LiveEngine {
    /// Makes a network with a /27 of its own, trying others where the engine refuses one. Returns the first three
    /// parts of its addresses.
    func createNetwork(_ suffix: String) async throws -> (id: String, subnet: String) {
        for attempt in 0..<20 {
            let subnet = "10.\(Int.random(in: 200...250)).\(Int.random(in: 0...255))"
            let spec = NetworkSpec(
                name: name(suffix), subnet: "\(subnet).0/27", gateway: "\(subnet).1", labels: labels,
                driverOptions: ["com.docker.network.bridge.enable_icc": "true"])
            do throws(DockerError) {
                let id = try await client.createNetwork(spec)
                return (id, subnet)
            } catch {
                guard error.isSubnetUnavailable, attempt < 19 else { throw error }
            }
        }
        throw DockerError.invalidArgument("no subnet is free")
    }
}
