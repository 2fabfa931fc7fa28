import ProjectModel

/// `TemplatePolicy.standard` for the networks of a project, and the services' places on them.
struct NetworkPolicy {
    let project: ComposeProject
    /// The project's subnet; nil where it is not known.
    let lease: IPv4Network?
    let log: ProblemLog

    func check() {
        for (key, network) in project.networks.sorted(by: { $0.key < $1.key }) {
            checkReach(network, path: "networks.\(key)")
            checkSupport(network, path: "networks.\(key)")
        }
    }

    private func checkReach(_ network: ComposeNetwork, path: String) {
        if network.isExternal {
            log.add(.refused, path: "\(path).external", "an external network would join two projects")
        }
        if let driver = network.driver, driver != "bridge" {
            log.add(
                .refused, path: "\(path).driver", "\(driver) reaches beyond the project; leave it out or use bridge")
        }
        if let name = network.name, !network.isExternal {
            ObjectNamePolicy(project: project.name, log: log).check(name, path: "\(path).name")
        }
    }

    private func checkSupport(_ network: ComposeNetwork, path: String) {
        let refusals: [(key: String, applies: Bool, reason: String)] = [
            ("driver_opts", !network.driverOptions.isEmpty, "not supported: networks of projects have no options"),
            ("attachable", network.isAttachable, "not supported: there is no swarm"),
            ("labels", !network.labels.isEmpty, "not supported: a network has the manager's labels only"),
            (
                "ipam.driver", network.ipam.driver.map { $0 != "default" } == true,
                "not supported: the manager leases the addresses"
            ),
            ("ipam.options", !network.ipam.options.isEmpty, "not supported: the manager leases the addresses"),
            ("ipam.config", network.ipam.pools.count > 1, "not supported: a network has one subnet"),
            (
                "ipam.config[0].aux_addresses", network.ipam.pools.contains { !$0.auxiliaryAddresses.isEmpty },
                "not supported: give services their addresses by ipv4_address"
            ),
        ]
        for refusal in refusals where refusal.applies && !network.isExternal {
            log.add(.unsupported, path: "\(path).\(refusal.key)", refusal.reason)
        }
    }

    /// Each network's subnet lies within the project's, apart from the others, and holds what is given out of it.
    func checkSubnets() {
        guard let lease else { return }
        let shares = SubnetShares(lease: lease, networks: project.usedNetworks)
        var subnets: [String: IPv4Network] = [:]
        for key in shares.networks.keys.sorted() {
            do {
                let subnet = try shares.subnet(of: key)
                subnets[key] = subnet
                checkPool(key, within: subnet)
            } catch { log.add(.refused, path: error.path, error.reason) }
        }
        for service in project.services.values.sorted(by: { $0.name < $1.name }) {
            for (key, place) in service.networks.sorted(by: { $0.key < $1.key }) {
                guard let text = place.ipv4Address, let address = IPv4Address(text), let subnet = subnets[key] else {
                    continue
                }
                let pool = shares.networks[key]?.ipam.pools.first
                let gateway = pool?.gateway.flatMap { IPv4Address($0) } ?? subnet.address(at: 1)
                let dynamic = pool?.ipRange.flatMap { IPv4Network($0) }
                let path = "services.\(service.name).networks.\(key).ipv4_address"
                if !(subnet.base < address && address < subnet.last) || address == gateway {
                    log.add(
                        .invalid, path: path,
                        "\(text) is no free address in the network's subnet \(subnet), or belongs to its gateway")
                } else if let dynamic, dynamic.base <= address, address <= dynamic.last {
                    log.add(
                        .invalid, path: path,
                        "\(text) lies in \(dynamic), from which the engine gives addresses to other services")
                }
            }
        }
    }

    private func checkPool(_ key: String, within subnet: IPv4Network) {
        guard let pool = project.networks[key]?.ipam.pools.first else { return }
        let path = "networks.\(key).ipam.config[0]"
        if let text = pool.gateway {
            let address = IPv4Address(text)
            if address.map({ subnet.base < $0 && $0 < subnet.last }) != true {
                log.add(.invalid, path: "\(path).gateway", "\(text) is no address of a host in the subnet \(subnet)")
            }
        }
        if let text = pool.ipRange {
            let range = IPv4Network(text)
            if range.map({ subnet.base <= $0.base && $0.last <= subnet.last }) != true {
                log.add(.invalid, path: "\(path).ip_range", "\(text) is not within the subnet \(subnet)")
            }
        }
    }
}

/// Fixed names of networks and volumes at the engine.
struct ObjectNamePolicy {
    let project: String
    let log: ProblemLog

    func check(_ name: String, path: String) {
        if !name.hasPrefix(project) {
            log.add(
                .refused, path: path,
                "a second project would get the same name; leave it out or start with ${COMPOSE_PROJECT_NAME}")
        } else if name.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9_.-]{1,199}/) == nil {
            log.add(.invalid, path: path, "a name has letters, digits, \"_\", \".\" and \"-\", at most 200")
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

    /// Why a network gets no subnet, and at which key.
    struct Refusal: Error, Sendable, Hashable, CustomStringConvertible {
        let path: String
        let reason: String
        var description: String { "\(path): \(reason)" }
    }

    let lease: IPv4Network
    let networks: [String: ComposeNetwork]

    /// The subnet of the network `key`.
    func subnet(of key: String) throws(Refusal) -> IPv4Network {
        let path = "networks.\(key)"
        guard networks.count <= Self.networksMax else {
            throw Refusal(path: path, reason: "\(networks.count) networks, more than the allowed \(Self.networksMax)")
        }
        let named = networks.compactMapValues { $0.ipam.pools.first?.subnet }
        guard let text = named[key] else {
            guard named.isEmpty, let share = equalShare(of: key) else {
                throw Refusal(path: path, reason: "has no subnet, but others have: give one to each, or to none")
            }
            return share
        }
        let place = path + ".ipam.config[0].subnet"
        guard let subnet = IPv4Network(text), lease.base <= subnet.base, subnet.last <= lease.last else {
            throw Refusal(
                path: place,
                reason: "\(text) is not within the project's subnet, which is another one in each project: "
                    + "use ${SUBNET}, or a range that x-supamanager.ranges declares")
        }
        for (other, text) in named.sorted(by: { $0.key < $1.key }) where other != key {
            if let taken = IPv4Network(text), taken.overlaps(subnet) {
                throw Refusal(path: place, reason: "\(subnet) overlaps \(taken), the subnet of \(other)")
            }
        }
        return subnet
    }

    /// The part of a network where none names its own: a half, or a quarter.
    private func equalShare(of key: String) -> IPv4Network? {
        let keys = networks.keys.sorted()
        guard let index = keys.firstIndex(of: key) else { return nil }
        let length = lease.prefixLength + (keys.count == 1 ? 0 : keys.count == 2 ? 1 : 2)
        guard length <= 30, let base = lease.address(at: UInt32(index) << UInt32(32 - length)) else { return nil }
        return IPv4Network(containing: base, prefixLength: length)
    }
}

extension ComposeProject {
    /// The networks that a service joins.
    var usedNetworks: [String: ComposeNetwork] {
        let used = Set(services.values.flatMap(\.networks.keys))
        return networks.filter { used.contains($0.key) }
    }

    /// The project with a subnet for each of its networks, for every selection of services.
    func assigningSubnets(within lease: IPv4Network) throws(SubnetShares.Refusal) -> ComposeProject {
        let shares = SubnetShares(lease: lease, networks: usedNetworks)
        var project = self
        for key in shares.networks.keys.sorted() {
            let subnet = try shares.subnet(of: key).description
            if project.networks[key]?.ipam.pools.isEmpty == true { project.networks[key]?.ipam.pools = [.init()] }
            project.networks[key]?.ipam.pools[0].subnet = subnet
        }
        return project
    }
}
