/// A host name or an address as people name it: no scheme, no port, no path.
public struct PublicHost: Hashable, Sendable, CustomStringConvertible {
    /// Longest host name that DNS allows.
    public static let lengthMax = 253
    /// Longest part between two dots.
    public static let labelLengthMax = 63

    /// The name or address; an IPv6 address without brackets.
    public let text: String

    /// Reads a host name, an IPv4 address or an IPv6 address, the last one with or without brackets.
    public init?(_ text: some StringProtocol) {
        var text = String(text)
        if text.hasPrefix("["), text.hasSuffix("]"), text.contains(":") { text = String(text.dropFirst().dropLast()) }
        guard IPv4Address(text) != nil || Self.isIPv6(text) || Self.isName(text) else { return nil }
        self.text = text
    }

    /// The host where a URL names it: an IPv6 address stands in brackets.
    public var inURL: String { text.contains(":") ? "[\(text)]" : text }

    /// The name or address.
    public var description: String { text }

    private static func isName(_ text: String) -> Bool {
        guard text.utf8.count <= lengthMax else { return false }
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        // Four numbers that are no address are a slip, not a name.
        guard labels.last?.utf8.allSatisfy({ (0x30...0x39).contains($0) }) == false else { return false }
        return labels.allSatisfy { label in
            (1...labelLengthMax).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
                && label.utf8.allSatisfy { isAlphanumeric($0) || $0 == 0x2D || $0 == 0x5F }
        }
    }

    /// Eight groups of hexadecimal digits, or fewer around one `::`, the last two perhaps as an IPv4 address.
    private static func isIPv6(_ text: String) -> Bool {
        guard text.contains(":"), !text.contains(":::") else { return false }
        var groups = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        var count = 0
        if let last = groups.last, last.contains(".") {
            guard IPv4Address(last) != nil else { return false }
            groups.removeLast()
            count = 2
        }
        let written = groups.filter { !$0.isEmpty }
        guard written.allSatisfy({ $0.utf8.count <= 4 && $0.utf8.allSatisfy(isHexadecimal) }) else { return false }
        count += written.count
        let gaps = text.indices.count { text[$0...].hasPrefix("::") }
        if gaps == 1 { return count < 8 && isEdge(text) }
        return gaps == 0 && count == 8 && written.count == groups.count
    }

    /// Whether a colon at either end belongs to a `::`.
    private static func isEdge(_ text: String) -> Bool {
        (!text.hasPrefix(":") || text.hasPrefix("::")) && (!text.hasSuffix(":") || text.hasSuffix("::"))
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
    }
}
