import ProjectModel

/// What a template may ask of the host. A project must not reach the host, its engine or another project, and the same
/// template must be able to run many times side by side.
public enum TemplatePolicy: Sendable, Hashable {
    /// Everything that would break isolation or a second project is refused, with place, key path and reason.
    case standard
    /// Nothing is refused: for showing what a file says.
    case unrestricted

    /// Capabilities that a service may add: Docker's defaults, and harmless further ones.
    public static let allowedCapabilities: Set<String> = [
        "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "IPC_LOCK", "KILL", "LEASE", "MKNOD",
        "NET_BIND_SERVICE", "NET_RAW", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT", "SYS_NICE",
        "SYS_RESOURCE",
    ]

    /// Label names that belong to the manager and to Compose.
    public static let reservedLabelPrefixes = ["com.docker.compose.", "supamanager."]

    /// Checks the whole file, before profiles are chosen and defaults are filled in.
    func check(_ project: ComposeProject, lease: IPv4Network?, log: ProblemLog) {
        guard self == .standard else { return }
        for service in project.services.values.sorted(by: { $0.name < $1.name }) {
            ServicePolicy(service: service, logging: LoggingPolicy(subnet: lease), log: log).check()
            ServiceSupport(service: service, log: log).check()
            LimitCheck(service: service, log: log).run()
        }
        NetworkPolicy(project: project, lease: lease, log: log).check()
        for (key, volume) in project.volumes.sorted(by: { $0.key < $1.key }) {
            check(volume, key: key, project: project.name, log: log)
        }
        for (key, config) in project.configs {
            guard case .file(let path) = config.source, !ProjectPath.isInside(path) else { continue }
            log.add(.refused, path: "configs.\(key).file", "\"\(path)\" is outside the project folder")
        }
        if let fallback = project.manifest.logCollector?.fallback,
            let refusal = LoggingPolicy(subnet: lease).refusal(of: fallback)
        {
            log.add(
                .refused, path: "\(TemplateManifest.key).log-collector.fallback.\(refusal.key)", refusal.reason)
        }
    }

    /// Checks what the services that run together claim, once defaults are filled in.
    /// - Parameters:
    ///   - environment: The variables that interpolation had.
    ///   - files: The files that the project's folder gets; nil where they are not known.
    func checkNormalized(
        _ project: ComposeProject, environment: [String: String], files: Set<String>?, log: ProblemLog
    ) {
        guard self == .standard else { return }
        let lease = environment[TemplateManifest.subnetVariable].flatMap { IPv4Network($0) }
        PortPolicy(project: project, environment: environment, log: log).run()
        if let files { FilePolicy(project: project, files: files, log: log).run() }
        NetworkPolicy(project: project, lease: lease, log: log).checkSubnets()
        for service in project.services.values.sorted(by: { $0.name < $1.name }) {
            HealthCheck(service: service, services: project.services, log: log).run()
        }
    }

    private func check(_ volume: ComposeVolume, key: String, project: String, log: ProblemLog) {
        let path = "volumes.\(key)"
        if volume.isExternal {
            log.add(
                .refused, path: "\(path).external", "an external volume would not be deleted with the project")
        }
        if let driver = volume.driver, driver != "local" {
            log.add(.refused, path: "\(path).driver", "\(driver) keeps data where the manager cannot see it; use local")
        }
        if let refusal = VolumeDriverOptions.refusal(of: volume.driverOptions) {
            let option = refusal.key.map { ".\($0)" } ?? ""
            log.add(.refused, path: "\(path).driver_opts\(option)", refusal.reason)
        }
        if let name = volume.name, !volume.isExternal {
            ObjectNamePolicy(project: project, log: log).check(name, path: "\(path).name")
        }
        if !volume.labels.isEmpty {
            log.add(.unsupported, path: "\(path).labels", "not supported: a volume has the manager's labels only")
        }
    }
}
