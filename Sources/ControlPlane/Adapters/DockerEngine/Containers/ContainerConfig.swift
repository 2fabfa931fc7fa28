/// A container to create: what of it is its own.
///
/// What is nil or empty is left out of the call, and then the image or the engine decides.
public struct ContainerConfig: Sendable, Equatable {
    /// Its name; unique on the engine.
    public var name: String
    /// The image, by name or identifier; it must be on the engine.
    public var image: String
    /// The command; nil means the image's.
    public var command: [String]?
    /// The entrypoint; nil means the image's, an empty list means none.
    public var entrypoint: [String]?
    /// Variables, on top of the image's.
    public var environment: [String: String]
    /// Labels, on top of the image's.
    public var labels: [String: String]
    /// Ports that it listens on, besides the published ones.
    public var exposedPorts: [ContainerPort]
    /// User and group, by name or number, for instance `1000:1000`.
    public var user: String?
    public var workingDirectory: String?
    /// The host name inside.
    public var hostname: String?
    /// The engine's health check; nil means the image's.
    public var healthcheck: Healthcheck?
    /// The signal that asks it to stop.
    public var stopSignal: String?
    /// The whole seconds between that signal and SIGKILL.
    public var stopTimeoutSeconds: Int?
    /// The host configuration.
    public var host: ContainerHostSpec
    /// The networks that it is on. The first becomes its network mode; none means the engine's default bridge.
    ///
    /// Before API 1.44 only one can be given here; see `DockerClient.connectNetwork`.
    public var endpoints: [EndpointSpec]

    /// A container with name and image; everything else has a default.
    public init(
        name: String, image: String, command: [String]? = nil, entrypoint: [String]? = nil,
        environment: [String: String] = [:], labels: [String: String] = [:], exposedPorts: [ContainerPort] = [],
        user: String? = nil, workingDirectory: String? = nil, hostname: String? = nil,
        healthcheck: Healthcheck? = nil, stopSignal: String? = nil, stopTimeoutSeconds: Int? = nil,
        host: ContainerHostSpec = ContainerHostSpec(), endpoints: [EndpointSpec] = []
    ) {
        self.name = name
        self.image = image
        self.command = command
        self.entrypoint = entrypoint
        self.environment = environment
        self.labels = labels
        self.exposedPorts = exposedPorts
        self.user = user
        self.workingDirectory = workingDirectory
        self.hostname = hostname
        self.healthcheck = healthcheck
        self.stopSignal = stopSignal
        self.stopTimeoutSeconds = stopTimeoutSeconds
        self.host = host
        self.endpoints = endpoints
    }
}

// A specification holds secrets in its variables, and must not carry them into a log line.
extension ContainerConfig: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Name and image.
    public var description: String { "container \(name) from \(image)" }
    /// As `description`.
    public var debugDescription: String { description }
    /// Name and image; reflection shows nothing else.
    public var customMirror: Mirror { Mirror(self, children: ["name": name, "image": image]) }
}

/// A port inside a container.
public struct ContainerPort: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The protocol of a port.
    public enum Transport: String, Sendable {
        case tcp
        case udp
        case sctp
    }

    /// 1 to 65535.
    public var number: Int
    /// Its protocol.
    public var transport: Transport

    public init(_ number: Int, _ transport: Transport = .tcp) {
        self.number = number
        self.transport = transport
    }

    /// Reads `5432/tcp`, or `5432` for TCP.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let number = Int(parts[0]), (0...65535).contains(number),
            let transport = parts.count == 1 ? .tcp : Transport(rawValue: String(parts[1]))
        else { return nil }
        self.init(number, transport)
    }

    /// As `5432/tcp`.
    public var description: String { "\(number)/\(transport.rawValue)" }

    /// By number, then protocol.
    public static func < (left: ContainerPort, right: ContainerPort) -> Bool {
        (left.number, left.transport.rawValue) < (right.number, right.transport.rawValue)
    }
}

/// How the engine finds out whether a container is healthy.
public enum Healthcheck: Sendable, Equatable {
    /// Not at all, even if the image has a health check.
    case disabled
    /// By a command inside the container; what is nil is left to the image or the engine.
    ///
    /// - Parameter test: the engine's form, beginning with `CMD` or `CMD-SHELL`.
    case command(
        test: [String], interval: Duration? = nil, timeout: Duration? = nil, startPeriod: Duration? = nil,
        retries: Int? = nil)
}

/// A container's place on a network.
public struct EndpointSpec: Sendable, Equatable {
    /// The network's name or identifier.
    public var network: String
    /// Names under which others on the network find it, besides its own.
    public var aliases: [String]
    /// A fixed address from the network's subnet.
    public var ipv4Address: String?

    /// An endpoint on a network; everything else has a default.
    public init(network: String, aliases: [String] = [], ipv4Address: String? = nil) {
        self.network = network
        self.aliases = aliases
        self.ipv4Address = ipv4Address
    }
}
