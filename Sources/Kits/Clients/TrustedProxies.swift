/// Proxies whose word about the client's address counts.
public struct TrustedProxies: Sendable, Equatable {
    /// Addresses of the proxies.
    public var addresses: Set<ClientAddress>

    /// Proxies; none by default: the connected peer is the client.
    public init(addresses: Set<ClientAddress> = []) { self.addresses = addresses }

    /// Whether an address, as a socket names it, is that of a proxy.
    public func contains(peer: String) -> Bool { ClientAddress(peer).map(addresses.contains) ?? false }

    /// The client's address: what the nearest proxy that is not trusted came from. Addresses are compared as such: a
    /// listener for both families names 127.0.0.1 as `::ffff:127.0.0.1`.
    ///
    /// - Parameter list: what `X-Forwarded-For` says, all such headers joined by commas.
    public func client(forwardedFor list: String, peer: String) -> String {
        // An IPv4 address is its own normal form, and without proxies nobody names another.
        if addresses.isEmpty, peer.utf8.allSatisfy({ $0 == UInt8(ascii: ".") || (48...57).contains($0) }) {
            return peer
        }
        guard let nearest = ClientAddress(peer) else { return peer }
        guard addresses.contains(nearest) else { return "\(nearest)" }
        let hops = list.split(separator: ",").map { $0.trimming(while: { $0 == " " || $0 == "\t" }) }
        for hop in hops.reversed() {
            // A trusted proxy passes on a text that is no address: the proxy itself is counted.
            guard let address = ClientAddress(hop) else { return "\(nearest)" }
            if !addresses.contains(address) { return "\(address)" }
        }
        return "\(nearest)"
    }
}

extension Substring {
    fileprivate func trimming(while isTrimmed: (Character) -> Bool) -> String {
        let head = drop(while: isTrimmed)
        return String(head.reversed().drop(while: isTrimmed).reversed())
    }
}
