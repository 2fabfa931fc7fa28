/// Where a client is, as far as it is counted: an IPv4 address, or the /64 network that one IPv6 subscriber has.
package enum ClientNetwork: Hashable, Sendable {
    /// This host itself.
    case local
    /// An address or a network, as text.
    case remote(String)

    package var isLocal: Bool { self == .local }

    /// The IPv4 /24 or IPv6 /48 network around it, which as a rule belongs to one owner.
    package var block: String {
        switch self {
        case .local: "local"
        case .remote(let text) where text.contains(":"): text.split(separator: ":").prefix(3).joined(separator: ":")
        case .remote(let text): text.split(separator: ".").prefix(3).joined(separator: ".")
        }
    }

    /// - Parameter address: as the socket names it; IPv4 also in its IPv6 form (`::ffff:192.0.2.1`).
    package init(_ address: String) {
        guard address != "local", ClientAddress(address)?.isLoopback != true else {
            self = .local
            return
        }
        self = .remote(ClientAddress.network(of: address))
    }
}
