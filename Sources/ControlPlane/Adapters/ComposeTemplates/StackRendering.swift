import Orchestrator
import ProjectModel
import Reconciler
import TokenKit

/// Maps one project's Compose model to the engine-neutral stack.
struct StackRendering {
    /// Part of every fingerprint: raise it when the same Compose text leads to another container than before.
    static let fingerprintVersion = 1

    let project: ComposeProject
    let ref: ProjectRef
    let leases: Leases
    let environment: [String: String]
    let settings: ComposeStackRenderer.Settings
    /// Hashes of the template's files, by relative path.
    let digests: [String: String]
    let roles: StackRoles

    /// Absolute path of the project's folder.
    var folder: String { settings.projectsFolder + "/" + ref.text }

    func stack() throws(TemplateError) -> DesiredStack {
        let networks = try self.networks()
        var services: [ServiceName: DesiredService] = [:]
        var completed: Set<String> = []
        for service in project.services.values {
            for (name, dependency) in service.dependsOn where dependency.condition == .completed {
                completed.insert(name)
            }
        }
        for compose in project.services.values {
            var service = try desiredService(compose, runsOnce: completed.contains(compose.name))
            service.spec.networks = attachments(of: compose, to: networks)
            services[service.name] = service
        }
        var files: [String: Secret<String>] = [:]
        for (key, config) in project.configs {
            if let text = try configText(key, config) { files[Self.configPath(key)] = Secret(text) }
        }
        return DesiredStack(
            ref: ref, networks: networks, volumes: volumes(), services: services, files: files,
            functionsFolder: roles.functionsFolder)
    }

    // MARK: Volumes

    private func volumes() -> [String: DesiredVolume] {
        var volumes: [String: DesiredVolume] = [:]
        for (key, volume) in project.volumes {
            let name = volumeName(key)
            volumes[name] = DesiredVolume(
                name: name, composeName: key, driver: volume.driver ?? "local", driverOptions: volume.driverOptions)
        }
        return volumes
    }

    func volumeName(_ key: String) -> String { project.volumes[key]?.name ?? "\(ref)_\(key)" }

    // MARK: Configs

    static func configPath(_ key: String) -> String { "configs/\(key)" }

    private func configText(_ key: String, _ config: ComposeConfig) throws(TemplateError) -> String? {
        switch config.source {
        case .file: return nil
        case .content(let text): return text
        case .environment(let variable):
            guard let text = environment[variable] else {
                throw .broken("config \(key) is the value of \(variable), which is not set")
            }
            return text
        }
    }

    // MARK: Services

    private func desiredService(_ compose: ComposeService, runsOnce: Bool) throws(TemplateError) -> DesiredService {
        guard let name = ServiceName(compose.name) else {
            throw .broken("\"\(compose.name)\" is longer than \(ServiceName.lengthMax) characters or no service name")
        }
        let spec = try containerSpec(compose)
        var dependencies: [Dependency] = []
        for (other, dependency) in compose.dependsOn.sorted(by: { $0.key < $1.key }) {
            guard let otherName = ServiceName(other) else { continue }
            dependencies.append(Dependency(on: otherName, Dependency.Condition(dependency.condition)))
        }
        return DesiredService(
            name: name, containerName: "\(ref)-\(name)-1", configHash: try fingerprint(compose, image: spec.image),
            spec: spec, dependencies: dependencies, probe: try probe(of: compose),
            isOptional: compose.manifest.isOptional, runsOnce: runsOnce,
            bootDeadline: bootDeadline(of: compose), roles: roles.roles(of: name))
    }

    /// The manager's own bound, unless the file says more: `boot-seconds`, or a `start_period` that is longer.
    private func bootDeadline(of compose: ComposeService) -> Duration {
        if let seconds = compose.manifest.bootSeconds { return .seconds(seconds) }
        return max(DesiredService.bootDeadlineDefault, compose.healthcheck?.startPeriod ?? .zero)
    }

    /// A hash of all that must lead to a new container when it changes.
    private func fingerprint(_ compose: ComposeService, image: String) throws(TemplateError) -> String {
        let files = try mountedContents(compose).joined(separator: "\n")
        let text = "\(Self.fingerprintVersion)\n\(image)\n\(compose.canonicalJSON)\n\(files)"
        do {
            return Hex.encode(try Digest.sha256(Array(text.utf8)))
        } catch { throw .broken("no fingerprint for \(compose.name): \(error)") }
    }

    /// The contents of the files that a service mounts: a change of them replaces its container.
    private func mountedContents(_ compose: ComposeService) throws(TemplateError) -> [String] {
        var contents: [String] = []
        for mount in compose.volumes where mount.kind == .bind {
            let source = (mount.source ?? "").replacing("./", with: "", maxReplacements: 1)
            let files = digests.filter { $0.key == source || $0.key.hasPrefix(source + "/") }
            contents += files.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        }
        for mount in compose.configs {
            guard let config = project.configs[mount.source] else { continue }
            if case .file(let path) = config.source { contents.append("\(path) \(digests[path] ?? "")") }
            if let text = try configText(mount.source, config) { contents.append("\(mount.source) \(text)") }
        }
        return contents
    }

    private func probe(of compose: ComposeService) throws(TemplateError) -> Probe? {
        let probes = compose.manifest.probes
        guard !probes.isEmpty else { return try compose.readinessProbe.map(probe) }
        var several: [ServiceRole: Probe] = [:]
        for (role, one) in probes { several[role] = try probe(one) }
        return .several(several)
    }

    private func probe(_ probe: ServiceProbe) throws(TemplateError) -> Probe {
        switch probe {
        case .http(let http):
            var headers = http.headers
            if let host = http.host { headers["Host"] = host }
            return .http(port: try port(http.port), path: http.path, status: http.status, headers: headers)
        case .tcp(let number): return .tcp(port: try port(number))
        case .postgres(let number, let user, let database):
            return .postgres(port: try port(number), user: user, database: database)
        case .exec(let command): return .exec(command: command)
        }
    }

    func port(_ number: Int) throws(TemplateError) -> UInt16 {
        guard let port = UInt16(exactly: number), port > 0 else { throw .broken("\(number) is not a port") }
        return port
    }
}

extension Dependency.Condition {
    init(_ condition: ComposeDependency.Condition) {
        switch condition {
        case .started: self = .started
        case .healthy: self = .healthy
        case .completed: self = .completed
        }
    }
}
