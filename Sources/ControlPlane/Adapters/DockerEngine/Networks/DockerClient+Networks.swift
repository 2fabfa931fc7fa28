extension DockerClient {
    /// Creates a network. Maps to `POST /networks/create`.
    ///
    /// - Returns: its identifier.
    /// - Throws: an error with `isNameInUse`, or with `isSubnetUnavailable` when the subnet overlaps another network.
    public func createNetwork(_ spec: NetworkSpec) async throws(DockerError) -> String {
        struct Created: Decodable {
            let id: String
            enum CodingKeys: String, CodingKey { case id = "Id" }
        }
        _ = try ObjectName.segment(spec.name, of: "network name")
        var call = EngineCall(method: "POST", path: "/networks/create")
        call.timeout = DockerLimits.changeTimeout
        try call.setBody(spec)
        return try await wire.document(Created.self, call).id
    }

    /// A network with the containers that are on it. Maps to `GET /networks/{id}`.
    public func inspectNetwork(_ id: String) async throws(DockerError) -> Network {
        let path = "/networks/\(try ObjectName.segment(id, of: "network"))"
        return try await wire.document(Network.self, EngineCall(method: "GET", path: path))
    }

    /// The engine's networks with their subnets, without their containers. Maps to `GET /networks`.
    public func listNetworks(labels: [LabelFilter] = []) async throws(DockerError) -> [Network] {
        var call = EngineCall(method: "GET", path: "/networks")
        try call.setFilters(["label": labels.map(\.text)])
        return try await wire.document([Network].self, call)
    }

    /// Removes a network. Maps to `DELETE /networks/{id}`.
    ///
    /// - Throws: an error with `isInUse` while containers are on it.
    public func removeNetwork(_ id: String) async throws(DockerError) {
        var call = EngineCall(method: "DELETE", path: "/networks/\(try ObjectName.segment(id, of: "network"))")
        call.timeout = DockerLimits.removeTimeout
        try await wire.send(call)
    }

    /// Puts a container on one more network. Maps to `POST /networks/{id}/connect`.
    ///
    /// API versions before 1.44 create a container on one network only; further ones are joined with this call.
    public func connectNetwork(_ endpoint: EndpointSpec, container: String) async throws(DockerError) {
        struct Body: Encodable {
            let container: String
            let endpoint: EndpointSpec
            enum CodingKeys: String, CodingKey {
                case container = "Container"
                case endpoint = "EndpointConfig"
            }
        }
        let network = try ObjectName.segment(endpoint.network, of: "network")
        var call = EngineCall(method: "POST", path: "/networks/\(network)/connect")
        call.timeout = DockerLimits.changeTimeout
        try call.setBody(
            Body(container: try ObjectName.segment(container, of: "container"), endpoint: endpoint))
        try await wire.send(call)
    }
}

/// A network to create.
public struct NetworkSpec: Sendable, Equatable, Encodable {
    /// Its name; unique on the engine.
    public var name: String
    /// The driver, `bridge` unless said otherwise.
    public var driver: String
    /// The subnet in CIDR form; nil leaves the choice to the engine.
    public var subnet: String?
    /// The host's address inside the subnet; nil means the subnet's first.
    public var gateway: String?
    /// The part of the subnet, in CIDR form, from which the engine hands out addresses; nil means all of it.
    public var addressRange: String?
    /// Whether containers on it are cut off from the outside.
    public var isInternal: Bool
    public var labels: [String: String]
    /// Options for the driver, for instance `com.docker.network.bridge.name`.
    public var driverOptions: [String: String]

    /// A network with a name; everything else has a default.
    public init(
        name: String, driver: String = "bridge", subnet: String? = nil, gateway: String? = nil,
        addressRange: String? = nil, isInternal: Bool = false, labels: [String: String] = [:],
        driverOptions: [String: String] = [:]
    ) {
        self.name = name
        self.driver = driver
        self.subnet = subnet
        self.gateway = gateway
        self.addressRange = addressRange
        self.isInternal = isInternal
        self.labels = labels
        self.driverOptions = driverOptions
    }

    private struct IPAM: Encodable {
        let config: [NetworkSubnet]
        enum CodingKeys: String, CodingKey { case config = "Config" }
    }

    enum CodingKeys: String, CodingKey {
        case name = "Name"
        case checkDuplicate = "CheckDuplicate"
        case driver = "Driver"
        case ipam = "IPAM"
        case isInternal = "Internal"
        case labels = "Labels"
        case driverOptions = "Options"
    }

    /// Writes the body of the call.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        // Before API 1.44 the engine allows two networks of one name unless asked to check.
        try container.encode(true, forKey: .checkDuplicate)
        try container.encode(driver, forKey: .driver)
        try container.encode(isInternal, forKey: .isInternal)
        try container.encode(labels, forKey: .labels)
        try container.encode(driverOptions, forKey: .driverOptions)
        if let subnet {
            try container.encode(
                IPAM(config: [NetworkSubnet(subnet: subnet, gateway: gateway, addressRange: addressRange)]),
                forKey: .ipam)
        }
    }
}
