import ProjectModel

/// Whether every name in a file points to something, and no service waits for itself.
struct ReferenceCheck {
    let project: ComposeProject
    let log: ProblemLog

    func run() {
        for service in project.services.values.sorted(by: { $0.name < $1.name }) { check(service) }
        for cycle in DependencyGraph(project.services).cycles() {
            let names = cycle + [cycle[0]]
            let path = "services.\(cycle[0]).depends_on.\(names[1])"
            log.add(.reference, path: path, "dependency cycle detected: \(names.joined(separator: " -> "))")
        }
        if let collector = project.manifest.logCollector, project.services[collector.service] == nil {
            log.add(.reference, path: "x-supamanager.log-collector.service", "there is no service \(collector.service)")
        }
        for (role, service) in project.manifest.roles.sorted(by: { $0.key < $1.key })
        where project.services[service] == nil {
            log.add(.reference, path: "x-supamanager.roles.\(role.rawValue)", "there is no service \(service)")
        }
    }

    private func check(_ service: ComposeService) {
        let path = "services.\(service.name)"
        if service.image == nil { log.add(.invalid, path: path, "needs an image") }
        for name in service.dependsOn.keys.sorted() where project.services[name] == nil {
            log.add(.reference, path: "\(path).depends_on.\(name)", "there is no service \(name)")
        }
        for name in service.networks.keys.sorted()
        where project.networks[name] == nil && name != ComposeProject.defaultNetwork {
            log.add(.reference, path: "\(path).networks.\(name)", "there is no network \(name) under networks")
        }
        for (index, mount) in service.volumes.enumerated() where mount.kind == .volume {
            guard let source = mount.source, project.volumes[source] == nil else { continue }
            log.add(.reference, path: "\(path).volumes[\(index)]", "there is no volume \(source) under volumes")
        }
        for (index, config) in service.configs.enumerated() where project.configs[config.source] == nil {
            log.add(.reference, path: "\(path).configs[\(index)]", "there is no config \(config.source) under configs")
        }
        if service.networkMode != nil, !service.networks.isEmpty {
            log.add(.invalid, path: "\(path).network_mode", "network_mode and networks exclude each other")
        }
        checkProbes(service, path: path)
        checkTwofoldLimits(service, path: path)
        checkTargets(service, path: path)
    }

    /// A probe of a role is one of the service's own.
    private func checkProbes(_ service: ComposeService, path: String) {
        for role in service.manifest.probes.keys.sorted() where project.manifest.roles[role] != service.name {
            log.add(
                .reference, path: "\(path).x-supamanager.probes.\(role.rawValue)",
                "the service does not have the role \(role.rawValue)")
        }
    }

    /// The engine mounts one thing at a path.
    private func checkTargets(_ service: ComposeService, path: String) {
        let targets =
            service.volumes.enumerated().map { ($0.element.target, "volumes[\($0.offset)]") }
            + service.tmpfs.enumerated().map { (String($0.element.prefix { $0 != ":" }), "tmpfs[\($0.offset)]") }
            + service.configs.enumerated().map { ($0.element.path, "configs[\($0.offset)]") }
        var owners: [String: String] = [:]
        for (target, key) in targets {
            let target = ProjectPath.cleaned(target)
            guard let owner = owners.updateValue(key, forKey: target) else { continue }
            log.add(.invalid, path: "\(path).\(key)", "\(owner) is mounted at the same path")
        }
    }

    /// The older keys and `deploy.resources` may both be there, but they have to say the same.
    private func checkTwofoldLimits(_ service: ComposeService, path: String) {
        let limits = service.deploy?.limits
        let pairs: [(key: String, differs: Bool)] = [
            ("mem_limit", differ(service.memLimitBytes, limits?.memoryBytes)),
            ("mem_reservation", differ(service.memReservationBytes, service.deploy?.reservations?.memoryBytes)),
            ("cpus", differ(service.cpus, limits?.cpus)),
            ("pids_limit", differ(service.pidsLimit, limits?.pids)),
        ]
        for (key, differs) in pairs where differs {
            log.add(.invalid, path: "\(path).\(key)", "deploy.resources says something else")
        }
    }

    private func differ<Value: Equatable>(_ one: Value?, _ other: Value?) -> Bool {
        guard let one, let other else { return false }
        return one != other
    }
}
