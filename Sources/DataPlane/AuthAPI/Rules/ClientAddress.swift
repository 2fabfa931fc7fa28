/// The address that a client is known by.
enum ClientAddress {
    private static let bytesMax = 64

    /// The first of a list as proxies write it, if it looks like an address.
    static func first(of list: String?) -> String? {
        guard let first = list?.split(separator: ",").first.map({ String($0).trimmed }) else { return nil }
        return isAddress(first) ? first : nil
    }

    /// Whether PostgreSQL's `inet` takes it: dotted IPv4, or hexadecimal groups for IPv6.
    static func isAddress(_ text: String) -> Bool {
        guard !text.isEmpty, text.utf8.count <= bytesMax else { return false }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        if parts.count == 4 {
            return parts.allSatisfy { part in
                (1...3).contains(part.utf8.count) && (Int(part).map { (0...255).contains($0) } ?? false)
            }
        }
        return isIPv6(text)
    }

    private static func isIPv6(_ text: String) -> Bool {
        let halves = text.components(around: "::")
        guard halves.count <= 2 else { return false }
        let groups = halves.flatMap {
            $0.split(separator: ":", omittingEmptySubsequences: false).filter { !$0.isEmpty }
        }
        let isWhole = groups.allSatisfy { $0.utf8.count <= 4 && UInt16($0, radix: 16) != nil && $0.first != "+" }
        let colons = text.utf8.filter { $0 == UInt8(ascii: ":") }.count
        guard isWhole, !text.contains(":::") else { return false }
        return halves.count == 2 ? groups.count <= 7 : groups.count == 8 && colons == 7
    }
}

extension String {
    /// The texts before and after each occurrence of a separator.
    fileprivate func components(around separator: String) -> [Substring] {
        var parts: [Substring] = []
        var rest = self[...]
        while let range = rest.firstRange(of: separator) {
            parts.append(rest[..<range.lowerBound])
            rest = rest[range.upperBound...]
        }
        return parts + [rest]
    }
}
