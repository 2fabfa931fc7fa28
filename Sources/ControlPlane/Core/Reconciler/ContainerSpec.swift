public import ProjectModel

/// Everything an engine needs to create one container, in the engine's concepts but free of any engine's wire format.
public struct ContainerSpec: Sendable, Equatable {
    /// Image reference, registry prefix included.
    public var image: String
    /// Whether the image is pulled where the engine does not have it; one that is made on the host is not.
    public var pullsImage = true
    /// Replaces the image's command when set.
    public var command: [String]?
    /// Replaces the image's entry point when set.
    public var entrypoint: [String]?
    /// Environment of the process. Holds the project's secrets, so it is never printed.
    public var environment: Secret<[String: String]>
    /// Labels of the template's author; the manager's own labels are added by the engine adapter.
    public var labels: [String: String] = [:]
    /// User (and group) of the process, `uid[:gid]` or names.
    public var user: String?
    /// Working folder of the process.
    public var workingDirectory: String?
    /// Host name inside the container.
    public var hostname: String?
    /// Signal that asks the process to end, for example `SIGINT`.
    public var stopSignal: String?
    /// How long the process may take to end before it is killed.
    public var stopGracePeriod: Duration = .seconds(10)
    /// Whether an init process reaps zombies and forwards signals.
    public var usesInit: Bool?
    /// Whether the root file system is read-only.
    public var isReadOnly = false
    /// The mounts of the container.
    public var mounts: [Mount] = []
    /// Ports published on the host.
    public var ports: [PublishedPort] = []
    /// Further ports the process listens on, `port/protocol`.
    public var exposedPorts: [String] = []
    /// The networks that the container joins, the first being the one on which it is probed; the engine's default
    /// network when empty.
    public var networks: [NetworkAttachment] = []
    /// Whether it has no network at all, whatever ``networks`` says.
    public var isOffline = false
    public var restartPolicy: RestartPolicy = .no
    /// Log driver and its options; the engine's default when absent.
    public var logging: Logging?
    /// Limits on memory, processor time and processes.
    public var resources = Resources()
    /// Limits of the process, by name (`nofile`).
    public var ulimits: [String: Ulimit] = [:]
    /// Linux capabilities added.
    public var addedCapabilities: [String] = []
    /// Linux capabilities taken away.
    public var droppedCapabilities: [String] = []
    /// Security options, for example `no-new-privileges:true`.
    public var securityOptions: [String] = []
    /// Further lines of `/etc/hosts`, `name:address`.
    public var extraHosts: [String] = []
    /// Size of `/dev/shm` in bytes.
    public var sharedMemoryBytes: Int64?
    /// Kernel parameters of the container's namespaces.
    public var sysctls: [String: String] = [:]

    /// A container with an image and an environment.
    public init(image: String, environment: [String: String] = [:]) {
        self.image = image
        self.environment = Secret(environment)
    }
}

extension ContainerSpec {
    /// A place on one of the project's networks.
    public struct NetworkAttachment: Sendable, Equatable {
        /// Name of the network on the engine.
        public var network: String
        /// Further names of the container on it; the service name is always one.
        public var aliases: [String]
        /// Fixed address on it, when the service needs one.
        public var address: IPv4Address?

        /// A place on `network`.
        public init(network: String, aliases: [String] = [], address: IPv4Address? = nil) {
            self.network = network
            self.aliases = aliases
            self.address = address
        }
    }

    public struct Mount: Sendable, Equatable {
        /// What is mounted.
        public enum Source: Sendable, Equatable {
            /// A folder or file of the host, by absolute path.
            case bind(path: String)
            /// A named volume.
            case volume(name: String)
            /// A file system in memory; the size in bytes and the mode are optional.
            case tmpfs(sizeBytes: Int64?, mode: Int?)
        }

        /// What is mounted.
        public var source: Source
        /// Absolute path inside the container.
        public var target: String
        /// Whether writing is refused.
        public var isReadOnly: Bool

        public init(source: Source, target: String, isReadOnly: Bool = false) {
            self.source = source
            self.target = target
            self.isReadOnly = isReadOnly
        }
    }

    /// One port published on the host.
    public struct PublishedPort: Sendable, Equatable {
        /// Host address that is bound.
        public var hostAddress: String
        /// Host port that is bound.
        public var hostPort: UInt16
        /// Port inside the container.
        public var containerPort: UInt16
        /// `tcp` or `udp`.
        public var transport: String

        public init(hostAddress: String, hostPort: UInt16, containerPort: UInt16, transport: String = "tcp") {
            self.hostAddress = hostAddress
            self.hostPort = hostPort
            self.containerPort = containerPort
            self.transport = transport
        }
    }

    /// The restart policy: Compose's four values.
    public enum RestartPolicy: Sendable, Equatable {
        case no
        case always
        case unlessStopped
        case onFailure(maximumRetries: Int?)
    }

    /// Log driver and options.
    public struct Logging: Sendable, Equatable {
        /// Driver name, for example `local`.
        public var driver: String
        /// Driver options.
        public var options: [String: String]

        /// A log driver with its options.
        public init(driver: String, options: [String: String] = [:]) {
            self.driver = driver
            self.options = options
        }
    }

    /// Limits on memory, processor time and processes; absent means unlimited.
    public struct Resources: Sendable, Equatable {
        /// Hard memory limit in bytes.
        public var memoryBytes: Int64?
        /// Memory and swap together in bytes; -1 means unlimited swap.
        public var memorySwapBytes: Int64?
        /// Soft memory limit in bytes.
        public var memoryReservationBytes: Int64?
        /// Processor time in billionths of a core.
        public var nanoCPUs: Int64?
        /// Relative weight of the container against others.
        public var cpuShares: Int64?
        /// Most processes and threads.
        public var processesMax: Int64?

        /// No limits.
        public init() {}
    }

    /// A soft and a hard limit.
    public struct Ulimit: Sendable, Equatable {
        /// Limit a process starts with.
        public var soft: Int64
        /// Limit a process may raise it to.
        public var hard: Int64

        /// A pair of limits.
        public init(soft: Int64, hard: Int64) {
            self.soft = soft
            self.hard = hard
        }
    }
}
