/// A container in a list, without an inspection.
public struct ContainerSummary: Sendable, Equatable, Decodable {
    /// Its identifier.
    public let id: String
    /// Its name, without the engine's leading slash.
    public let name: String
    /// The image's name, as it was created with.
    public let image: String
    /// The image's identifier.
    public let imageID: String
    public let state: ContainerState
    /// The engine's words, for instance `Up 3 minutes (healthy)`.
    public let status: String
    public let labels: [String: String]
    public let ports: [PublishedPort]
    /// Its place on each network, by the network's name.
    public let endpoints: [String: Endpoint]
    /// When it was created, in seconds since 1970.
    public let createdSeconds: Int64

    enum CodingKeys: String, CodingKey {
        case id = "Id"
        case names = "Names"
        case image = "Image"
        case imageID = "ImageID"
        case state = "State"
        case status = "Status"
        case labels = "Labels"
        case ports = "Ports"
        case network = "NetworkSettings"
        case created = "Created"
    }

    /// Reads an element of the engine's answer.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decode(String.self, forKey: .id)
        name = Self.ownName(try container.value(.names, default: []))
        image = try container.value(.image, default: "")
        imageID = try container.value(.imageID, default: "")
        state = try container.decode(ContainerState.self, forKey: .state)
        status = try container.value(.status, default: "")
        labels = try container.value(.labels, default: [:])
        ports = try container.value(.ports, default: [])
        endpoints = try container.decodeIfPresent(Endpoints.self, forKey: .network)?.networks ?? [:]
        createdSeconds = try container.value(.created, default: 0)
    }

    /// A link adds names of the form `/other/name`; the container's own has one slash.
    static func ownName(_ names: [String]) -> String {
        let own = names.first { $0.dropFirst().contains("/") == false } ?? ""
        return own.hasPrefix("/") ? String(own.dropFirst()) : own
    }
}

struct Endpoints: Decodable {
    let networks: [String: Endpoint]?
    enum CodingKeys: String, CodingKey { case networks = "Networks" }
}

public enum ContainerState: Sendable, Hashable, Decodable {
    /// It was never started.
    case created
    /// Its process runs.
    case running
    /// Its process is frozen.
    case paused
    /// It has exited, and the engine is about to start it again.
    case restarting
    /// It is being removed.
    case removing
    /// Its process has ended.
    case exited
    /// It could be removed only in part; only removal is left.
    case dead
    /// A word that this client does not know.
    case other(String)

    /// Reads the engine's word.
    public init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(String.self))
    }

    init(_ word: String) {
        switch word {
        case "created": self = .created
        case "running": self = .running
        case "paused": self = .paused
        case "restarting": self = .restarting
        case "removing": self = .removing
        case "exited": self = .exited
        case "dead": self = .dead
        default: self = .other(word)
        }
    }
}

/// A container's endpoint on a network, as the engine reports it.
public struct Endpoint: Sendable, Equatable, Decodable {
    /// The network's identifier; empty until the container has been started.
    public let networkID: String
    /// Identifies the place for as long as the container runs: another run has another one. Empty unless it runs.
    public let endpointID: String
    /// The address; empty unless the container runs.
    public let ipv4Address: String
    /// The address that it asked for, if any.
    public let requestedIPv4Address: String?
    /// Names under which others on the network find it.
    public let aliases: [String]

    enum CodingKeys: String, CodingKey {
        case networkID = "NetworkID"
        case endpointID = "EndpointID"
        case ipv4Address = "IPAddress"
        case requested = "IPAMConfig"
        case aliases = "Aliases"
    }

    private struct Requested: Decodable {
        let ipv4: String?
        enum CodingKeys: String, CodingKey { case ipv4 = "IPv4Address" }
    }

    /// Reads the engine's answer.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        networkID = try container.value(.networkID, default: "")
        endpointID = try container.value(.endpointID, default: "")
        ipv4Address = try container.value(.ipv4Address, default: "")
        requestedIPv4Address = try container.decodeIfPresent(Requested.self, forKey: .requested)?.ipv4
        aliases = try container.value(.aliases, default: [])
    }
}

/// A port of a container, and where it is published if it is.
public struct PublishedPort: Sendable, Equatable, Decodable {
    /// The port inside.
    public let containerPort: ContainerPort
    /// The host's address that listens; nil if the port is not published.
    public let hostAddress: String?
    /// The host's port; nil if the port is not published.
    public let hostPort: Int?

    enum CodingKeys: String, CodingKey {
        case privatePort = "PrivatePort"
        case type = "Type"
        case hostAddress = "IP"
        case hostPort = "PublicPort"
    }

    init(containerPort: ContainerPort, hostAddress: String?, hostPort: Int?) {
        self.containerPort = containerPort
        self.hostAddress = hostAddress
        self.hostPort = hostPort
    }

    /// Reads an element of a list's `Ports`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let transport = ContainerPort.Transport(rawValue: try container.value(.type, default: "tcp")) ?? .tcp
        containerPort = ContainerPort(try container.decode(Int.self, forKey: .privatePort), transport)
        hostAddress = try container.decodeIfPresent(String.self, forKey: .hostAddress)
        hostPort = try container.decodeIfPresent(Int.self, forKey: .hostPort)
    }
}
