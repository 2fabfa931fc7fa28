/// A network of a project.
public struct ComposeNetwork: Sendable, Hashable {
    /// The name at the engine; after normalisation never nil.
    public var name: String?
    /// The driver; nil for the engine's default.
    public var driver: String?
    public var driverOptions: [String: String] = [:]
    /// Addresses.
    public var ipam = ComposeIPAM()
    /// Whether it is there already and not ours to make; refused by `TemplatePolicy.standard`.
    public var isExternal = false
    /// Whether it has no way out.
    public var isInternal = false
    /// Whether containers of others may join.
    public var isAttachable = false
    public var labels: [String: String] = [:]

    /// A network with nothing set.
    public init() {}
}

/// How a network's addresses are given.
public struct ComposeIPAM: Sendable, Hashable {
    /// A range of addresses.
    public struct Pool: Sendable, Hashable {
        /// The subnet, such as `10.123.0.0/27`.
        public var subnet: String?
        /// The gateway's address.
        public var gateway: String?
        /// The part of the subnet that containers get their addresses from.
        public var ipRange: String?
        /// Addresses that are taken, by host name.
        public var auxiliaryAddresses: [String: String] = [:]

        /// A pool with nothing set.
        public init() {}
    }

    /// The driver; nil for the engine's default.
    public var driver: String?
    /// The ranges.
    public var pools: [Pool] = []
    /// Options of the driver.
    public var options: [String: String] = [:]

    /// The engine chooses everything.
    public init() {}
}

/// A service's place in a network.
public struct ComposeNetworkAttachment: Sendable, Hashable {
    /// Further names of the service in that network.
    public var aliases: [String] = []
    /// A fixed IPv4 address.
    public var ipv4Address: String?

    /// The engine chooses the address.
    public init() {}
}
