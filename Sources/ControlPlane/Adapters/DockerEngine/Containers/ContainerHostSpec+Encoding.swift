/// A host specification as the engine's `HostConfig`.
struct HostConfiguration: Encodable {
    let spec: ContainerHostSpec
    let networkMode: String?

    enum CodingKeys: String, CodingKey {
        case mounts = "Mounts"
        case portBindings = "PortBindings"
        case restartPolicy = "RestartPolicy"
        case log = "LogConfig"
        case networkMode = "NetworkMode"
        case memory = "Memory"
        case memoryAndSwap = "MemorySwap"
        case memoryReservation = "MemoryReservation"
        case nanoCPUs = "NanoCpus"
        case cpuShares = "CpuShares"
        case processes = "PidsLimit"
        case sharedMemory = "ShmSize"
        case ulimits = "Ulimits"
        case addedCapabilities = "CapAdd"
        case droppedCapabilities = "CapDrop"
        case securityOptions = "SecurityOpt"
        case isReadOnly = "ReadonlyRootfs"
        case temporaryFileSystems = "Tmpfs"
        case usesInit = "Init"
        case extraHosts = "ExtraHosts"
        case kernelParameters = "Sysctls"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeUnlessEmpty(spec.mounts, forKey: .mounts)
        try container.encodeUnlessEmpty(bindingsByPort, forKey: .portBindings)
        try container.encode(spec.restartPolicy, forKey: .restartPolicy)
        try container.encodeIfPresent(spec.log, forKey: .log)
        try container.encodeIfPresent(networkMode, forKey: .networkMode)
        try encodeResources(into: &container)
        try container.encodeUnlessEmpty(spec.addedCapabilities, forKey: .addedCapabilities)
        try container.encodeUnlessEmpty(spec.droppedCapabilities, forKey: .droppedCapabilities)
        try container.encodeUnlessEmpty(spec.securityOptions, forKey: .securityOptions)
        try container.encode(spec.isReadOnly, forKey: .isReadOnly)
        try container.encodeUnlessEmpty(spec.temporaryFileSystems, forKey: .temporaryFileSystems)
        try container.encodeIfPresent(spec.usesInit, forKey: .usesInit)
        try container.encodeUnlessEmpty(spec.extraHosts, forKey: .extraHosts)
        try container.encodeUnlessEmpty(spec.kernelParameters, forKey: .kernelParameters)
    }

    private func encodeResources(into container: inout KeyedEncodingContainer<CodingKeys>) throws {
        let resources = spec.resources
        try container.encodeIfPresent(resources.memoryBytes, forKey: .memory)
        try container.encodeIfPresent(resources.memoryAndSwapBytes, forKey: .memoryAndSwap)
        try container.encodeIfPresent(resources.memoryReservationBytes, forKey: .memoryReservation)
        try container.encodeIfPresent(resources.nanoCPUs, forKey: .nanoCPUs)
        try container.encodeIfPresent(resources.cpuShares, forKey: .cpuShares)
        try container.encodeIfPresent(resources.processes, forKey: .processes)
        try container.encodeIfPresent(resources.sharedMemoryBytes, forKey: .sharedMemory)
        try container.encodeUnlessEmpty(resources.ulimits, forKey: .ulimits)
    }

    private var bindingsByPort: [String: [PortBinding]] {
        Dictionary(grouping: spec.portBindings) { $0.containerPort.description }
    }
}

extension KeyedEncodingContainer {
    fileprivate mutating func encodeUnlessEmpty(_ value: some Collection & Encodable, forKey key: Key) throws {
        if !value.isEmpty { try encode(value, forKey: key) }
    }
}

extension MountSpec: Encodable {
    enum CodingKeys: String, CodingKey {
        case type = "Type"
        case source = "Source"
        case target = "Target"
        case isReadOnly = "ReadOnly"
        case bindOptions = "BindOptions"
        case volumeOptions = "VolumeOptions"
        case tmpfsOptions = "TmpfsOptions"
    }

    private struct BindOptions: Encodable {
        let propagation: String
        enum CodingKeys: String, CodingKey { case propagation = "Propagation" }
    }

    private struct VolumeOptions: Encodable {
        let noCopy: Bool
        let labels: [String: String]?
        enum CodingKeys: String, CodingKey {
            case noCopy = "NoCopy"
            case labels = "Labels"
        }
    }

    private struct TmpfsOptions: Encodable {
        let sizeBytes: Int64?
        let mode: UInt32?
        enum CodingKeys: String, CodingKey {
            case sizeBytes = "SizeBytes"
            case mode = "Mode"
        }
    }

    /// Writes the engine's `Mount`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(target, forKey: .target)
        try container.encode(isReadOnly, forKey: .isReadOnly)
        switch source {
        case .bind(let path, let propagation):
            try container.encode("bind", forKey: .type)
            try container.encode(path, forKey: .source)
            try container.encodeIfPresent(propagation.map { BindOptions(propagation: $0) }, forKey: .bindOptions)
        case .volume(let name, let noCopy, let labels):
            try container.encode("volume", forKey: .type)
            try container.encode(name, forKey: .source)
            if noCopy || !labels.isEmpty {
                let options = VolumeOptions(noCopy: noCopy, labels: labels.isEmpty ? nil : labels)
                try container.encode(options, forKey: .volumeOptions)
            }
        case .tmpfs(let sizeBytes, let mode):
            try container.encode("tmpfs", forKey: .type)
            if sizeBytes != nil || mode != nil {
                try container.encode(TmpfsOptions(sizeBytes: sizeBytes, mode: mode), forKey: .tmpfsOptions)
            }
        }
    }
}

extension PortBinding: Encodable {
    enum CodingKeys: String, CodingKey {
        case hostAddress = "HostIp"
        case hostPort = "HostPort"
    }

    /// Writes one element of `PortBindings`; the container's port is the key under which it stands.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(hostAddress ?? "", forKey: .hostAddress)
        try container.encode(hostPort.map { String($0) } ?? "", forKey: .hostPort)
    }
}

extension RestartPolicy: Encodable {
    enum CodingKeys: String, CodingKey {
        case name = "Name"
        case maximumRetries = "MaximumRetryCount"
    }

    /// Writes the engine's form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .never: try container.encode("no", forKey: .name)
        case .always: try container.encode("always", forKey: .name)
        case .unlessStopped: try container.encode("unless-stopped", forKey: .name)
        case .onFailure(let maximumRetries):
            try container.encode("on-failure", forKey: .name)
            try container.encode(maximumRetries, forKey: .maximumRetries)
        }
    }
}
