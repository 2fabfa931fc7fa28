/// The address of a client on the network, as a value: `::ffff:127.0.0.1`, as a listener for both families names a
/// client of IPv4, is 127.0.0.1.
public struct ClientAddress: Hashable, Sendable, CustomStringConvertible {
    private enum Family: Hashable {
        case v4(UInt32)
        case v6(UInt128)
    }

    private let family: Family

    /// Reads an address as a socket or a proxy names it, with or without the zone of IPv6 (`fe80::1%eth0`), brackets
    /// and port; nothing for anything else.
    public init?(_ text: some StringProtocol) {
        guard text.utf8.count <= Self.lengthMax else { return nil }
        if let address = IPv4Text.number(text) {
            family = .v4(address)
            return
        }
        let bare = Self.bare(String(text))
        if let address = IPv4Text.number(bare) {
            family = .v4(address)
            return
        }
        guard let number = IPv6Text.number(bare) else { return nil }
        family =
            number >> 32 == Self.mappedPrefix
            ? .v4(UInt32(truncatingIfNeeded: number)) : .v6(number)
    }

    /// Bytes of an address at most: an IPv6 address in brackets with zone and port.
    private static let lengthMax = 80
    /// The first 96 bits of addresses of IPv4 in IPv6 (RFC 4291, section 2.5.5.2).
    private static let mappedPrefix: UInt128 = 0xFFFF

    /// The address without brackets, port and zone.
    private static func bare(_ text: String) -> String {
        var bare = text[...]
        if bare.hasPrefix("["), let end = bare.firstIndex(of: "]") {
            let rest = bare[bare.index(after: end)...]
            guard rest.isEmpty || rest.first == ":" && UInt16(rest.dropFirst()) != nil else { return "" }
            bare = bare[bare.index(after: bare.startIndex)..<end]
        } else if bare.count(where: { $0 == ":" }) == 1, let colon = bare.firstIndex(of: ":"),
            UInt16(bare[bare.index(after: colon)...]) != nil
        {
            bare = bare[..<colon]
        }
        return String(bare.prefix { $0 != "%" })
    }

    /// Whether it is this host's own.
    public var isLoopback: Bool {
        switch family {
        case .v4(let number): number >> 24 == 127
        case .v6(let number): number == 1
        }
    }

    /// Bits of addresses of its family.
    var bits: Int {
        switch family {
        case .v4: 32
        case .v6: 128
        }
    }

    /// The address as a number, most significant bit first.
    var number: UInt128 {
        switch family {
        case .v4(let number): UInt128(number)
        case .v6(let number): number
        }
    }

    /// What one subscriber holds: the address itself on IPv4, the `/64` on IPv6, of which a subscriber has 2⁶⁴
    /// addresses.
    public var network: String {
        switch family {
        case .v4(let number): IPv4Text.text(number)
        case .v6(let number): "\(Self.text((number >> 64) << 64))/64"
        }
    }

    /// The address; IPv6 with all its groups.
    public var description: String {
        switch family {
        case .v4(let number): IPv4Text.text(number)
        case .v6(let number): Self.text(number)
        }
    }

    private static func text(_ number: UInt128) -> String {
        (0..<8).reversed().map { String(UInt16(truncatingIfNeeded: number >> (16 * $0)), radix: 16) }
            .joined(separator: ":")
    }

    /// The network of a text that may be no address: then the text itself, up to a bound.
    public static func network(of text: String) -> String {
        ClientAddress(text)?.network ?? String(decoding: text.utf8.prefix(lengthMax), as: UTF8.self)
    }
}
