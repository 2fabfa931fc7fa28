/// A port of a container that is published on the host.
public struct ComposePort: Sendable, Hashable {
    /// The transport protocols that the engine can publish.
    public enum TransportProtocol: String, Sendable, Hashable, CaseIterable {
        case tcp
        case udp
        case sctp
    }

    /// How a published port is spread; without a swarm both mean the same.
    public enum Mode: String, Sendable, Hashable, CaseIterable {
        /// The default.
        case ingress
        /// On the node alone.
        case host
    }

    /// A display name.
    public var name: String?
    /// The port in the container.
    public var target: Int
    /// The port on the host, or a range `8000-8010` to choose from; nil lets the engine choose.
    public var published: String?
    /// The host address to bind; nil binds all.
    public var hostIP: String?
    public var transport: TransportProtocol = .tcp
    /// How it is spread.
    public var mode: Mode = .ingress

    /// A published TCP port.
    public init(target: Int, published: String? = nil) {
        self.target = target
        self.published = published
    }

    /// The one port on the host; nil where the engine chooses.
    public var publishedPort: Int? { published.flatMap { Int($0) } }
}
