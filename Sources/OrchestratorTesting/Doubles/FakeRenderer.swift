public import Orchestrator
public import ProjectModel
public import Reconciler
import Synchronization

/// One service of a ``FakeRenderer``'s template.
public struct TemplateService: Sendable {
    /// Its name.
    public var name: ServiceName
    /// Its image.
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

    /// A service; by default one that is probed over HTTP and nothing else.
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
    /// Secrets that every template of this renderer requires.
    public static let secrets = [
        SecretRequirement(name: "POSTGRES_PASSWORD", alphabet: .alphanumeric, length: 32),
        SecretRequirement(name: "JWT_SECRET", alphabet: .alphanumeric, length: 40),
    ]

    private struct State {
        var services: [TemplateService]
        var failure: TemplateError?
    }

    private let state: Mutex<State>

    /// A renderer of a template.
    public init(_ services: [TemplateService]) { state = Mutex(State(services: services)) }

    /// The template.
    public var services: [TemplateService] { state.withLock(\.services) }

    /// Makes the template unusable, or usable again.
    public func setFailure(_ failure: TemplateError?) { state.withLock { $0.failure = failure } }

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
            secrets: Self.secrets,
            tokens: [TokenRequirement(name: "ANON_KEY", role: "anon")])
    }

    /// The stack of a project.
    public func render(
        _ project: ProjectRecord, secrets: [String: Secret<String>]
    ) throws(TemplateError) -> DesiredStack {
        guard let leases = project.leases else { throw .broken("project \(project.ref) has no leases") }
        let name = "supabase-\(project.ref)"
        var stack = DesiredStack(
            ref: project.ref, network: DesiredNetwork(name: "\(name)_default", subnet: leases.subnet))
        for service in try template() where project.services.contains(service.name) {
            if let volume = service.volume {
                stack.volumes["\(name)_\(volume)"] = DesiredVolume(name: "\(name)_\(volume)", composeName: volume)
            }
            stack.services[service.name] = desired(service, name, leases, secrets)
        }
        return stack
    }

    private func desired(
        _ service: TemplateService, _ project: String, _ leases: Leases, _ secrets: [String: Secret<String>]
    ) -> DesiredService {
        var spec = ContainerSpec(image: service.image, environment: secrets.mapValues { $0.reveal() })
        spec.restartPolicy = service.restartPolicy
        spec.networkName = "\(project)_default"
        if let volume = service.volume {
            spec.mounts = [.init(source: .volume(name: "\(project)_\(volume)"), target: "/data")]
        }
        let port = service.portVariable.flatMap { leases.ports[$0] }
        if let port { spec.ports = [.init(hostAddress: "127.0.0.1", hostPort: port, containerPort: 80)] }
        return DesiredService(
            name: service.name, containerName: "\(project)-\(service.name)-1",
            configHash: "\(service.image) \(port ?? 0) \(leases.subnet)", spec: spec,
            dependencies: service.dependencies, probe: service.probe, isOptional: service.isOptional,
            runsOnce: service.runsOnce, healthName: service.name.text)
    }

    /// The gateway's address on this host.
    public func apiURL(of leases: Leases) -> String {
        "http://127.0.0.1:\(leases.ports.min { $0.key < $1.key }?.value ?? 0)"
    }
}
