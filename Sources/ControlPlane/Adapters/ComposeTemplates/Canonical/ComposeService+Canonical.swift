public import YAMLKit

extension ComposeService {
    /// The service in canonical form as bytes that are the same for equal services: what a config hash is taken of.
    public var canonicalJSON: String {
        JSONEmitter.emit(canonicalNode(includingExtensions: false), layout: .canonical)
    }

    /// The service as a tree, keys in order.
    public func canonicalNode(includingExtensions: Bool = false) -> YAMLNode {
        var map = CanonicalMap()
        map.add("profiles", profiles)
        map.add("cap_add", capAdd)
        map.add("cap_drop", capDrop)
        map.add("command", command.canonicalNode)
        map.add("configs", configs.isEmpty ? nil : YAMLNode.list(configs.map(\.canonicalNode)))
        map.add("container_name", containerName)
        addResources(to: &map)
        map.add("depends_on", dependsOn) { $0.canonicalNode }
        map.add("deploy", deploy?.canonicalNode)
        map.add("entrypoint", entrypoint.canonicalNode)
        map.add("environment", environment) { $0.map { .string($0) } ?? .null }
        map.add("expose", expose)
        map.add("extra_hosts", extraHosts)
        map.add("healthcheck", healthcheck?.canonicalNode)
        map.add("hostname", hostname)
        map.add("image", image)
        map.add("init", initProcess)
        map.add("ipc", ipc)
        map.add("labels", labels)
        map.add("logging", logging?.canonicalNode)
        map.add("network_mode", networkMode)
        map.add("networks", networks) { $0.canonicalNode }
        addRest(to: &map)
        if includingExtensions { map.add(extensions) }
        return map.node
    }

    private func addResources(to map: inout CanonicalMap) {
        map.add("cpu_shares", cpuShares)
        map.add("cpus", cpus)
        map.add("cpuset", cpuset)
        map.add("mem_limit", bytes: memLimitBytes)
        map.add("mem_reservation", bytes: memReservationBytes)
        map.add("memswap_limit", bytes: memSwapLimitBytes)
        map.add("pids_limit", pidsLimit)
        map.add("shm_size", bytes: shmSizeBytes)
    }

    private func addRest(to map: inout CanonicalMap) {
        map.add("pid", pid)
        map.add("ports", ports.isEmpty ? nil : YAMLNode.list(ports.map(\.canonicalNode)))
        map.add("privileged", privileged)
        map.add("pull_policy", pullPolicy?.rawValue)
        map.add("read_only", readOnly)
        map.add("restart", restart?.text)
        map.add("security_opt", securityOpt)
        map.add("stop_grace_period", stopGracePeriod)
        map.add("stop_signal", stopSignal)
        map.add("tmpfs", tmpfs)
        map.add("ulimits", ulimits) { $0.canonicalNode }
        map.add("user", user)
        map.add("volumes", volumes.isEmpty ? nil : YAMLNode.list(volumes.map(\.canonicalNode)))
        map.add("working_dir", workingDir)
    }
}

extension [String]? {
    /// A list, or null: Compose writes `command` and `entrypoint` always.
    fileprivate var canonicalNode: YAMLNode { map { .list($0.map { .string($0) }) } ?? .null }
}

extension ComposeNetworkAttachment {
    fileprivate var canonicalNode: YAMLNode {
        guard self != ComposeNetworkAttachment() else { return .null }
        var map = CanonicalMap()
        map.add("aliases", aliases)
        map.add("ipv4_address", ipv4Address)
        return map.node
    }
}

extension ComposeDependency {
    fileprivate var canonicalNode: YAMLNode {
        var map = CanonicalMap()
        map.add("condition", condition.rawValue)
        map.add("restart", restarts ? true : nil)
        map.add("required", isRequired)
        return map.node
    }
}

extension ComposeHealthcheck {
    fileprivate var canonicalNode: YAMLNode {
        var map = CanonicalMap()
        map.add("test", test ?? [])
        map.add("timeout", timeout)
        map.add("interval", interval)
        map.add("retries", retries)
        map.add("start_period", startPeriod)
        map.add("start_interval", startInterval)
        map.add("disable", isDisabled ? true : nil)
        return map.node
    }
}

extension ComposeLogging {
    fileprivate var canonicalNode: YAMLNode {
        var map = CanonicalMap()
        map.add("driver", driver)
        map.add("options", options)
        return map.node
    }
}

extension ComposeDeploy {
    fileprivate var canonicalNode: YAMLNode {
        var resources = CanonicalMap()
        resources.add("limits", limits?.canonicalNode)
        resources.add("reservations", reservations?.canonicalNode)
        var map = CanonicalMap()
        map.add("resources", resources.node)
        // Compose writes it whether or not anything was said.
        map.add("placement", YAMLNode.map([]))
        return map.node
    }
}

extension ComposeResources {
    fileprivate var canonicalNode: YAMLNode {
        var map = CanonicalMap()
        map.add("cpus", cpus)
        map.add("memory", bytes: memoryBytes)
        map.add("pids", pids)
        return map.node
    }
}

extension ComposeUlimit {
    fileprivate var canonicalNode: YAMLNode {
        guard soft != hard else { return .integer(soft) }
        return .map([("soft", .integer(soft)), ("hard", .integer(hard))])
    }
}
