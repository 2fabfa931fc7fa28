/// The host configuration of a container: mounts, ports, limits, privileges.
public struct ContainerHostSpec: Sendable, Equatable {
    /// Bind mounts, volumes and temporary file systems.
    public var mounts: [MountSpec]
    /// Published ports.
    public var portBindings: [PortBinding]
    public var restartPolicy: RestartPolicy
    /// The log driver; nil means the engine's default.
    public var log: LogSpec?
    /// Memory, processors, processes.
    public var resources: ResourceSpec
    /// Capabilities on top of the default ones.
    public var addedCapabilities: [String]
    /// Default capabilities that it does not get; `ALL` for all of them.
    public var droppedCapabilities: [String]
    /// For instance `no-new-privileges:true`.
    public var securityOptions: [String]
    /// Whether its root file system cannot be written.
    public var isReadOnly: Bool
    /// Temporary file systems in the short form: path and options, for instance `size=64m`.
    public var temporaryFileSystems: [String: String]
    /// Whether the engine's init runs as process 1; nil means the engine's default.
    public var usesInit: Bool?
    /// Lines for `/etc/hosts`, as `name:address`.
    public var extraHosts: [String]
    /// Kernel parameters of its namespaces.
    public var kernelParameters: [String: String]
    /// Whether it has no network.
    public var isOffline = false

    public init(
        mounts: [MountSpec] = [], portBindings: [PortBinding] = [], restartPolicy: RestartPolicy = .never,
        log: LogSpec? = nil, resources: ResourceSpec = ResourceSpec(), addedCapabilities: [String] = [],
        droppedCapabilities: [String] = [], securityOptions: [String] = [], isReadOnly: Bool = false,
        temporaryFileSystems: [String: String] = [:], usesInit: Bool? = nil, extraHosts: [String] = [],
        kernelParameters: [String: String] = [:]
    ) {
        self.mounts = mounts
        self.portBindings = portBindings
        self.restartPolicy = restartPolicy
        self.log = log
        self.resources = resources
        self.addedCapabilities = addedCapabilities
        self.droppedCapabilities = droppedCapabilities
        self.securityOptions = securityOptions
        self.isReadOnly = isReadOnly
        self.temporaryFileSystems = temporaryFileSystems
        self.usesInit = usesInit
        self.extraHosts = extraHosts
        self.kernelParameters = kernelParameters
    }
}

/// A mount of a container.
public struct MountSpec: Sendable, Equatable {
    /// What is mounted.
    public enum Source: Sendable, Equatable {
        /// A path of the engine's host, which must exist. Propagation is the engine's, `rprivate`, unless given.
        case bind(path: String, propagation: String? = nil)
        /// A volume. If it does not exist it is created with these labels. An empty one is filled from the image's
        /// directory unless `noCopy` is set.
        case volume(name: String, noCopy: Bool = false, labels: [String: String] = [:])
        /// A file system in memory.
        case tmpfs(sizeBytes: Int64? = nil, mode: UInt32? = nil)
    }

    /// What is mounted.
    public var source: Source
    /// Where: an absolute path in the container.
    public var target: String
    /// Whether the container cannot write there.
    public var isReadOnly: Bool

    public init(_ source: Source, target: String, isReadOnly: Bool = false) {
        self.source = source
        self.target = target
        self.isReadOnly = isReadOnly
    }
}

/// A container's port on the host.
public struct PortBinding: Sendable, Hashable {
    /// The port inside.
    public var containerPort: ContainerPort
    /// The host's address to listen on; nil means all of them.
    public var hostAddress: String?
    /// The host's port; nil leaves the choice to the engine.
    public var hostPort: Int?

    public init(containerPort: ContainerPort, hostAddress: String? = nil, hostPort: Int? = nil) {
        self.containerPort = containerPort
        self.hostAddress = hostAddress
        self.hostPort = hostPort
    }
}

/// The restart policy of a container.
public enum RestartPolicy: Sendable, Equatable {
    /// Nothing.
    case never
    /// Starts it again, also after a restart of the engine.
    case always
    /// As `always`, unless it was stopped by a call.
    case unlessStopped
    /// Starts it again when its exit code is not zero, at most this many times; 0 for no limit.
    case onFailure(maximumRetries: Int)
}

/// The log driver of a container.
public struct LogSpec: Sendable, Equatable, Encodable {
    /// The log driver, for instance `json-file`.
    public var driver: String
    /// Its options, for instance `max-size`.
    public var options: [String: String]

    public init(driver: String, options: [String: String] = [:]) {
        self.driver = driver
        self.options = options
    }

    enum CodingKeys: String, CodingKey {
        case driver = "Type"
        case options = "Config"
    }
}

/// Limits on what a container may use. What is nil is not limited.
public struct ResourceSpec: Sendable, Equatable {
    /// A limit of the kernel per process.
    public struct Ulimit: Sendable, Equatable, Encodable {
        /// The name without `RLIMIT_`, in small letters: `nofile`.
        public var name: String
        /// What applies at first.
        public var soft: Int64
        /// What a process may raise it to.
        public var hard: Int64

        public init(name: String, soft: Int64, hard: Int64) {
            self.name = name
            self.soft = soft
            self.hard = hard
        }

        enum CodingKeys: String, CodingKey {
            case name = "Name"
            case soft = "Soft"
            case hard = "Hard"
        }
    }

    public var memoryBytes: Int64?
    /// Memory and swap together; -1 for any amount of swap.
    public var memoryAndSwapBytes: Int64?
    /// Memory that it is pushed back to when the host is short of it.
    public var memoryReservationBytes: Int64?
    /// Processors in billionths: 1 500 000 000 is one and a half.
    public var nanoCPUs: Int64?
    /// Weight against other containers when processors are short; the kernel's default is 1024.
    public var cpuShares: Int64?
    /// Processes and threads.
    public var processes: Int64?
    /// `/dev/shm`.
    public var sharedMemoryBytes: Int64?
    /// Limits per process.
    public var ulimits: [Ulimit]

    /// Limits; all may be left out.
    public init(
        memoryBytes: Int64? = nil, memoryAndSwapBytes: Int64? = nil, memoryReservationBytes: Int64? = nil,
        nanoCPUs: Int64? = nil, cpuShares: Int64? = nil, processes: Int64? = nil, sharedMemoryBytes: Int64? = nil,
        ulimits: [Ulimit] = []
    ) {
        self.memoryBytes = memoryBytes
        self.memoryAndSwapBytes = memoryAndSwapBytes
        self.memoryReservationBytes = memoryReservationBytes
        self.nanoCPUs = nanoCPUs
        self.cpuShares = cpuShares
        self.processes = processes
        self.sharedMemoryBytes = sharedMemoryBytes
        self.ulimits = ulimits
    }
}
