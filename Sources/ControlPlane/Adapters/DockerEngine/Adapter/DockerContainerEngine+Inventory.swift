public import ConsistencyModel
public import Orchestrator
import ProjectModel

extension DockerContainerEngine: EngineInspection {
    /// Pools that an engine uses whose configuration names none (`man dockerd`, `--default-address-pool`).
    private static let builtInPools = [
        "172.17.0.0/16", "172.18.0.0/15", "172.20.0.0/14", "172.24.0.0/13", "192.168.0.0/16",
    ]

    /// Lists containers, networks and volumes, and asks what the engine is.
    public func inventory() async throws(EngineError) -> EngineInventory {
        try await inventory(ofAnyInstallation: false)
    }

    /// The inventory; with `ofAnyInstallation`, objects with the label of any installation count as ours.
    public func inventory(ofAnyInstallation: Bool) async throws(EngineError) -> EngineInventory {
        let owner = { @Sendable (labels: [String: String]) in
            self.owner(labels, ofAnyInstallation: ofAnyInstallation)
        }
        return try await translated { client in
            async let info = client.info()
            async let containers = client.listContainers()
            async let networks = client.listNetworks()
            let volumes = try await client.listVolumes(labels: StackLabels.filter(installation: self.installation))
            let (about, pools) = (try await info, try await info.addressPools.map(\.base))
            return EngineInventory(
                version: client.engine.version, apiVersion: "\(client.apiVersion)", rootFolder: about.rootDirectory,
                addressPools: (pools.isEmpty ? Self.builtInPools : pools).compactMap { IPv4Network(covering: $0) },
                containers: try await containers.map { Self.container($0, owner($0.labels)) },
                networks: try await networks.map { Self.network($0, owner($0.labels)) },
                volumes: volumes.map { EngineInventory.Volume(name: $0.name, owner: owner($0.labels)) })
        }
    }

    /// The folder of images, volumes and containers on the engine's machine.
    public func rootFolder() async throws(EngineError) -> String {
        try await translated { client in try await client.info().rootDirectory }
    }

    private func owner(_ labels: [String: String], ofAnyInstallation: Bool) -> EngineInventory.Owner {
        guard let label = labels[StackLabels.installation], ofAnyInstallation || label == installation else {
            return .stranger
        }
        return labels[StackLabels.project].flatMap { ProjectRef($0) }.map { .project($0) } ?? .nobody
    }

    private static func container(
        _ summary: ContainerSummary, _ owner: EngineInventory.Owner
    ) -> EngineInventory.Container {
        let isRunning =
            switch summary.state {
            case .running, .restarting, .other: true
            case .created, .paused, .removing, .exited, .dead: false
            }
        return EngineInventory.Container(
            name: summary.name, owner: owner,
            service: summary.labels[StackLabels.composeService].flatMap { ServiceName($0) }, isRunning: isRunning,
            hostPorts: Set(summary.ports.compactMap { $0.hostPort.flatMap { UInt16(exactly: $0) } }))
    }

    private static func network(_ network: Network, _ owner: EngineInventory.Owner) -> EngineInventory.Network {
        EngineInventory.Network(
            name: network.name, owner: owner,
            subnets: network.subnets.compactMap { $0.subnet.flatMap { IPv4Network($0) } })
    }
}

extension IPv4Network {
    /// The network around an address with a prefix length, host bits or not: `172.17.0.0/12` is in Docker's examples.
    fileprivate init?(covering text: String) {
        let parts = text.split(separator: "/")
        guard parts.count == 2, let address = IPv4Address(parts[0]), let length = Int(parts[1]),
            (0...32).contains(length)
        else { return nil }
        self.init(containing: address, prefixLength: length)
    }
}
