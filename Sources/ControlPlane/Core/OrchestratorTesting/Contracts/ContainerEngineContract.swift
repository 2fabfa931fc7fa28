public import Orchestrator
public import ProjectModel
import Reconciler

/// What every ``ContainerEngine`` promises. Tests run it on ``FakeEngine`` and on the real engine, so that the fake
/// cannot drift from what it stands for.
public enum ContainerEngineContract {
    /// What the contract may use on the engine. It removes all that it makes, also when it fails.
    public struct Surroundings: Sendable {
        /// The project to which everything belongs.
        public var ref: ProjectRef
        /// Beginning of all names.
        public var namePrefix: String
        /// An image that the engine has, and a command with which it runs for a minute at least.
        public var image: String
        public var command: [String]
        /// A free subnet; its halves are used by two networks.
        public var subnet: IPv4Network
        /// Two free host ports.
        public var ports: (UInt16, UInt16)

        public init(
            ref: ProjectRef, namePrefix: String, image: String, command: [String], subnet: IPv4Network,
            ports: (UInt16, UInt16)
        ) {
            self.ref = ref
            self.namePrefix = namePrefix
            self.image = image
            self.command = command
            self.subnet = subnet
            self.ports = ports
        }
    }

    /// Checks every promise; throws the first that is broken. Afterwards the engine holds no object of the project.
    public static func run(on engine: any ContainerEngine, _ surroundings: Surroundings) async throws {
        let run = ContractRun(engine: engine, surroundings: surroundings)
        do {
            try await run.checkAll()
        } catch {
            try await run.clear()
            throw error
        }
        try await run.clear()
    }
}

struct ContractRun {
    let engine: any ContainerEngine
    let surroundings: ContainerEngineContract.Surroundings

    var ref: ProjectRef { surroundings.ref }
    /// The lower half of the subnet, with a way out.
    var network: DesiredNetwork {
        DesiredNetwork(name: surroundings.namePrefix + "default", subnet: half(at: 0))
    }
    /// The upper half, without one.
    var inner: DesiredNetwork {
        DesiredNetwork(
            name: surroundings.namePrefix + "inner", composeName: "inner", subnet: half(at: 1), isInternal: true)
    }
    var volume: DesiredVolume { DesiredVolume(name: surroundings.namePrefix + "data", composeName: "data") }

    func service(_ name: ServiceName, port: UInt16) -> DesiredService {
        var spec = ContainerSpec(image: surroundings.image, environment: ["KEY": "value"])
        spec.command = surroundings.command
        spec.stopGracePeriod = .seconds(1)
        spec.networks = [.init(network: network.name), .init(network: inner.name, aliases: ["\(name)-inside"])]
        spec.mounts = [.init(source: .volume(name: volume.name), target: "/contract")]
        spec.ports = [.init(hostAddress: "127.0.0.1", hostPort: port, containerPort: 80)]
        return DesiredService(
            name: name, containerName: surroundings.namePrefix + name.text, configHash: "hash-\(name)", spec: spec)
    }

    private func half(at index: UInt64) -> IPv4Network {
        let subnet = surroundings.subnet
        let base = subnet.address(at: UInt32(clamping: index * subnet.addressCount / 2)) ?? subnet.base
        return IPv4Network(containing: base, prefixLength: subnet.prefixLength + 1) ?? subnet
    }

    func perform(_ operation: EngineOperation) async throws(EngineError) {
        try await engine.perform(operation, for: ref)
    }

    /// The error of a call that must be refused.
    func refusal(_ operation: EngineOperation) async throws -> EngineError {
        do { try await perform(operation) } catch { return error }
        throw ContractViolation("\(operation) must be refused")
    }

    func container(_ name: ServiceName) async throws -> ObservedContainer {
        guard let found = try await engine.observe(ref).container(of: name) else {
            throw ContractViolation("the container of \(name) is listed under its service")
        }
        return found
    }

    func checkAll() async throws {
        try await engine.ping()
        try promise("a project that was never seen is empty", try await engine.observe(ref).isEmpty)
        try await checkImages()
        try await checkNetworksAndVolumes()
        let first = try await checkContainers()
        try await checkStates(of: first)
        try await checkPorts()
        try await checkRemovals()
    }

    func clear() async throws {
        let rest = try await engine.observe(ref)
        for container in rest.containers {
            try await perform(.removeContainer(id: container.id, service: container.service))
        }
        for network in rest.networks { try await perform(.removeNetwork(id: network.id, name: network.name)) }
        for volume in rest.volumes { try await perform(.removeVolume(name: volume.name)) }
    }

    private func checkImages() async throws {
        let absent = "supamanager.invalid/never:made"
        let missing = try await engine.missingImages([surroundings.image, absent])
        try promise("exactly the images that the engine lacks are missing", missing == [absent])
    }

    private func checkNetworksAndVolumes() async throws {
        try await perform(.createNetwork(network))
        try await perform(.createNetwork(inner))
        try await perform(.createVolume(volume))
        let observed = try await engine.observe(ref)
        let subnets = observed.networks.reduce(into: [:]) { $0[$1.name] = $1.subnet }
        try promise(
            "networks have their names and subnets",
            subnets == [network.name: network.subnet, inner.name: inner.subnet])
        try promise("a volume has its name", observed.volumes.map(\.name) == [volume.name])
        let overview = try await engine.overview()
        let used = overview.use.subnets
        try promise("subnets of the project are in use", used.isSuperset(of: [network.subnet, inner.subnet]))
        try promise(
            "the project is in the overview with the fingerprint of what was observed",
            overview.fingerprints[ref] == observed.fingerprint)
        var other = network
        other.name += "-other"
        guard case .subnetTaken = try await refusal(.createNetwork(other)) else {
            throw ContractViolation("a network on a subnet in use is refused as subnetTaken")
        }
        guard case .nameTaken = try await refusal(.createNetwork(network)) else {
            throw ContractViolation("a second network of the same name is refused as nameTaken")
        }
        // A volume of ours that exists is as asked for.
        try await perform(.createVolume(volume))
    }

    private func checkContainers() async throws -> ObservedContainer {
        let db = service(.db, port: surroundings.ports.0)
        guard case .notFound = try await refusal(.startContainer(name: db.containerName, service: .db)) else {
            throw ContractViolation("starting a container that does not exist is refused as notFound")
        }
        try await perform(.createContainer(db))
        let created = try await container(.db)
        try promise("a new container is created, not running", created.state == .created)
        try promise("a container has its name", created.name == db.containerName)
        try promise("a container has its configuration's fingerprint", created.configHash == db.configHash)
        let hasAddress = created.attachments.contains { $0.address != nil }
        try promise("a new container was never started", created.startedAt == nil && !hasAddress)
        guard case .nameTaken = try await refusal(.createContainer(db)) else {
            throw ContractViolation("a second container of the same name is refused as nameTaken")
        }
        var foreign = service(.auth, port: surroundings.ports.1)
        foreign.spec.image = "supamanager.invalid/never:made"
        guard case .imageMissing = try await refusal(.createContainer(foreign)) else {
            throw ContractViolation("a container of an image that is missing is refused as imageMissing")
        }
        return created
    }
}
