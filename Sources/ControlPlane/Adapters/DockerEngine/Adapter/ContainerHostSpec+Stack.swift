import Reconciler

extension ContainerHostSpec {
    /// The host configuration of a service's container.
    ///
    /// - Parameter volumeLabels: labels for a volume that the engine recreates because it is gone by then, so that it
    ///   can be found and removed: a call may be carried out late, when the project is being deleted.
    init(_ spec: ContainerSpec, volumeLabels: [String: String]) {
        self.init(
            mounts: spec.mounts.map { MountSpec($0, volumeLabels: volumeLabels) },
            portBindings: spec.ports.map(PortBinding.init(_:)),
            restartPolicy: RestartPolicy(spec.restartPolicy),
            log: spec.logging.map { LogSpec(driver: $0.driver, options: $0.options) },
            resources: ResourceSpec(spec), addedCapabilities: spec.addedCapabilities,
            droppedCapabilities: spec.droppedCapabilities, securityOptions: spec.securityOptions,
            isReadOnly: spec.isReadOnly, usesInit: spec.usesInit, extraHosts: spec.extraHosts,
            kernelParameters: spec.sysctls)
        isOffline = spec.isOffline
    }
}

extension MountSpec {
    init(_ mount: ContainerSpec.Mount, volumeLabels: [String: String]) {
        let source: Source =
            switch mount.source {
            case .bind(let path): .bind(path: path)
            case .volume(let name): .volume(name: name, labels: volumeLabels)
            case .tmpfs(let sizeBytes, let mode):
                .tmpfs(sizeBytes: sizeBytes, mode: mode.flatMap { UInt32(exactly: $0) })
            }
        self.init(source, target: mount.target, isReadOnly: mount.isReadOnly)
    }
}

extension PortBinding {
    init(_ port: ContainerSpec.PublishedPort) {
        self.init(
            containerPort: ContainerPort(
                Int(port.containerPort), ContainerPort.Transport(rawValue: port.transport) ?? .tcp),
            hostAddress: port.hostAddress, hostPort: Int(port.hostPort))
    }
}

extension RestartPolicy {
    init(_ policy: ContainerSpec.RestartPolicy) {
        switch policy {
        case .no: self = .never
        case .always: self = .always
        case .unlessStopped: self = .unlessStopped
        case .onFailure(let maximumRetries): self = .onFailure(maximumRetries: maximumRetries ?? 0)
        }
    }
}

extension ResourceSpec {
    init(_ spec: ContainerSpec) {
        let resources = spec.resources
        self.init(
            memoryBytes: resources.memoryBytes, memoryAndSwapBytes: resources.memorySwapBytes,
            memoryReservationBytes: resources.memoryReservationBytes, nanoCPUs: resources.nanoCPUs,
            cpuShares: resources.cpuShares, processes: resources.processesMax,
            sharedMemoryBytes: spec.sharedMemoryBytes,
            ulimits: spec.ulimits.sorted { $0.key < $1.key }.map {
                Ulimit(name: $0.key, soft: $0.value.soft, hard: $0.value.hard)
            })
    }
}
