/// What a template may ask of the host. A project must not reach the host, its engine or another project, and the same
/// template must be able to run many times side by side.
public enum TemplatePolicy: Sendable, Hashable {
    /// Everything that would break isolation or a second project is refused, with place, key path and reason.
    case standard
    /// Nothing is refused: for showing what a file says.
    case unrestricted

    /// Capabilities that a service may add: those that Docker gives by itself, and harmless further ones.
    public static let allowedCapabilities: Set<String> = [
        "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "IPC_LOCK", "KILL", "LEASE", "MKNOD",
        "NET_BIND_SERVICE", "NET_RAW", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT", "SYS_NICE",
        "SYS_RESOURCE",
    ]

    /// Label names that belong to the manager and to Compose.
    public static let reservedLabelPrefixes = ["com.docker.compose.", "supamanager."]

    func check(_ project: ComposeProject, log: ProblemLog) {
        guard self == .standard else { return }
        for service in project.services.values.sorted(by: { $0.name < $1.name }) {
            ServicePolicy(service: service, log: log).check()
        }
        for (key, network) in project.networks.sorted(by: { $0.key < $1.key }) {
            check(network, key: key, project: project.name, log: log)
        }
        for (key, volume) in project.volumes.sorted(by: { $0.key < $1.key }) {
            check(volume, key: key, project: project.name, log: log)
        }
        for (key, config) in project.configs {
            guard case .file(let path) = config.source, !ProjectPath.isInside(path) else { continue }
            log.add(.refused, path: "configs.\(key).file", "\"\(path)\" is outside the project folder")
        }
    }

    private func check(_ network: ComposeNetwork, key: String, project: String, log: ProblemLog) {
        let path = "networks.\(key)"
        if network.isExternal {
            log.add(.refused, path: "\(path).external", "a network of somebody else would join two projects")
        }
        if let driver = network.driver, driver != "bridge" {
            log.add(
                .refused, path: "\(path).driver", "\(driver) reaches beyond the project; leave it out or use bridge")
        }
        if let name = network.name, !network.isExternal {
            checkName(name, path: "\(path).name", project: project, log: log)
        }
        checkLabels(network.labels, path: "\(path).labels", log: log)
    }

    private func check(_ volume: ComposeVolume, key: String, project: String, log: ProblemLog) {
        let path = "volumes.\(key)"
        if volume.isExternal {
            log.add(
                .refused, path: "\(path).external", "a volume of somebody else would not be deleted with the project")
        }
        if let driver = volume.driver, driver != "local" {
            log.add(.refused, path: "\(path).driver", "\(driver) keeps data where the manager cannot see it; use local")
        }
        if volume.driverOptions["device"] != nil, volume.driverOptions["type"] != "tmpfs" {
            log.add(.refused, path: "\(path).driver_opts.device", "it would mount a path or device of the host")
        }
        if let name = volume.name, !volume.isExternal {
            checkName(name, path: "\(path).name", project: project, log: log)
        }
        checkLabels(volume.labels, path: "\(path).labels", log: log)
    }

    private func checkName(_ name: String, path: String, project: String, log: ProblemLog) {
        guard !name.hasPrefix(project) else { return }
        log.add(
            .refused, path: path,
            "a second project would get the same name; leave it out or start with ${COMPOSE_PROJECT_NAME}")
    }

    private func checkLabels(_ labels: [String: String], path: String, log: ProblemLog) {
        for label in labels.keys.sorted() where Self.reservedLabelPrefixes.contains(where: { label.hasPrefix($0) }) {
            log.add(.refused, path: "\(path).\(label)", "the label belongs to the manager")
        }
    }
}
