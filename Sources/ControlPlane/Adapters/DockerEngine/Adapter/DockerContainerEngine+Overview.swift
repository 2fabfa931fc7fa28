public import Orchestrator
import ProjectModel
import Reconciler

extension DockerContainerEngine {
    /// Lists all containers and networks, and the installation's volumes: three calls, however many projects there are.
    public func overview() async throws(EngineError) -> EngineOverview {
        try await translated { client in
            var overview = EngineOverview()
            for try await container in try await client.listContainersBriefly() {
                overview.use.ports.formUnion(container.hostPorts.compactMap { UInt16(exactly: $0) })
                if container.installation == self.installation, let ref = container.project.flatMap({ ProjectRef($0) })
                {
                    overview.fingerprints[ref, default: StackFingerprint()].add(container.run)
                }
            }
            for network in try await client.listNetworks() {
                overview.use.subnets.formUnion(network.subnets.compactMap { $0.subnet.flatMap { IPv4Network($0) } })
                if let ref = self.project(network.labels) {
                    overview.fingerprints[ref, default: StackFingerprint()].add(network)
                }
            }
            for volume in try await client.listVolumes(labels: StackLabels.filter(installation: self.installation)) {
                if let ref = self.project(volume.labels) {
                    overview.fingerprints[ref, default: StackFingerprint()].add(volume)
                }
            }
            return overview
        }
    }

    private func project(_ labels: [String: String]) -> ProjectRef? {
        guard labels[StackLabels.installation] == installation else { return nil }
        return labels[StackLabels.project].flatMap { ProjectRef($0) }
    }
}

extension StackFingerprint {
    /// A project's objects in the lists.
    init(runs: [ContainerListItem.Run], networks: [Network], volumes: [Volume]) {
        self.init()
        for run in runs { add(run) }
        for network in networks { add(network) }
        for volume in volumes { add(volume) }
    }

    fileprivate mutating func add(_ network: Network) { add([network.id, network.name]) }

    /// Volumes have no id: one of the same name may have taken the place of another.
    fileprivate mutating func add(_ volume: Volume) {
        add([volume.name, volume.labels[StackLabels.volumeIdentity], volume.created?.description])
    }
}
