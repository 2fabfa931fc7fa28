public import ProjectModel
import Reconciler

/// Resolves the addresses at which the manager reaches what a project publishes.
public protocol ServiceAddresses: Sendable {
    /// Where the container listens that publishes the leased port of a template's variable; nil while none runs, as far
    /// as the manager has seen.
    func address(behind variable: String, of record: ProjectRecord) async -> ServiceAddress?
}

/// A container's address on its project's network, and a port in it. The published port leads to the same service, but
/// only while the container runs: at other times another program of the host may have it.
public struct ServiceAddress: Sendable, Hashable {
    /// Address in the project's subnet.
    public var host: IPv4Address
    /// Port inside of the container.
    public var port: UInt16

    public init(host: IPv4Address, port: UInt16) {
        self.host = host
        self.port = port
    }
}

extension ProjectCatalog: ServiceAddresses {
    /// The address that the last pass over the project found.
    public func address(behind variable: String, of record: ProjectRecord) async -> ServiceAddress? {
        guard record.status.goal == .running, let port = record.leases?.ports[variable] else { return nil }
        return await observer.address(behind: port, of: record.ref)
    }
}

extension DesiredStack {
    /// Where the containers that run are reached, by the host port that each publishes.
    func addresses(in observed: ObservedStack) -> [UInt16: ServiceAddress] {
        var found: [UInt16: ServiceAddress] = [:]
        for service in services.values {
            guard let container = observed.container(of: service.name), container.state == .running,
                let host = container.address(as: service)
            else { continue }
            for port in service.spec.ports where port.transport == "tcp" {
                found[port.hostPort] = ServiceAddress(host: host, port: port.containerPort)
            }
        }
        return found
    }
}
