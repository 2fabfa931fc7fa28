/// The textual forms of addresses.
enum IPAddress {
    /// Four decimal numbers up to 255 without leading zeros.
    static func isIPv4(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                UInt8(part).map { String($0) == part } ?? false
            }
    }

    /// Groups of hexadecimal digits with at most one `::`, with an IPv4 tail if need be.
    static func isIPv6(_ text: String) -> Bool {
        guard text.contains(":"), !text.contains(":::") else { return false }
        var groups = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        var count = 0
        if let last = groups.last, last.contains(".") {
            guard isIPv4(last) else { return false }
            groups.removeLast()
            count = 2
        }
        let isShortened = text.contains("::")
        let written = groups.filter { !$0.isEmpty }
        guard written.allSatisfy({ $0.count <= 4 && UInt16($0, radix: 16) != nil && !$0.hasPrefix("+") }) else {
            return false
        }
        count += written.count
        let doubleColons = text.indices.count { text[$0...].hasPrefix("::") }
        return isShortened ? count < 8 && doubleColons == 1 : count == 8 && written.count == groups.count
    }

    /// An address, a slash and the length of its prefix.
    static func isSubnet(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let length = UInt8(parts[1]), String(length) == parts[1] else { return false }
        return isIPv4(parts[0]) ? length <= 32 : isIPv6(parts[0]) && length <= 128
    }
}

extension NodeCursor {
    /// An IPv4 or IPv6 address.
    func ipAddress() -> String? { form("an IP address") { IPAddress.isIPv4($0) || IPAddress.isIPv6($0) } }

    /// An IPv4 address.
    func ipv4Address() -> String? { form("an IPv4 address", IPAddress.isIPv4) }

    /// A subnet such as `10.0.0.0/27`.
    func subnet() -> String? { form("a subnet such as 10.123.0.0/27", IPAddress.isSubnet) }

    /// A string of a certain form.
    func form(_ expected: String, _ fits: (String) -> Bool) -> String? {
        guard let text = string() else { return nil }
        return fits(text) ? text : wrongType(expected)
    }
}
