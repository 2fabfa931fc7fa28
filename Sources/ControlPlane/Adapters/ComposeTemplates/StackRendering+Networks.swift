import Orchestrator
import ProjectModel
import Reconciler

extension StackRendering {
    /// The project's networks in order of their keys, each with its part of the leased subnet.
    func networks() throws(TemplateError) -> [DesiredNetwork] {
        var networks: [DesiredNetwork] = []
        for (key, network) in project.networks.sorted(by: { $0.key < $1.key }) {
            let pool = network.ipam.pools.first
            guard let subnet = pool?.subnet.flatMap({ IPv4Network($0) }) else {
                throw .broken("network \(key) has no subnet")
            }
            networks.append(
                DesiredNetwork(
                    name: network.name ?? "\(ref)_\(key)", composeName: key, subnet: subnet,
                    addressRange: pool?.ipRange.flatMap { IPv4Network($0) },
                    gateway: pool?.gateway.flatMap { IPv4Address($0) }, isInternal: network.isInternal))
        }
        return networks
    }

    /// A service's places on networks. The first is the one on which the manager probes the service: one with a way
    /// out where there is one, else the first by key.
    func attachments(
        of compose: ComposeService, to networks: [DesiredNetwork]
    ) -> [ContainerSpec.NetworkAttachment] {
        let own = networks.filter { compose.networks[$0.composeName] != nil }
        return (own.filter { !$0.isInternal } + own.filter(\.isInternal)).map { network in
            let attachment = compose.networks[network.composeName]
            return ContainerSpec.NetworkAttachment(
                network: network.name, aliases: attachment?.aliases ?? [],
                address: attachment?.ipv4Address.flatMap { IPv4Address($0) })
        }
    }
}
