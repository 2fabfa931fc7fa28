import ProjectModel
import YAMLKit

/// A project in the forms that every Compose implementation reads, `docker-compose` 1.29 included: short syntaxes, no
/// empty values, no keys that only newer ones know. The project's name stands in the `.env` file.
struct PortableCompose {
    let project: ComposeProject
    /// Prefix of all image names.
    let imageRegistry: String?

    /// The file. A `$` of a value is doubled, so that it stays one.
    var yaml: String { YAMLEmitter.emit(node) }

    private var node: YAMLNode {
        var map = CanonicalMap()
        map.add("services", .sortedMap(project.services) { service($0) })
        map.add("networks", project.networks) { network($0) }
        map.add("volumes", project.volumes) { volume($0) }
        return map.node
    }

    private func service(_ service: ComposeService) -> YAMLNode {
        var map = CanonicalMap()
        map.add("image", service.image.map { image in escaped(imageRegistry.map { "\($0)/\(image)" } ?? image) })
        map.add("restart", service.restart?.text)
        map.add("command", list(service.command))
        map.add("entrypoint", list(service.entrypoint))
        map.add("environment", service.environment.compactMapValues { $0 }.mapValues(escaped))
        let conditions = Dictionary(
            uniqueKeysWithValues: service.dependsOn.map { ($0.key, condition($0.key, $0.value)) })
        map.add("depends_on", conditions) { .map([("condition", .string($0))]) }
        map.add("ports", service.ports.map(port))
        map.add("expose", service.expose)
        map.add("networks", service.networks) { attachment($0) }
        map.add("volumes", mounts(service).map(escaped))
        map.add("tmpfs", (service.tmpfs + memoryMounts(service)).map(escaped))
        map.add("extra_hosts", service.extraHosts.map { escaped($0.replacing("=", with: ":", maxReplacements: 1)) })
        addLimits(service, to: &map)
        addRights(service, to: &map)
        map.add("healthcheck", service.healthcheck.map(healthcheck))
        map.add("logging", service.logging.map(logging))
        return map.node
    }

    private func addLimits(_ service: ComposeService, to map: inout CanonicalMap) {
        map.add("mem_limit", bytes: service.memoryLimitBytes)
        map.add("mem_reservation", bytes: service.memoryReservationBytes)
        map.add("memswap_limit", bytes: service.memSwapLimitBytes)
        map.add("cpus", service.cpuLimit)
        map.add("cpu_shares", service.cpuShares)
        map.add("pids_limit", service.processLimit)
        map.add("shm_size", bytes: service.shmSizeBytes)
        map.add("ulimits", service.ulimits) {
            .map([("soft", .integer($0.soft)), ("hard", .integer($0.hard))])
        }
    }

    private func addRights(_ service: ComposeService, to map: inout CanonicalMap) {
        map.add("user", service.user.map(escaped))
        map.add("working_dir", service.workingDir.map(escaped))
        map.add("hostname", service.hostname.map(escaped))
        map.add("init", service.initProcess)
        map.add("read_only", service.readOnly)
        map.add("cap_add", service.capAdd)
        map.add("cap_drop", service.capDrop)
        map.add("security_opt", service.securityOpt)
        map.add("stop_signal", service.stopSignal)
        map.add("stop_grace_period", service.stopGracePeriod)
        map.add("labels", service.labels.mapValues(escaped))
    }

    private func escaped(_ text: String) -> String { text.replacingScalars(["$": "$$"]) }

    private func list(_ texts: [String]?) -> YAMLNode? { texts.map { .list($0.map { .string(escaped($0)) }) } }

    private func port(_ port: ComposePort) -> String {
        let published = port.published.map { "\($0):" } ?? ""
        let address = port.hostIP.map { $0.contains(":") ? "[\($0)]:" : "\($0):" } ?? ""
        return "\(address)\(published)\(port.target)/\(port.transport.rawValue)"
    }
}

// MARK: Parts

extension PortableCompose {
    private func mounts(_ service: ComposeService) -> [String] {
        let mounts = service.volumes.filter { $0.kind != .tmpfs }.map { mount in
            "\(mount.source ?? ""):\(mount.target)" + (mount.readOnly ? ":ro" : "")
        }
        // Configs are files beside this one: not every implementation can make them out of a text.
        let configs = service.configs.map { config in
            var path = StackRendering.configPath(config.source)
            if case .file(let file)? = project.configs[config.source]?.source { path = ProjectPath.cleaned(file) }
            return "./\(path):\(config.path):ro"
        }
        return mounts + configs
    }

    private func memoryMounts(_ service: ComposeService) -> [String] {
        service.volumes.filter { $0.kind == .tmpfs }.map { mount in
            let options = [
                mount.tmpfs?.sizeBytes.map { "size=\($0)" }, mount.tmpfs?.mode.map { "mode=" + String($0, radix: 8) },
            ].compactMap(\.self)
            return ([mount.target] + (options.isEmpty ? [] : [options.joined(separator: ",")])).joined(separator: ":")
        }
    }

    /// The condition of a dependency; one on health that only the manager's probe observes becomes one on the start.
    private func condition(_ name: String, _ dependency: ComposeDependency) -> String {
        let hasCheck = project.services[name]?.healthcheck?.test != nil
        let condition = dependency.condition == .healthy && !hasCheck ? .started : dependency.condition
        return condition.rawValue
    }

    private func attachment(_ attachment: ComposeNetworkAttachment) -> YAMLNode {
        var map = CanonicalMap()
        map.add("aliases", attachment.aliases)
        map.add("ipv4_address", attachment.ipv4Address)
        return attachment == ComposeNetworkAttachment() ? .map([]) : map.node
    }

    private func network(_ network: ComposeNetwork) -> YAMLNode {
        var map = CanonicalMap()
        map.add("name", network.name)
        map.add("internal", network.isInternal ? true : nil)
        let pools = network.ipam.pools.map { pool in
            var map = CanonicalMap()
            map.add("subnet", pool.subnet)
            map.add("gateway", pool.gateway)
            map.add("ip_range", pool.ipRange)
            return map.node
        }
        map.add("ipam", pools.isEmpty ? nil : YAMLNode.map([("config", .list(pools))]))
        return map.node
    }

    private func volume(_ volume: ComposeVolume) -> YAMLNode {
        var map = CanonicalMap()
        map.add("name", volume.name)
        map.add("driver", volume.driver)
        map.add("driver_opts", volume.driverOptions)
        return map.node
    }

    private func healthcheck(_ check: ComposeHealthcheck) -> YAMLNode {
        var map = CanonicalMap()
        map.add("test", list(check.test))
        map.add("interval", check.interval)
        map.add("timeout", check.timeout)
        map.add("retries", check.retries)
        map.add("start_period", check.startPeriod)
        map.add("disable", check.isDisabled ? true : nil)
        return map.node
    }

    private func logging(_ logging: ComposeLogging) -> YAMLNode {
        var map = CanonicalMap()
        map.add("driver", logging.driver)
        map.add("options", logging.options.mapValues(escaped))
        return map.node
    }
}
