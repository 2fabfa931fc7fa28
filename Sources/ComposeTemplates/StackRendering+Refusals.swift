import Orchestrator

extension StackRendering {
    /// Refuses what the loader understands and the manager does not carry out: nothing is left out in silence. The
    /// one exception is `healthcheck`, which stays for those who run the file with other tools; the manager probes.
    func refuseUnsupported() throws(TemplateError) {
        for service in project.services.values.sorted(by: { $0.name < $1.name }) {
            if let reason = Self.unsupported(in: service) {
                throw .broken("service \(service.name): \(reason) is not supported by the manager")
            }
        }
        for (key, network) in project.networks {
            if let reason = Self.unsupported(in: network) {
                throw .broken("network \(key): \(reason) is not supported by the manager")
            }
        }
        for (key, volume) in project.volumes where !volume.labels.isEmpty {
            throw .broken("volume \(key): labels are not supported by the manager")
        }
    }

    private static func unsupported(in service: ComposeService) -> String? {
        if service.cpuset != nil { return "cpuset" }
        if service.networkMode != nil { return "network_mode" }
        if service.dependsOn.values.contains(where: \.restarts) { return "depends_on.restart" }
        if service.volumes.contains(where: { $0.volume?.noCopy == true }) { return "volume.nocopy" }
        if service.configs.contains(where: { $0.uid != nil || $0.gid != nil || $0.mode != nil }) {
            return "uid, gid or mode of a config"
        }
        return nil
    }

    private static func unsupported(in network: ComposeNetwork) -> String? {
        if !network.driverOptions.isEmpty { return "driver_opts" }
        if network.isAttachable { return "attachable" }
        if !network.labels.isEmpty { return "labels" }
        if network.ipam.driver != nil || !network.ipam.options.isEmpty { return "an IPAM driver or its options" }
        if network.ipam.pools.count > 1 { return "more than one subnet" }
        if network.ipam.pools.contains(where: { !$0.auxiliaryAddresses.isEmpty }) { return "aux_addresses" }
        return nil
    }
}
