/// Everything about one container.
///
/// Its environment is left out: it holds secrets, and nothing needs it back.
public struct ContainerInspection: Sendable, Equatable, Decodable {
    /// Its identifier.
    public let id: String
    /// Its name, without the engine's leading slash.
    public let name: String
    /// When it was created.
    public let created: EngineTimestamp?
    /// The image's identifier.
    public let imageID: String
    /// Its state, and the end of its last run.
    public let state: RunState
    /// How often the engine's restart policy has started it again.
    public let restartCount: Int
    /// The image's name, as it was created with.
    public let image: String
    /// Its labels, the image's among them.
    public let labels: [String: String]
    public let command: [String]
    /// The host name inside.
    public let hostname: String
    /// Whether it has a terminal; its log then has no frames.
    public let hasTerminal: Bool
    /// The engine's word for its restart policy: `no`, `always`, `unless-stopped`, `on-failure`.
    public let restartPolicy: String
    /// What is mounted.
    public let mounts: [MountPoint]
    /// Its ports, sorted.
    public let ports: [PublishedPort]
    /// Its place on each network, by the network's name.
    public let endpoints: [String: Endpoint]

    enum CodingKeys: String, CodingKey {
        case id = "Id"
        case name = "Name"
        case created = "Created"
        case imageID = "Image"
        case state = "State"
        case restartCount = "RestartCount"
        case config = "Config"
        case host = "HostConfig"
        case mounts = "Mounts"
        case network = "NetworkSettings"
    }

    /// Reads the engine's answer.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decode(String.self, forKey: .id)
        let slashed = try container.decode(String.self, forKey: .name)
        name = slashed.hasPrefix("/") ? String(slashed.dropFirst()) : slashed
        created = try container.decodeIfPresent(EngineTimestamp.self, forKey: .created)
        imageID = try container.value(.imageID, default: "")
        state = try container.decode(RunState.self, forKey: .state)
        restartCount = try container.value(.restartCount, default: 0)
        mounts = try container.value(.mounts, default: [])
        let config = try container.decode(Configuration.self, forKey: .config)
        image = config.image ?? ""
        labels = config.labels ?? [:]
        command = config.command ?? []
        hostname = config.hostname ?? ""
        hasTerminal = config.hasTerminal ?? false
        restartPolicy = try container.decodeIfPresent(Host.self, forKey: .host)?.restartPolicy?.name ?? "no"
        let network = try container.decodeIfPresent(NetworkSettings.self, forKey: .network)
        endpoints = network?.networks ?? [:]
        ports = network?.publishedPorts ?? []
    }
}

// The parts of the answer that are flattened above.
extension ContainerInspection {
    private struct Configuration: Decodable {
        let image: String?
        let labels: [String: String]?
        let command: [String]?
        let hostname: String?
        let hasTerminal: Bool?

        enum CodingKeys: String, CodingKey {
            case image = "Image"
            case labels = "Labels"
            case command = "Cmd"
            case hostname = "Hostname"
            case hasTerminal = "Tty"
        }
    }

    private struct Host: Decodable {
        struct Policy: Decodable {
            let name: String?
            enum CodingKeys: String, CodingKey { case name = "Name" }
        }
        let restartPolicy: Policy?
        enum CodingKeys: String, CodingKey { case restartPolicy = "RestartPolicy" }
    }

    private struct NetworkSettings: Decodable {
        struct Binding: Decodable {
            let hostAddress: String?
            let hostPort: String?
            enum CodingKeys: String, CodingKey {
                case hostAddress = "HostIp"
                case hostPort = "HostPort"
            }
        }
        let networks: [String: Endpoint]?
        /// An exposed port that is not published has null.
        let ports: [String: [Binding]?]?

        enum CodingKeys: String, CodingKey {
            case networks = "Networks"
            case ports = "Ports"
        }

        var publishedPorts: [PublishedPort] {
            let all = (ports ?? [:]).flatMap { key, bindings -> [PublishedPort] in
                guard let port = ContainerPort(key) else { return [] }
                guard let bindings, !bindings.isEmpty else {
                    return [PublishedPort(containerPort: port, hostAddress: nil, hostPort: nil)]
                }
                return bindings.map {
                    PublishedPort(
                        containerPort: port, hostAddress: $0.hostAddress, hostPort: $0.hostPort.flatMap { Int($0) })
                }
            }
            return all.sorted {
                ($0.containerPort, $0.hostPort ?? 0, $0.hostAddress ?? "")
                    < ($1.containerPort, $1.hostPort ?? 0, $1.hostAddress ?? "")
            }
        }
    }
}

/// A mount of a container.
public struct MountPoint: Sendable, Equatable, Decodable {
    /// `bind`, `volume` or `tmpfs`.
    public let type: String
    /// The volume's name; nil for other types.
    public let name: String?
    /// The path on the host; empty for a file system in memory.
    public let source: String
    /// The path in the container.
    public let target: String
    /// Whether the container can write there.
    public let isWritable: Bool

    enum CodingKeys: String, CodingKey {
        case type = "Type"
        case name = "Name"
        case source = "Source"
        case target = "Destination"
        case isWritable = "RW"
    }

    /// Reads an element of the engine's answer.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        type = try container.value(.type, default: "")
        name = try container.decodeIfPresent(String.self, forKey: .name)
        source = try container.value(.source, default: "")
        target = try container.decode(String.self, forKey: .target)
        isWritable = try container.value(.isWritable, default: true)
    }
}
