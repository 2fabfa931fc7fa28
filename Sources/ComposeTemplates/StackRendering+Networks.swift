import Orchestrator
import ProjectModel
import Reconciler

extension StackRendering {
    /// The project's networks in order of their keys, each within the leased subnet and apart from the others.
    func networks() throws(TemplateError) -> [DesiredNetwork] {
        let shares = SubnetShares(lease: leases.subnet, networks: project.networks)
        var networks: [DesiredNetwork] = []
        for (key, network) in project.networks.sorted(by: { $0.key < $1.key }) {
            let pool = network.ipam.pools.first
            networks.append(
                DesiredNetwork(
                    name: networkName(key), composeName: key, subnet: try shares.subnet(of: key),
                    addressRange: pool?.ipRange.flatMap { IPv4Network($0) },
                    gateway: pool?.gateway.flatMap { IPv4Address($0) }, isInternal: network.isInternal))
        }
        return networks
    }

    private func networkName(_ key: String) -> String { project.networks[key]?.name ?? "\(ref)_\(key)" }

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

/// Which part of a project's subnet each of its networks gets.
///
/// Either every network names its own, as a range of `x-supamanager.ranges`, or none does: then one network has all of
/// the subnet, and several have equal parts in order of their keys.
struct SubnetShares {
    /// Networks of one project: with more than four, the parts of a /27 are too small for anything.
    static let networksMax = 4

    let lease: IPv4Network
    let networks: [String: ComposeNetwork]

    /// The subnet of the network `key`.
    func subnet(of key: String) throws(TemplateError) -> IPv4Network {
        guard networks.count <= Self.networksMax else {
            throw .broken("it has \(networks.count) networks, more than the allowed \(Self.networksMax)")
        }
        let named = networks.compactMapValues { $0.ipam.pools.first?.subnet }
        guard let text = named[key] else {
            guard named.isEmpty, let share = equalShare(of: key) else {
                throw .broken("network \(key) has no subnet, but others have: give one to each network, or to none")
            }
            return share
        }
        guard let subnet = IPv4Network(text), lease.base <= subnet.base, subnet.last <= lease.last else {
            throw .broken(
                "network \(key): \(text) is not within the project's subnet, which differs from project to project: "
                    + "use ${SUBNET}, or a range that x-supamanager.ranges declares")
        }
        for (other, text) in named.sorted(by: { $0.key < $1.key }) where other != key {
            if let taken = IPv4Network(text), taken.overlaps(subnet) {
                throw .broken("networks \(key) and \(other) overlap: \(subnet) and \(taken)")
            }
        }
        return subnet
    }

    /// The part of a network where none names its own: a half, or a quarter.
    private func equalShare(of key: String) -> IPv4Network? {
        let keys = networks.keys.sorted()
        guard let index = keys.firstIndex(of: key) else { return nil }
        let bits = keys.count == 1 ? 0 : keys.count == 2 ? 1 : 2
        let length = lease.prefixLength + bits
        guard length <= 30, let base = lease.address(at: UInt32(index) << UInt32(32 - length)) else { return nil }
        return IPv4Network(containing: base, prefixLength: length)
    }
}
