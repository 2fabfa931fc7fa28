public import ProjectModel

/// What the engine holds for one project: every object with the installation's and the project's label, and nothing
/// else. Read in one go before a decision, so that the decision is a pure function.
public struct ObservedStack: Sendable, Equatable {
    /// Networks of the project.
    public var networks: [ObservedNetwork]
    /// Volumes of the project.
    public var volumes: [ObservedVolume]
    /// Containers of the project, in every state.
    public var containers: [ObservedContainer]
    /// What the lists said from which this was made.
    public var fingerprint: StackFingerprint

    /// A snapshot; nothing by default.
    public init(
        networks: [ObservedNetwork] = [], volumes: [ObservedVolume] = [], containers: [ObservedContainer] = [],
        fingerprint: StackFingerprint = StackFingerprint()
    ) {
        self.networks = networks
        self.volumes = volumes
        self.containers = containers
        self.fingerprint = fingerprint
    }

    /// The stack's own containers, with everything else.
    public var withoutHelpers: ObservedStack {
        var stack = self
        stack.containers.removeAll(where: \.isHelper)
        return stack
    }

    /// Whether nothing of the project is left.
    public var isEmpty: Bool { networks.isEmpty && volumes.isEmpty && containers.isEmpty }

    /// The container of a service; the running one, then the first by id, should there be several.
    public func container(of service: ServiceName) -> ObservedContainer? {
        containers.filter { $0.service == service }
            .min { ($0.state.isUp ? 0 : 1, $0.id) < ($1.state.isUp ? 0 : 1, $1.id) }
    }
}

/// A network as the engine lists it.
public struct ObservedNetwork: Sendable, Equatable {
    /// Engine's id.
    public var id: String
    /// Name on the engine.
    public var name: String
    /// Its first subnet.
    public var subnet: IPv4Network?

    public init(id: String, name: String, subnet: IPv4Network?) {
        self.id = id
        self.name = name
        self.subnet = subnet
    }
}

/// A volume as the engine lists it; its name is its id.
public struct ObservedVolume: Sendable, Equatable {
    /// Name on the engine.
    public var name: String
    /// Key in the Compose file, from its Compose label.
    public var composeName: String?
    /// Mark that it was created with, which distinguishes it from another one of the same name.
    public var identity: String?
    /// When it was created, as the engine says.
    public var createdAt: Timestamp?

    public init(name: String, composeName: String? = nil, identity: String? = nil, createdAt: Timestamp? = nil) {
        self.name = name
        self.composeName = composeName
        self.identity = identity
        self.createdAt = createdAt
    }
}

/// A container as the engine lists it.
public struct ObservedContainer: Sendable, Equatable {
    /// Engine's id.
    public var id: String
    /// Name on the engine.
    public var name: String
    /// The service, from its Compose label; absent when the label is missing or unreadable.
    public var service: ServiceName?
    /// Fingerprint it was created with.
    public var configHash: String
    /// The engine's state of the container.
    public var state: State
    /// Exit code of the last run, once there was one.
    public var exitCode: Int?
    /// Last start.
    public var startedAt: Timestamp?
    /// Times the engine itself has restarted it.
    public var restartCount: Int
    /// Places on the project's networks; others are left out.
    public var attachments: [Attachment]
    /// Whether the kernel ended it for lack of memory.
    public var isOutOfMemory: Bool
    /// Whether it serves a backup or a restore, and is no part of the stack: the job that made it removes it.
    public var isHelper = false

    /// The engine's seven container states.
    public enum State: String, Sendable, CaseIterable {
        case created, running, paused, restarting, removing, exited, dead

        /// Whether a process exists or is about to.
        public var isUp: Bool { self == .running || self == .paused || self == .restarting }
    }

    /// A place on one of the project's networks.
    public struct Attachment: Sendable, Equatable {
        /// Name of the network on the engine.
        public var network: String
        /// Address on it while the container runs.
        public var address: IPv4Address?

        public init(network: String, address: IPv4Address? = nil) {
            self.network = network
            self.address = address
        }
    }

    public init(
        id: String, name: String, service: ServiceName?, configHash: String, state: State, exitCode: Int? = nil,
        startedAt: Timestamp? = nil, restartCount: Int = 0, attachments: [Attachment] = [], isOutOfMemory: Bool = false
    ) {
        self.id = id
        self.name = name
        self.service = service
        self.configHash = configHash
        self.state = state
        self.exitCode = exitCode
        self.startedAt = startedAt
        self.restartCount = restartCount
        self.attachments = attachments
        self.isOutOfMemory = isOutOfMemory
    }
}

extension ObservedContainer {
    /// Whether others cannot reach it: it is not on one of its networks, or not at its fixed address.
    func isUnreachable(as service: DesiredService) -> Bool {
        guard state == .running else { return false }
        return lacksNetwork(of: service)
            || service.spec.networks.contains { wanted in
                guard let fixed = wanted.address,
                    let address = attachments.first(where: { $0.network == wanted.network })?.address
                else { return false }
                return fixed != address
            }
    }

    /// Whether it is not attached to one of the networks of `service`: it was disconnected, or its creation was
    /// interrupted before it had joined them all.
    func lacksNetwork(of service: DesiredService) -> Bool {
        let joined = Set(attachments.map(\.network))
        return service.spec.networks.contains { !joined.contains($0.network) }
    }

    /// The address at which the manager reaches it as `service`: the one on the service's first network.
    public func address(as service: DesiredService) -> IPv4Address? {
        guard let first = service.spec.networks.first else { return nil }
        return attachments.first { $0.network == first.network }?.address
    }
}
