import Clients
import ProjectModel

/// An address on which a socket listens or shall listen.
enum BoundAddress: Hashable, Sendable {
    case ipv4(IPv4Address)
    /// An address that is not an IPv4 address in disguise, most significant octet first.
    case ipv6(UInt128)

    /// An IPv6 address; `::ffff:a.b.c.d` is the IPv4 address that it maps.
    init(ipv6 number: UInt128) {
        let isMapped = number >> 32 == 0xFFFF
        self = isMapped ? .ipv4(IPv4Address(number: UInt32(truncatingIfNeeded: number))) : .ipv6(number)
    }

    /// Reads an IPv4 address in dotted decimal notation or an IPv6 address without a zone.
    init?(_ text: String) {
        if let address = IPv4Address(text) {
            self = .ipv4(address)
        } else if let number = IPv6Text.number(text) {
            self.init(ipv6: number)
        } else {
            return nil
        }
    }

    /// Whether two sockets cannot listen on the same port of these addresses. Sockets on `::` are taken to accept IPv4.
    func clashes(with other: BoundAddress) -> Bool {
        switch (self, other) {
        case (.ipv4(let one), .ipv4(let two)): one == two || one.number == 0 || two.number == 0
        case (.ipv6(let one), .ipv6(let two)): one == two || one == 0 || two == 0
        case (.ipv4, .ipv6(let number)), (.ipv6(let number), .ipv4): number == 0
        }
    }
}
