public import Orchestrator
public import ProjectModel
public import Reconciler
import Synchronization

/// One service of a ``FakeRenderer``'s template.
public struct TemplateService: Sendable {
    public var name: ServiceName
    public var image: String
    /// What it depends on.
    public var dependencies: [Dependency]
    /// Variable of its published port, if it has one.
    public var portVariable: String?
    /// Its volume in Compose terms, if it has one.
    public var volume: String?
    /// How readiness is found out.
    public var probe: Probe?
    /// Whether the project counts as healthy without it.
    public var isOptional: Bool
    /// Whether it runs once and ends.
    public var runsOnce: Bool
    /// What the engine does when it ends.
    public var restartPolicy: ContainerSpec.RestartPolicy
    /// Longest time from its start to its first answer.
    public var bootDeadline = DesiredService.bootDeadlineDefault
    /// Variables of the template, settings and secrets alike, that its container is made of.
    public var variables: Set<String> = []
    /// Whether function secrets are part of its environment.
    public var takesFunctionSecrets = false
    /// Its memory limit.
    public var memoryBytes: Int64?

    /// A service; by default one with an HTTP probe.
    public init(
        _ name: ServiceName, image: String? = nil, dependencies: [Dependency] = [], portVariable: String? = nil,
        volume: String? = nil, probe: Probe? = .http(port: 80, path: "/health", status: nil, headers: [:]),
        isOptional: Bool = false, runsOnce: Bool = false, restartPolicy: ContainerSpec.RestartPolicy = .no
    ) {
        self.name = name
        self.image = image ?? "test/\(name):1"
        self.dependencies = dependencies
        self.portVariable = portVariable
        self.volume = volume
        self.probe = probe
        self.isOptional = isOptional
        self.runsOnce = runsOnce
        self.restartPolicy = restartPolicy
    }
}

/// Renders a template that a test wrote down as a list of services.
public final class FakeRenderer: StackRenderer {
    /// A setting of this value makes the template unusable, as a memory limit does that is no size.
    public static let unusableValue = "unusable"

    private struct State {
        var services: [TemplateService]
        var failure: TemplateError?
        var failures: [ProjectRef: TemplateError] = [:]
    }

    private let state: Mutex<State>
    /// The names that the template declares.
    public let names: TemplateNames

    /// A renderer of a template.
    public init(_ services: [TemplateService], names: TemplateNames = .sample) {
        state = Mutex(State(services: services))
        self.names = names
    }

    public var services: [TemplateService] { state.withLock(\.services) }

    /// Makes the template unusable, or usable again.
    public func setFailure(_ failure: TemplateError?) { state.withLock { $0.failure = failure } }

    /// Makes one project impossible to render, or possible again.
    public func setFailure(_ failure: TemplateError?, of ref: ProjectRef) {
        state.withLock { $0.failures[ref] = failure }
    }

    private func template() throws(TemplateError) -> [TemplateService] {
        try state.withLock { state throws(TemplateError) in
            if let failure = state.failure { throw failure }
            return state.services
        }
    }

    /// All services of the template, or those of the selection.
    public func requirements(services: [String]?) throws(TemplateError) -> StackRequirements {
        let all = try template()
        let known = Set(all.map(\.name.text))
        for wanted in services ?? [] where !known.contains(wanted) {
            throw .badSelection("there is no service \(wanted)")
        }
        let selected = all.filter { services?.contains($0.name.text) ?? true }
        return StackRequirements(
            services: selected.map(\.name).sorted(), ports: selected.compactMap(\.portVariable),
            secrets: names.secrets, tokens: names.tokens, tokenSecret: names.roles.secrets[.tokenSigning],
            volumes: Set(selected.compactMap(\.volume)))
    }

    /// What the template declares, of the services that it has.
    public func roles() throws(TemplateError) -> StackRoles { names.roles(of: try template().map(\.name)) }

    /// The settings that every template of this renderer declares.
    public func declaredSettings(
        given settings: [String: Secret<String>]
    ) throws(TemplateError) -> [DeclaredSetting] {
        _ = try template()
        return names.settings
    }

    /// The stack of a project.
    public func render(_ project: ProjectRecord, values: ProjectValues) throws(TemplateError) -> DesiredStack {
        if let failure = state.withLock({ $0.failures[project.ref] }) { throw failure }
        guard let leases = project.leases else { throw .broken("project \(project.ref) has no leases") }
        if let bad = values.settings.first(where: { $0.value.reveal().hasPrefix(Self.unusableValue) }) {
            throw .broken("\(bad.key) cannot be \(bad.value.reveal())")
        }
        let name = "supabase-\(project.ref)"
        var stack = DesiredStack(
            ref: project.ref, networks: [DesiredNetwork(name: "\(name)_default", subnet: leases.subnet)])
        for service in try template() where project.services.contains(service.name) {
            if let volume = service.volume {
                stack.volumes["\(name)_\(volume)"] = DesiredVolume(name: "\(name)_\(volume)", composeName: volume)
            }
            stack.services[service.name] = desired(service, project: name, leases: leases, values: values)
        }
        return stack
    }

    /// The stack's names, with the secrets as variables.
    public func export(_ project: ProjectRecord, values: ProjectValues) throws(TemplateError) -> StackExport {
        let stack = try render(project, values: values)
        let lines = stack.services.keys.sorted().map { "  \($0): {image: ${PASSWORD}}\n" }
        return StackExport(
            compose: "services:\n" + lines.joined(), environment: values.secrets,
            files: ["configs/app.conf": Array("a=1\n".utf8)])
    }

    /// What a service gets: minted secrets always, and the variables that it uses.
    private func environment(_ service: TemplateService, _ values: ProjectValues) -> [String: String] {
        var environment = service.takesFunctionSecrets ? values.functionEnvironment : [:]
        environment.merge(values.secrets) { $1 }
        for setting in names.settings where service.variables.contains(setting.name) {
            environment[setting.name] = values.settings[setting.name] ?? setting.defaultValue.map { Secret($0) }
        }
        if service.name == names.roles.services[.gateway] {
            let keys = values.apiKeys.map { $0.key.reveal() }.joined(separator: ",")
            environment["KEYS"] = Secret("\(keys) \(values.acceptsLegacyKeys)")
        }
        return environment.mapValues { $0.reveal() }
    }

    /// What of a service's environment makes another container when it changes.
    private func fingerprint(
        _ service: TemplateService, environment: [String: String], values: ProjectValues
    ) -> String {
        let counted = environment.filter { name, _ in
            service.variables.contains(name) || name == "KEYS"
                || service.takesFunctionSecrets && values.functionEnvironment[name] != nil
        }
        return counted.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
    }

    private func desired(
        _ service: TemplateService, project: String, leases: Leases, values: ProjectValues
    ) -> DesiredService {
        let environment = environment(service, values)
        var spec = ContainerSpec(image: service.image, environment: environment)
        spec.restartPolicy = service.restartPolicy
        spec.resources.memoryBytes = service.memoryBytes
        spec.networks = [.init(network: "\(project)_default")]
        if let volume = service.volume {
            spec.mounts = [.init(source: .volume(name: "\(project)_\(volume)"), target: "/data")]
            spec.user = "101:101"
        }
        let port = service.portVariable.flatMap { leases.ports[$0] }
        if let port { spec.ports = [.init(hostAddress: "127.0.0.1", hostPort: port, containerPort: 80)] }
        return DesiredService(
            name: service.name, containerName: "\(project)-\(service.name)-1",
            configHash:
                "\(service.image) \(port ?? 0) \(leases.subnet)\(fingerprint(service, environment: environment, values: values))",
            spec: spec,
            dependencies: service.dependencies, probe: service.probe, isOptional: service.isOptional,
            runsOnce: service.runsOnce, bootDeadline: service.bootDeadline,
            roles: names.roles.roles(of: service.name))
    }

    /// None: the containers of the doubles read no files.
    public var projectFiles: [String: [UInt8]] { [:] }

    /// The gateway's address on this host: the first leased port, by name.
    public func endpoint(of leases: Leases) -> ProjectEndpoint? {
        guard let host = PublicHost("127.0.0.1"), let port = leases.ports.min(by: { $0.key < $1.key })?.value else {
            return nil
        }
        return ProjectEndpoint(host: host, port: port)
    }
}
