import Clients

/// An IPv4 address.
public struct IPv4Address: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The address as a number, most significant octet first (`10.0.0.1` is `0x0A000001`).
    public let number: UInt32

    /// An address from its number.
    public init(number: UInt32) { self.number = number }

    /// Reads dotted decimal notation; four octets without leading zeros.
    public init?(_ text: some StringProtocol) {
        guard let number = IPv4Text.number(text) else { return nil }
        self.number = number
    }

    /// The text form.
    public var description: String { IPv4Text.text(number) }

    /// Orders by value.
    public static func < (left: IPv4Address, right: IPv4Address) -> Bool { left.number < right.number }
}

/// A block of IPv4 addresses in CIDR form, for example `10.201.0.32/27`.
public struct IPv4Network: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Lowest address of the block.
    public let base: IPv4Address
    /// Number of leading bits that all addresses of the block share, 0 to 32.
    public let prefixLength: Int

    /// The block of `prefixLength` that contains `address`; nothing when the length is not 0 to 32.
    public init?(containing address: IPv4Address, prefixLength: Int) {
        guard (0...32).contains(prefixLength) else { return nil }
        self.prefixLength = prefixLength
        base = IPv4Address(number: address.number & Self.mask(prefixLength))
    }

    /// Reads `a.b.c.d/n`. An address inside the block is accepted only when it is the block's lowest.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPv4Address(parts[0]), let length = Int(parts[1]),
            String(length) == String(parts[1]), let network = IPv4Network(containing: address, prefixLength: length),
            network.base == address
        else { return nil }
        self = network
    }

    /// Highest address of the block.
    public var last: IPv4Address { IPv4Address(number: base.number | ~Self.mask(prefixLength)) }

    /// Number of addresses in the block.
    public var addressCount: UInt64 { 1 << UInt64(32 - prefixLength) }

    /// The address at position `number` in the block; nothing outside of it.
    public func address(at number: UInt32) -> IPv4Address? {
        guard UInt64(number) < addressCount else { return nil }
        return IPv4Address(number: base.number + number)
    }

    /// Whether the two blocks share an address.
    public func overlaps(_ other: IPv4Network) -> Bool { base <= other.last && other.base <= last }

    /// The text form.
    public var description: String { "\(base)/\(prefixLength)" }

    /// Orders by value.
    public static func < (left: IPv4Network, right: IPv4Network) -> Bool {
        (left.base, left.prefixLength) < (right.base, right.prefixLength)
    }

    private static func mask(_ prefixLength: Int) -> UInt32 {
        prefixLength == 0 ? 0 : UInt32.max << UInt32(32 - prefixLength)
    }
}
