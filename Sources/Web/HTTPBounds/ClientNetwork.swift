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
        let plain = Self.unmapped(address)
        if plain.hasPrefix("127.") || plain == "::1" || plain == "local" {
            self = .local
        } else {
            self = .remote(plain.contains(":") ? Self.network(of: plain) : plain)
        }
    }

    private static func unmapped(_ address: String) -> String {
        let prefix = "::ffff:"
        guard address.lowercased().hasPrefix(prefix), address.contains(".") else { return address.lowercased() }
        return String(address.dropFirst(prefix.count))
    }

    /// The first four groups of an IPv6 address, whose zeros may be left out (RFC 5952).
    private static func network(of address: String) -> String {
        let plain = address.prefix { $0 != "%" }
        guard let gap = plain.firstRange(of: "::") else {
            return plain.split(separator: ":").prefix(4).joined(separator: ":")
        }
        let head = plain[..<gap.lowerBound].split(separator: ":")
        let tail = plain[gap.upperBound...].split(separator: ":")
        let zeros = [Substring](repeating: "0", count: max(0, 8 - head.count - tail.count))
        return (head + zeros + tail).prefix(4).joined(separator: ":")
    }
}
