public import ProjectModel

/// The desired objects of one project, rendered from its template.
public struct DesiredStack: Sendable, Equatable {
    public var ref: ProjectRef
    /// The project's networks: one at least, each within the leased subnet.
    public var networks: [DesiredNetwork]
    /// Volumes by their name on the engine.
    public var volumes: [String: DesiredVolume]
    public var services: [ServiceName: DesiredService]
    /// Files that the project's folder must hold besides those of the template, by path relative to it. They come
    /// from Compose's `configs` and may be made of secrets.
    public var files: [String: Secret<String>]
    /// Folder of deployed functions in the project's folder; nil where the stack runs none.
    public var functionsFolder: String?

    public init(
        ref: ProjectRef, networks: [DesiredNetwork], volumes: [String: DesiredVolume] = [:],
        services: [ServiceName: DesiredService] = [:], files: [String: Secret<String>] = [:],
        functionsFolder: String? = nil
    ) {
        self.ref = ref
        self.networks = networks
        self.volumes = volumes
        self.services = services
        self.files = files
        self.functionsFolder = functionsFolder
    }

    /// Services that wait for `service`, directly.
    public func dependents(of service: ServiceName) -> [ServiceName] {
        services.values.filter { $0.dependencies.contains { $0.service == service } }.map(\.name).sorted()
    }

    /// How many services depend on each, directly or through others.
    var dependentCounts: [ServiceName: Int] {
        var reached: [ServiceName: Set<ServiceName>] = [:]
        // Each comes after all that it depends on, so backwards all that depend on it are known.
        for name in startOrder(services).reversed() {
            let direct = Set(dependents(of: name))
            reached[name] = direct.reduce(direct) { $0.union(reached[$1] ?? []) }
        }
        return reached.mapValues(\.count)
    }
}

/// A network to create.
public struct DesiredNetwork: Sendable, Equatable {
    /// Name on the engine.
    public var name: String
    /// Key in the Compose file (`default`).
    public var composeName: String
    /// The leased subnet, or this network's part of it.
    public var subnet: IPv4Network
    /// Part of the subnet from which the engine assigns addresses; all of it when nil.
    public var addressRange: IPv4Network?
    /// The host's own address on the network; the engine's choice when absent.
    public var gateway: IPv4Address?
    /// Whether the network has no way out.
    public var isInternal: Bool

    public init(
        name: String, composeName: String = "default", subnet: IPv4Network, addressRange: IPv4Network? = nil,
        gateway: IPv4Address? = nil, isInternal: Bool = false
    ) {
        self.name = name
        self.composeName = composeName
        self.subnet = subnet
        self.addressRange = addressRange
        self.gateway = gateway
        self.isInternal = isInternal
    }
}

/// A named volume to create.
public struct DesiredVolume: Sendable, Equatable {
    /// Name on the engine.
    public var name: String
    /// Key in the Compose file (`db-data`).
    public var composeName: String
    /// Volume driver; `local` unless the template says otherwise.
    public var driver: String
    public var driverOptions: [String: String]
    /// Mark to create it with, drawn at random once for each volume.
    public var identity: String?

    public init(
        name: String, composeName: String, driver: String = "local", driverOptions: [String: String] = [:],
        identity: String? = nil
    ) {
        self.name = name
        self.composeName = composeName
        self.driver = driver
        self.driverOptions = driverOptions
        self.identity = identity
    }
}

/// One service of a stack: its container and what the manager must know to start and watch it.
public struct DesiredService: Sendable, Equatable {
    public var name: ServiceName
    /// Name of its container on the engine.
    public var containerName: String
    /// Fingerprint of everything that must lead to a new container when it changes.
    public var configHash: String
    public var spec: ContainerSpec
    public var dependencies: [Dependency]
    /// How readiness is found out; a service without a probe is ready while its container runs.
    public var probe: Probe?
    /// Whether the project counts as healthy without it.
    public var isOptional: Bool
    /// Whether it runs once and ends (something waits for its successful end).
    public var runsOnce: Bool
    /// Longest time from start to first readiness before the start counts as failed.
    public var bootDeadline: Duration
    public var roles: Set<ServiceRole>

    /// Label of containers that serve a backup or a restore; see ``ObservedContainer/isHelper``.
    public static let helperLabel = "supamanager.helper"

    /// Default of ``bootDeadline``; the slowest real service needs about a minute on a small machine.
    public static let bootDeadlineDefault: Duration = .seconds(180)

    public init(
        name: ServiceName, containerName: String, configHash: String, spec: ContainerSpec,
        dependencies: [Dependency] = [], probe: Probe? = nil, isOptional: Bool = false, runsOnce: Bool = false,
        bootDeadline: Duration = bootDeadlineDefault, roles: Set<ServiceRole> = []
    ) {
        self.name = name
        self.containerName = containerName
        self.configHash = configHash
        self.spec = spec
        self.dependencies = dependencies
        self.probe = probe
        self.isOptional = isOptional
        self.runsOnce = runsOnce
        self.bootDeadline = bootDeadline
        self.roles = roles
    }
}

/// One entry of `depends_on`.
public struct Dependency: Sendable, Equatable {
    /// The condition on the other service; Compose's three values.
    public enum Condition: String, Sendable, Equatable {
        case started = "service_started"
        case healthy = "service_healthy"
        case completed = "service_completed_successfully"
    }

    /// The other service.
    public var service: ServiceName
    /// The condition on it.
    public var condition: Condition

    public init(on service: ServiceName, _ condition: Condition = .healthy) {
        self.service = service
        self.condition = condition
    }
}
