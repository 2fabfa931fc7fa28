import YAMLKit

/// The keys of a service.
enum ServiceFields {
    /// Every supported key.
    static let all: FieldTable<ComposeService> = [basics, process, connections, storage, resources, rights, lifecycle]
        .reduce(into: [:]) { all, part in all.merge(part) { first, _ in first } }

    private static let basics: FieldTable<ComposeService> = [
        "image": field(\.image) { $0.nonEmptyString() },
        "pull_policy": field(\.pullPolicy) { ComposePullPolicy(reading: $0) },
        "labels": field(\.labels) { $0.textMap() },
        "profiles": field(\.profiles) { $0.strings() },
        "container_name": field(\.containerName) { $0.nonEmptyString() },
        "hostname": field(\.hostname) { $0.nonEmptyString() },
        "logging": field(\.logging) { ComposeLogging(reading: $0) },
        "x-supamanager": field(\.manifest) { ServiceManifest(reading: $0) },
    ]

    private static let process: FieldTable<ComposeService> = [
        "command": field(\.command) { $0.command() },
        "entrypoint": field(\.entrypoint) { $0.command() },
        "environment": field(\.environment) { $0.optionalTextMap() },
        // Read by `EnvironmentFiles`, which needs the files themselves.
        "env_file": { _, _ in },
        "user": field(\.user) { $0.nonEmptyString() },
        "working_dir": field(\.workingDir) { $0.nonEmptyString() },
        "init": field(\.initProcess) { $0.boolean() },
        "tmpfs": field(\.tmpfs) { $0.stringOrStrings() },
    ]

    private static let connections: FieldTable<ComposeService> = [
        "ports": field(\.ports) { ComposePort.list(reading: $0) },
        "expose": field(\.expose) { $0.elements().compactMap { PortSyntax.exposed($0) } },
        "networks": field(\.networks) { ComposeNetworkAttachment.all(reading: $0) },
        "network_mode": field(\.networkMode) { $0.nonEmptyString() },
        "extra_hosts": field(\.extraHosts) { ExtraHosts.read($0) },
    ]

    private static let storage: FieldTable<ComposeService> = [
        "volumes": field(\.volumes) { $0.elements().compactMap { ComposeMount(reading: $0) } },
        "configs": field(\.configs) { $0.elements().compactMap { ComposeConfigMount(reading: $0) } },
        "shm_size": field(\.shmSizeBytes) { $0.byteCount() },
        "read_only": field(\.readOnly) { $0.boolean() },
    ]

    private static let resources: FieldTable<ComposeService> = [
        "deploy": field(\.deploy) { ComposeDeploy(reading: $0) },
        "mem_limit": field(\.memLimitBytes) { $0.byteCount() },
        "mem_reservation": field(\.memReservationBytes) { $0.byteCount() },
        "memswap_limit": field(\.memSwapLimitBytes) { $0.node.scalar?.text == "-1" ? -1 : $0.byteCount() },
        "cpus": field(\.cpus) { $0.number() },
        "cpu_shares": field(\.cpuShares) { $0.integer(in: 0...Int.max) },
        "cpuset": field(\.cpuset) { $0.nonEmptyString() },
        "pids_limit": field(\.pidsLimit) { $0.integer(in: -1...Int.max) },
        "ulimits": field(\.ulimits) { ComposeUlimit.all(reading: $0) },
    ]

    private static let rights: FieldTable<ComposeService> = [
        "cap_add": field(\.capAdd) { $0.strings() },
        "cap_drop": field(\.capDrop) { $0.strings() },
        "security_opt": field(\.securityOpt) { $0.strings() },
        "privileged": field(\.privileged) { $0.boolean() },
        "pid": field(\.pid) { $0.nonEmptyString() },
        "ipc": field(\.ipc) { $0.nonEmptyString() },
    ]

    private static let lifecycle: FieldTable<ComposeService> = [
        "depends_on": field(\.dependsOn) { ComposeDependency.all(reading: $0) },
        "healthcheck": field(\.healthcheck) { ComposeHealthcheck(reading: $0) },
        "restart": field(\.restart) { ComposeRestart(reading: $0) },
        "stop_signal": field(\.stopSignal) { $0.nonEmptyString() },
        "stop_grace_period": field(\.stopGracePeriod) { $0.duration() },
    ]
}

extension ComposeService {
    /// Reads the service `name` from its node.
    init(name: String, reading cursor: NodeCursor) {
        self.init(name: name)
        cursor.read(into: &self, fields: ServiceFields.all, reasons: UnsupportedKeys.ofService)
        extensions = cursor.node.mapping?.filter { $0.key.hasPrefix("x-") } ?? YAMLMapping()
    }
}
