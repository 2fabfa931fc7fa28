/// What a template version is known by: SHA-256 over all files of a stack's template.
public struct TemplateDigest: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Hexadecimal digits of a digest.
    public static let length = 64
    /// Digits that are enough to name a version in a message.
    public static let shortLength = 12

    /// Lower-case hexadecimal digits.
    public let text: String

    /// Gives nothing unless the text has exactly ``length`` lower-case hexadecimal digits.
    public init?(_ text: some StringProtocol) {
        guard text.utf8.count == Self.length,
            text.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        self.text = String(text)
    }

    /// The first digits, for messages.
    public var short: String { String(text.prefix(Self.shortLength)) }

    /// The digits.
    public var description: String { text }

    /// Orders by value.
    public static func < (left: TemplateDigest, right: TemplateDigest) -> Bool { left.text < right.text }
}
