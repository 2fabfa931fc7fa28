/// The name of one service of a stack, as a Compose file spells it (`db`, `auth`, `rest`).
public struct ServiceName: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Longest accepted name; container names add the ref and a number to it and must stay within a DNS label.
    public static let lengthMax = 40

    /// The name.
    public let text: String

    /// Gives nothing unless the text is a Compose service name: letters, digits, `.`, `_` and `-`, beginning with a
    /// letter or digit.
    public init?(_ text: some StringProtocol) {
        guard let first = text.utf8.first, text.utf8.count <= Self.lengthMax, Self.isAlphanumeric(first),
            text.utf8.allSatisfy({ Self.isAlphanumeric($0) || [0x2D, 0x2E, 0x5F].contains($0) })
        else { return nil }
        self.text = String(text)
    }

    /// The text form.
    public var description: String { text }

    /// Orders by value.
    public static func < (left: ServiceName, right: ServiceName) -> Bool { left.text < right.text }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
}
