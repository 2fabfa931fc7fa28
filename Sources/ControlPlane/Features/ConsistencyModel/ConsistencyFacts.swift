public import Orchestrator
public import ProjectModel

/// A value that a check reads.
public enum ConsistencyReading<Value: Sendable>: Sendable {
    /// It was read.
    case known(Value)
    /// The reading failed; the reason.
    case failed(String)
    /// It was not asked for: no rule about it applies.
    case notAsked

    /// The value, where there is one.
    public var value: Value? { if case .known(let value) = self { value } else { nil } }
}

extension ConsistencyReading: Equatable where Value: Equatable {}

/// The input of the rules. A check reads first and judges afterwards, so that each rule is a function of values.
public struct ConsistencyFacts: Sendable, Equatable {
    /// When it was read.
    public var at: Timestamp
    /// The manager's settings.
    public var settings: Settings
    /// The database's answer.
    public var database: ConsistencyReading<Database> = .notAsked
    /// Projects, and the tombstones that something on the engine or the disk names.
    public var projects: ConsistencyReading<[ProjectRecord]> = .notAsked
    /// All leases with their holders, with any status of the owner.
    public var holders: ConsistencyReading<[LeaseHolder]> = .notAsked
    /// Whether sealed secrets open.
    public var secrets: ConsistencyReading<Secrets> = .notAsked
    /// The ends of the audit trails.
    public var trails: ConsistencyReading<[AuditTrailState]> = .notAsked
    /// The engine's objects.
    public var engine: ConsistencyReading<EngineInventory> = .notAsked
    /// Images that the engine does not have, of the stacks that new projects get or projects have.
    public var missingImages: ConsistencyReading<[StackImage]> = .notAsked
    /// Ports on which something listens.
    public var listening: ConsistencyReading<Set<UInt16>> = .notAsked
    /// Destinations of the host's routes.
    public var routes: ConsistencyReading<[IPv4Network]> = .notAsked
    /// Names of the folders of projects.
    public var folders: ConsistencyReading<[String]> = .notAsked
    /// Free space, of each place that matters.
    public var disks: ConsistencyReading<[DiskSpace]> = .notAsked
    public var kernel: ConsistencyReading<KernelValues> = .notAsked
    /// What keeps the packet filter rules of the installation from being in force; empty when they are.
    public var networkRules: ConsistencyReading<[String]> = .notAsked

    /// Facts without any reading.
    public init(at: Timestamp, settings: Settings) {
        self.at = at
        self.settings = settings
    }

    /// The manager's settings.
    public struct Settings: Sendable, Equatable {
        /// Host ports to lease.
        public var ports: PortRange
        /// Addresses to lease subnets from.
        public var subnets: IPv4Network
        public var projectsFolder: String
        /// What advice calls things.
        public var words: OperatorWords

        public init(ports: PortRange, subnets: IPv4Network, projectsFolder: String, words: OperatorWords) {
            self.ports = ports
            self.subnets = subnets
            self.projectsFolder = projectsFolder
            self.words = words
        }
    }

    /// The state of the database.
    public struct Database: Sendable, Equatable {
        /// Time of one round trip.
        public var latency: Duration
        /// The server's version as a number: 170_006 for 17.6.
        public var version: Int

        public init(latency: Duration, version: Int) {
            self.latency = latency
            self.version = version
        }
    }

    /// How many projects' secrets were opened. Values are never kept.
    public struct Secrets: Sendable, Equatable {
        /// The projects that were checked.
        public var checked: Int
        /// Those whose secrets the master key does not open.
        public var unreadable: [ProjectRef]

        public init(checked: Int, unreadable: [ProjectRef]) {
            self.checked = checked
            self.unreadable = unreadable
        }
    }
}

/// A lease together with the status of its holder.
public struct LeaseHolder: Sendable, Equatable {
    /// The leased port or subnet.
    public enum Thing: Sendable, Equatable, Hashable {
        /// A host port.
        case port(UInt16)
        case subnet(IPv4Network)
    }

    public var ref: ProjectRef
    public var status: ProjectStatus
    /// The leased port or subnet.
    public var thing: Thing

    public init(ref: ProjectRef, status: ProjectStatus, thing: Thing) {
        self.ref = ref
        self.status = status
        self.thing = thing
    }
}

/// The end of an audit trail.
public struct AuditTrailState: Sendable, Equatable {
    /// The trail's scope, as the store names it.
    public var scope: String
    /// What is wrong with its last entries; nil when they follow from each other.
    public var damage: String?

    public init(scope: String, damage: String?) {
        self.scope = scope
        self.damage = damage
    }
}

/// The objects of this installation on the engine, and foreign ones that concern it.
public struct EngineInventory: Sendable, Equatable {
    /// The engine's version, for instance `27.3.1`.
    public var version: String
    /// The version of its API that is spoken.
    public var apiVersion: String
    /// Where it keeps images, volumes and containers; a path on its own host.
    public var rootFolder: String
    /// Pools from which it takes subnets for networks that name none.
    public var addressPools: [IPv4Network]
    /// All containers, foreign ones included.
    public var containers: [Container]
    /// All networks, foreign ones included.
    public var networks: [Network]
    /// Volumes of this installation.
    public var volumes: [Volume]

    public init(
        version: String, apiVersion: String, rootFolder: String, addressPools: [IPv4Network] = [],
        containers: [Container] = [], networks: [Network] = [], volumes: [Volume] = []
    ) {
        self.version = version
        self.apiVersion = apiVersion
        self.rootFolder = rootFolder
        self.addressPools = addressPools
        self.containers = containers
        self.networks = networks
        self.volumes = volumes
    }

    /// The owner of an object.
    public enum Owner: Sendable, Equatable, Hashable {
        /// To a project of this installation.
        case project(ProjectRef)
        /// To this installation, by its label, and to no project that could be read.
        case nobody
        /// Another installation or program.
        case stranger
    }

    public struct Container: Sendable, Equatable {
        public var name: String
        public var owner: Owner
        public var service: ServiceName?
        /// Whether its process runs.
        public var isRunning: Bool
        /// Host ports that it holds.
        public var hostPorts: Set<UInt16>

        public init(
            name: String, owner: Owner, service: ServiceName? = nil, isRunning: Bool = true,
            hostPorts: Set<UInt16> = []
        ) {
            self.name = name
            self.owner = owner
            self.service = service
            self.isRunning = isRunning
            self.hostPorts = hostPorts
        }
    }

    public struct Network: Sendable, Equatable {
        public var name: String
        public var owner: Owner
        /// Its IPv4 subnets.
        public var subnets: [IPv4Network]

        public init(name: String, owner: Owner, subnets: [IPv4Network]) {
            self.name = name
            self.owner = owner
            self.subnets = subnets
        }
    }

    public struct Volume: Sendable, Equatable {
        public var name: String
        public var owner: Owner

        public init(name: String, owner: Owner) {
            self.name = name
            self.owner = owner
        }
    }
}

/// Space on the disk under a folder.
public struct DiskSpace: Sendable, Equatable {
    /// The folder's purpose, as messages name it: `the data folder`.
    public var purpose: String
    /// The folder.
    public var path: String
    /// Bytes that the manager's user may still write.
    public var freeBytes: UInt64
    /// Bytes in all.
    public var totalBytes: UInt64

    public init(purpose: String, path: String, freeBytes: UInt64, totalBytes: UInt64) {
        self.purpose = purpose
        self.path = path
        self.freeBytes = freeBytes
        self.totalBytes = totalBytes
    }
}

/// Values of the kernel that projects depend on; nil where the kernel has none.
public struct KernelValues: Sendable, Equatable {
    /// Range from which the kernel takes ports of outgoing connections.
    public var ephemeralPorts: PortRange?
    /// `net.ipv4.ip_forward`.
    public var forwardsIPv4: Bool?
    /// `fs.inotify.max_user_instances`.
    public var inotifyInstances: Int?
    /// Files that this process may have open at once.
    public var openFilesMax: Int?

    public init(
        ephemeralPorts: PortRange? = nil, forwardsIPv4: Bool? = nil, inotifyInstances: Int? = nil,
        openFilesMax: Int? = nil
    ) {
        self.ephemeralPorts = ephemeralPorts
        self.forwardsIPv4 = forwardsIPv4
        self.inotifyInstances = inotifyInstances
        self.openFilesMax = openFilesMax
    }
}
