public import ProjectModel

/// How the containers of a project whose template version is not known compare with what a version would make.
public enum VersionMatch: Sendable, Equatable {
    /// There is no container that would be replaced.
    case agrees
    /// Containers were made from something else: these services.
    case differs([ServiceName])
}

extension DesiredStack {
    /// Compares the containers that exist with what this stack would make. Pure.
    public func match(with observed: ObservedStack) -> VersionMatch {
        let others = services.values.filter { service in
            guard let container = observed.container(of: service.name) else { return false }
            return container.configHash != service.configHash || container.name != service.containerName
        }
        return others.isEmpty ? .agrees : .differs(others.map(\.name).sorted())
    }

    /// The stack with all existing objects unchanged: no container is replaced, no network or volume made or removed.
    public func adopting(_ observed: ObservedStack) -> DesiredStack {
        var stack = self
        for name in services.keys {
            guard let container = observed.container(of: name) else { continue }
            stack.services[name]?.configHash = container.configHash
            stack.services[name]?.containerName = container.name
            stack.services[name]?.spec.networks = container.attachments.map { .init(network: $0.network) }
        }
        stack.networks = observed.networks.sorted { $0.id < $1.id }.compactMap { network in
            guard let subnet = network.subnet ?? networks.first(where: { $0.name == network.name })?.subnet else {
                return nil
            }
            return DesiredNetwork(name: network.name, subnet: subnet)
        }
        let present = Set(observed.volumes.map(\.name))
        stack.volumes = volumes.filter { present.contains($0.key) }
        return stack
    }
}
