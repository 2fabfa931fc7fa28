public import Orchestrator
public import ProjectModel
public import Reconciler

extension DockerContainerEngine {
    /// Makes the one call that the operation stands for.
    public func perform(_ operation: EngineOperation, for ref: ProjectRef) async throws(EngineError) {
        try await translated { client in try await self.call(client, operation: operation, ref: ref) }
    }

    private func call(_ client: DockerClient, operation: EngineOperation, ref: ProjectRef) async throws {
        switch operation {
        case .createNetwork(let network): _ = try await client.createNetwork(spec(of: network, ref))
        case .createVolume(let volume): try await createVolume(volume, ref: ref, client: client)
        case .pullImage(let image): try await pull(image, client)
        case .createContainer(let service): try await createContainer(containerSpec(of: service, ref), client)
        case .startContainer(let name, _): _ = try await client.startContainer(name)
        case .restartContainer(let id, _, let gracePeriod):
            try await client.restartContainer(id, timeoutSeconds: Int(gracePeriod.components.seconds))
        case .stopContainer(let id, _, let gracePeriod):
            try await ignoringAbsence {
                _ = try await client.stopContainer(id, timeoutSeconds: Int(gracePeriod.components.seconds))
            }
        case .removeContainer(let id, _):
            try await ignoringAbsence { try await self.removeContainer(id, client) }
        case .removeNetwork(let id, _): try await ignoringAbsence { try await client.removeNetwork(id) }
        case .removeVolume(let name): try await removeVolume(name, ref: ref, client: client)
        }
    }

    /// Engines before API 1.44 take one network at the creation; the others are joined before the first start. A
    /// container that could not join them all is removed again; should that fail too, the next pass replaces it.
    private func createContainer(_ whole: ContainerConfig, _ client: DockerClient) async throws {
        var spec = whole
        // The engine refuses a share of more processors than it has, where all of them are meant.
        if let nano = spec.host.resources.nanoCPUs {
            let all = Int64(clamping: try await connection.processors()) * 1_000_000_000
            spec.host.resources.nanoCPUs = all > 0 ? min(nano, all) : nano
        }
        if client.apiVersion < .severalNetworksAtCreation { spec.endpoints = Array(whole.endpoints.prefix(1)) }
        let id = try await client.createContainer(spec).id
        do {
            for endpoint in whole.endpoints.dropFirst(spec.endpoints.count) {
                try await client.connectNetwork(endpoint, container: id)
            }
        } catch {
            try? await client.removeContainer(id, force: true)
            throw error
        }
    }

    /// A removal that is already in progress counts as ours.
    private func removeContainer(_ id: String, _ client: DockerClient) async throws {
        do {
            try await client.removeContainer(id, force: true)
        } catch {
            guard error.isConflict, error.engineMessage?.contains("already in progress") == true else { throw error }
        }
    }

    /// Creating a volume that exists returns that volume with its own labels, so check its owner.
    private func createVolume(_ desired: DesiredVolume, ref: ProjectRef, client: DockerClient) async throws {
        var labels = StackLabels.common(ref, installation: installation)
        labels[StackLabels.composeVolume] = desired.composeName
        labels[StackLabels.volumeIdentity] = desired.identity
        let volume = try await client.createVolume(
            VolumeSpec(
                name: desired.name, driver: desired.driver, driverOptions: desired.driverOptions, labels: labels))
        guard isOurs(volume.labels, ref) else {
            throw EngineError.nameTaken(message: "volume \(desired.name) exists and is not of this project")
        }
    }

    /// Volumes have no id: one of the same name may have taken the place of ours since it was listed.
    private func removeVolume(_ name: String, ref: ProjectRef, client: DockerClient) async throws {
        try await ignoringAbsence {
            guard self.isOurs(try await client.inspectVolume(name).labels, ref) else {
                throw EngineError.nameTaken(message: "volume \(name) is no longer of this project; it is left alone")
            }
            try await client.removeVolume(name)
        }
    }

    private func isOurs(_ labels: [String: String], _ ref: ProjectRef) -> Bool {
        labels[StackLabels.installation] == installation && labels[StackLabels.project] == ref.text
    }

    private func ignoringAbsence(_ body: () async throws -> Void) async throws {
        do { try await body() } catch let error as DockerError where error.isNotFound {}
    }

    // MARK: Specifications

    private func spec(of network: DesiredNetwork, _ ref: ProjectRef) -> NetworkSpec {
        var labels = StackLabels.common(ref, installation: installation)
        labels[StackLabels.composeNetwork] = network.composeName
        return NetworkSpec(
            name: network.name, subnet: network.subnet.description, gateway: network.gateway?.description,
            addressRange: network.addressRange?.description, isInternal: network.isInternal, labels: labels)
    }

    private func containerSpec(of service: DesiredService, _ ref: ProjectRef) -> ContainerConfig {
        let spec = service.spec
        var labels = spec.labels
        labels.merge(StackLabels.common(ref, installation: installation)) { $1 }
        labels.merge(StackLabels.container(service)) { $1 }
        let endpoints = (spec.isOffline ? [] : spec.networks).map { place in
            EndpointSpec(
                network: place.network, aliases: [service.name.text] + place.aliases,
                ipv4Address: place.address?.description)
        }
        return ContainerConfig(
            name: service.containerName, image: spec.image, command: spec.command, entrypoint: spec.entrypoint,
            environment: spec.environment.reveal(), labels: labels,
            exposedPorts: spec.exposedPorts.compactMap { ContainerPort($0) }, user: spec.user,
            workingDirectory: spec.workingDirectory, hostname: spec.hostname,
            // The manager runs the probes; the engine's exec checks cost 45 ms of processor time each.
            healthcheck: .disabled, stopSignal: spec.stopSignal,
            stopTimeoutSeconds: Int(spec.stopGracePeriod.components.seconds),
            host: ContainerHostSpec(
                spec, volumeLabels: StackLabels.common(ref, installation: installation)),
            endpoints: endpoints)
    }
}
