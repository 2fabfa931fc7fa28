public import YAMLKit

/// One service of a Compose file in normalised form.
public struct ComposeService: Sendable, Equatable {
    /// The service's name: the key below `services`.
    public var name: String
    /// The image reference.
    public var image: String?
    /// When the image is pulled; nil is ``ComposePullPolicy/missing``.
    public var pullPolicy: ComposePullPolicy?
    /// The arguments; nil leaves the image's own, empty clears them.
    public var command: [String]?
    /// The entry point; nil leaves the image's own, empty clears it.
    public var entrypoint: [String]?
    /// The variables, those of `env_file` included. Nil stands for a variable that is named without a value and that
    /// the environment does not have either: it is not set in the container.
    public var environment: [String: String?] = [:]
    /// The ports that are published on the host.
    public var ports: [ComposePort] = []
    /// The ports that are only declared, such as `3000` or `3000/udp`.
    public var expose: [String] = []
    /// Binds, named volumes and tmpfs mounts.
    public var volumes: [ComposeMount] = []
    /// In-memory mounts of the short form: a path, or `path:options`.
    public var tmpfs: [String] = []
    /// The networks by their key in `ComposeProject.networks`.
    public var networks: [String: ComposeNetworkAttachment] = [:]
    /// The services that must be there first, by name.
    public var dependsOn: [String: ComposeDependency] = [:]
    /// The health check that the engine runs; nil leaves the image's own.
    public var healthcheck: ComposeHealthcheck?
    /// The restart policy.
    public var restart: ComposeRestart?
    /// The container's labels.
    public var labels: [String: String] = [:]
    /// The log driver of the container.
    public var logging: ComposeLogging?
    /// Limits and reservations under `deploy.resources`; see `memoryLimitBytes` and its siblings for what is in force.
    public var deploy: ComposeDeploy?
    /// `mem_limit` in bytes.
    public var memLimitBytes: Int?
    /// `mem_reservation` in bytes.
    public var memReservationBytes: Int?
    /// `memswap_limit` in bytes: memory and swap together; -1 for no bound.
    public var memSwapLimitBytes: Int?
    /// `cpus`: how many processors' time it may use.
    public var cpus: Double?
    /// `cpu_shares`: relative weight.
    public var cpuShares: Int?
    /// `cpuset`: the processors it may run on, such as `0-1`.
    public var cpuset: String?
    /// `pids_limit`: processes and threads; -1 for no bound.
    public var pidsLimit: Int?
    /// Size of `/dev/shm` in bytes.
    public var shmSizeBytes: Int?
    /// Limits of the shell's `ulimit`, by name.
    public var ulimits: [String: ComposeUlimit] = [:]
    /// Linux capabilities to add.
    public var capAdd: [String] = []
    /// Linux capabilities to take away.
    public var capDrop: [String] = []
    /// Options such as `no-new-privileges:true`.
    public var securityOpt: [String] = []
    /// Whether the container's own files cannot be written.
    public var readOnly: Bool?
    /// Full rights on the host; refused by `TemplatePolicy.standard`.
    public var privileged: Bool?
    /// `network_mode`; `TemplatePolicy.standard` refuses everything but `none`.
    public var networkMode: String?
    /// `pid`; refused by `TemplatePolicy.standard`.
    public var pid: String?
    /// `ipc`; `TemplatePolicy.standard` refuses everything but `private`.
    public var ipc: String?
    /// `container_name`; refused by `TemplatePolicy.standard`.
    public var containerName: String?
    /// User and group inside the container.
    public var user: String?
    /// Working directory inside the container.
    public var workingDir: String?
    /// The container's host name.
    public var hostname: String?
    /// Whether the engine puts an init process in front.
    public var initProcess: Bool?
    /// The signal that stops the container, such as `SIGINT`.
    public var stopSignal: String?
    /// The time between the stop signal and the kill.
    public var stopGracePeriod: Duration?
    /// Further lines of `/etc/hosts`, each `name=address`, in order of the name.
    public var extraHosts: [String] = []
    /// The profiles that switch the service on; empty for one that is always on.
    public var profiles: [String] = []
    /// The configs that are put into the container.
    public var configs: [ComposeConfigMount] = []
    /// The `x-…` keys, `x-supamanager` included, with their places.
    public var extensions = YAMLMapping()
    /// What `x-supamanager` says; empty where there is none.
    public var manifest = ServiceManifest()

    /// A service with nothing set.
    public init(name: String) { self.name = name }
}

extension ComposeService {
    /// Whether the image is pulled where the engine does not have it.
    var pullsImage: Bool { pullPolicy != .never }
    /// The memory limit in force, in bytes.
    public var memoryLimitBytes: Int? { deploy?.limits?.memoryBytes ?? memLimitBytes }
    /// The memory reservation in force, in bytes.
    public var memoryReservationBytes: Int? { deploy?.reservations?.memoryBytes ?? memReservationBytes }
    /// The processor limit in force.
    public var cpuLimit: Double? { deploy?.limits?.cpus ?? cpus }
    /// The limit of processes in force; -1 for no bound.
    public var processLimit: Int? { deploy?.limits?.pids ?? pidsLimit }
}
