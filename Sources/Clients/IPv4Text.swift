/// IPv4 addresses in dotted decimal notation.
public enum IPv4Text {
    /// The address as a number, most significant octet first (`10.0.0.1` is `0x0A000001`): four octets without leading
    /// zeros; nothing when the text is none.
    public static func number(_ text: some StringProtocol) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var number: UInt32 = 0
        for part in parts {
            guard let octet = UInt8(part), String(octet) == String(part) else { return nil }
            number = number << 8 | UInt32(octet)
        }
        return number
    }

    /// The text of a number.
    public static func text(_ number: UInt32) -> String {
        "\(number >> 24).\(number >> 16 & 255).\(number >> 8 & 255).\(number & 255)"
    }
}
