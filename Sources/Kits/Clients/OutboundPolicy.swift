/// Where requests may go whose addresses users choose. The public internet alone, and networks that the operator has
/// named: such a request must reach neither this host, nor a network behind it, nor the metadata service of a cloud.
public struct OutboundPolicy: Sendable, Equatable {
    /// Networks that are allowed besides.
    public var allowed: [AddressBlock]

    public init(allowed: [AddressBlock] = []) { self.allowed = allowed }

    /// Whether requests may go to an address in its numeric form. A metadata service is never reached, whatever was
    /// named.
    public func allows(_ text: String) -> Bool {
        guard let address = ClientAddress(text) else { return false }
        if Self.metadata.contains(where: { $0.contains(address) }) { return false }
        if allowed.contains(where: { $0.contains(address) }) { return true }
        return !Self.special.contains { $0.contains(address) }
    }

    /// Link-local addresses of IPv4, among which the clouds have theirs, and those of IPv6 of the largest ones.
    private static let metadata = blocks(
        "169.254.0.0/16", "fd00:ec2::254/128", "fd20:ce::254/128", "100.100.100.200/32")

    /// What is not globally reachable: the registries of special-purpose addresses (RFC 6890, IANA). Translated and
    /// tunnelled addresses of IPv6 are among them, as they can lead to any address of IPv4.
    private static let special = blocks(
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
        "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
        "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "fc00::/7",
        "fe80::/10", "fec0::/10", "ff00::/8")

    private static func blocks(_ texts: String...) -> [AddressBlock] { texts.compactMap { AddressBlock($0) } }
}

/// A network of IPv4 or IPv6: `10.0.0.0/8`, `fd12::/16`; an address alone is a network of one.
public struct AddressBlock: Sendable, Hashable, CustomStringConvertible {
    private let base: ClientAddress
    private let length: Int

    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let first = parts.first, parts.count <= 2, !first.contains("["), !first.contains("%"),
            let base = ClientAddress(first)
        else { return nil }
        var length = base.bits
        if parts.count == 2 {
            guard let given = Int(parts[1]), (0...base.bits).contains(given) else { return nil }
            length = given
        }
        self.base = base
        self.length = length
    }

    public func contains(_ address: ClientAddress) -> Bool {
        guard address.bits == base.bits else { return false }
        let rest = base.bits - length
        return rest >= 128 || address.number >> UInt128(rest) == base.number >> UInt128(rest)
    }

    public var description: String { "\(base)/\(length)" }
}
