public struct NetworkSubnet: Sendable, Equatable, Codable {
    /// In CIDR form; host networks have none.
    public let subnet: String?
    /// The host's address inside it, if the engine has noted one.
    public let gateway: String?
    /// The part of it, in CIDR form, from which the engine hands out addresses; nil means all of it.
    public let addressRange: String?

    public init(subnet: String?, gateway: String? = nil, addressRange: String? = nil) {
        self.subnet = subnet
        self.gateway = gateway
        self.addressRange = addressRange
    }

    enum CodingKeys: String, CodingKey {
        case subnet = "Subnet"
        case gateway = "Gateway"
        case addressRange = "IPRange"
    }
}

/// A network as the engine reports it.
public struct Network: Sendable, Equatable, Decodable {
    /// A container on the network.
    public struct Attachment: Sendable, Equatable, Decodable {
        /// The container's name.
        public let name: String
        /// Its address with prefix length, for instance `10.1.2.3/27`.
        public let ipv4Address: String

        enum CodingKeys: String, CodingKey {
            case name = "Name"
            case ipv4Address = "IPv4Address"
        }
    }

    /// Its identifier.
    public let id: String
    public let name: String
    public let driver: String
    /// Whether its containers are cut off from the outside.
    public let isInternal: Bool
    /// Its subnets, IPv4 and IPv6.
    public let subnets: [NetworkSubnet]
    public let labels: [String: String]
    /// The driver's options.
    public let driverOptions: [String: String]
    /// The running containers on it, by identifier; empty in lists.
    public let containers: [String: Attachment]
    /// When it was created.
    public let created: EngineTimestamp?

    enum CodingKeys: String, CodingKey {
        case id = "Id"
        case name = "Name"
        case driver = "Driver"
        case isInternal = "Internal"
        case ipam = "IPAM"
        case labels = "Labels"
        case driverOptions = "Options"
        case containers = "Containers"
        case created = "Created"
    }

    private struct IPAM: Decodable {
        let config: [NetworkSubnet]?
        enum CodingKeys: String, CodingKey { case config = "Config" }
    }

    /// Reads the engine's answer.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decode(String.self, forKey: .id)
        name = try container.decode(String.self, forKey: .name)
        driver = try container.value(.driver, default: "")
        isInternal = try container.value(.isInternal, default: false)
        subnets = try container.decodeIfPresent(IPAM.self, forKey: .ipam)?.config ?? []
        labels = try container.value(.labels, default: [:])
        driverOptions = try container.value(.driverOptions, default: [:])
        containers = try container.value(.containers, default: [:])
        created = try container.decodeIfPresent(EngineTimestamp.self, forKey: .created)
    }
}
