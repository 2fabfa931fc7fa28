/// IPv6 addresses as people write them: RFC 4291, section 2.2.
public enum IPv6Text {
    private static let groupCount = 8

    /// The address as a number, most significant octet first; nothing when the text is none.
    public static func number(_ text: String) -> UInt128? {
        guard let gap = text.firstGap else {
            guard let groups = groups(text[...], mayEndWithIPv4: true), groups.count == groupCount else { return nil }
            return number(groups)
        }
        guard let head = groups(text[..<gap.lowerBound], mayEndWithIPv4: false),
            let tail = groups(text[gap.upperBound...], mayEndWithIPv4: true), head.count + tail.count < groupCount
        else { return nil }
        let zeros = [UInt16](repeating: 0, count: groupCount - head.count - tail.count)
        return number(head + zeros + tail)
    }

    private static func number(_ groups: [UInt16]) -> UInt128 {
        groups.reduce(0) { $0 << 16 | UInt128($1) }
    }

    private static func groups(_ text: Substring, mayEndWithIPv4: Bool) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        var groups: [UInt16] = []
        for (index, part) in parts.enumerated() {
            if mayEndWithIPv4, index == parts.count - 1, let address = IPv4Text.number(part) {
                groups += [UInt16(address >> 16), UInt16(address & 0xFFFF)]
            } else {
                guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy(isHexDigit),
                    let group = UInt16(part, radix: 16)
                else { return nil }
                groups.append(group)
            }
        }
        return groups
    }

    /// `UInt16.init(_:radix:)` takes a sign too, an address does not.
    private static func isHexDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }
}

extension String {
    /// The first `::`. A second one makes an empty group of what follows and so no address.
    fileprivate var firstGap: Range<Index>? {
        var index = startIndex
        while index < endIndex {
            let next = self.index(after: index)
            if self[index] == ":", next < endIndex, self[next] == ":" { return index..<self.index(after: next) }
            index = next
        }
        return nil
    }
}
