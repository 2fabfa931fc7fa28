import OrchestratorTesting
import ProjectModel
import Reconciler
import Testing

/// Stacks and what an engine might show of them.
enum Stacks {
    static let ref = ProjectRef.sample()
    static let subnet = "10.201.0.0/27"
    static let longAgo = Timestamp(milliseconds: 1_000_000)

    static func service(
        _ name: ServiceName, after dependencies: [Dependency] = [], volume: String? = nil, image: String? = nil,
        runsOnce: Bool = false, isOptional: Bool = false
    ) -> DesiredService {
        var spec = ContainerSpec(image: image ?? "\(name):1")
        spec.networks = [.init(network: "p_default")]
        if let volume { spec.mounts = [.init(source: .volume(name: volume), target: "/data")] }
        return DesiredService(
            name: name, containerName: "p-\(name)-1", configHash: "hash-\(name)", spec: spec,
            dependencies: dependencies, probe: .tcp(port: 1), isOptional: isOptional, runsOnce: runsOnce,
            roles: name == .db ? [.database] : [])
    }

    static func stack(
        _ services: [DesiredService], volumes: [String] = [], networks: [String: String] = ["p_default": subnet]
    ) throws -> DesiredStack {
        DesiredStack(
            ref: ref,
            networks: try networks.sorted { $0.key < $1.key }.map { name, subnet in
                DesiredNetwork(
                    name: name, composeName: String(name.dropFirst(2)), subnet: try #require(IPv4Network(subnet)))
            },
            volumes: Dictionary(uniqueKeysWithValues: volumes.map { ($0, DesiredVolume(name: $0, composeName: $0)) }),
            services: Dictionary(uniqueKeysWithValues: services.map { ($0.name, $0) }))
    }

    /// db ← auth ← gateway, with rest beside auth.
    static func four() throws -> DesiredStack {
        try stack(
            [
                service(.db, volume: "db-data"), service(.auth, after: [Dependency(on: .db)]),
                service(.rest, after: [Dependency(on: .db)]),
                service(.gateway, after: [Dependency(on: .auth), Dependency(on: .rest, .started)]),
            ], volumes: ["db-data"])
    }

    static func container(
        _ service: DesiredService, _ state: ObservedContainer.State = .running, exitCode: Int? = nil
    ) -> ObservedContainer {
        ObservedContainer(
            id: "id-\(service.name)", name: service.containerName, service: service.name,
            configHash: service.configHash, state: state, exitCode: exitCode,
            startedAt: state == .created ? nil : longAgo,
            attachments: service.spec.networks.map { .init(network: $0.network, address: $0.address) })
    }

    /// The engine as it should be, with every container in `state`.
    static func observed(_ stack: DesiredStack, _ state: ObservedContainer.State = .running) -> ObservedStack {
        ObservedStack(
            networks: stack.networks.map { ObservedNetwork(id: "net-\($0.name)", name: $0.name, subnet: $0.subnet) },
            volumes: stack.volumes.keys.sorted().map { ObservedVolume(name: $0) },
            containers: stack.services.values.sorted { $0.name < $1.name }.map { container($0, state) })
    }

    static func plan(
        _ stack: DesiredStack, _ observed: ObservedStack, ready: Set<ServiceName> = [],
        change: (inout ReconcileInput) -> Void = { _ in }
    ) -> String {
        var input = ReconcileInput(goal: .running, desired: stack, observed: observed, ready: ready)
        change(&input)
        return reconcile(input).description
    }
}

extension ObservedStack {
    mutating func set(_ service: ServiceName, _ change: (inout ObservedContainer) -> Void) {
        for index in containers.indices where containers[index].service == service { change(&containers[index]) }
    }
}
