/// The name of a stack: of the folder below `Templates` that holds its files (`supabase`).
public struct StackName: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Longest accepted name.
    public static let lengthMax = 40
    /// The stack of projects that were created before projects named one.
    public static let supabase = StackName(unchecked: "supabase")

    /// The name.
    public let text: String

    /// Gives nothing unless the text has lower-case letters, digits and hyphens only and begins with a letter. Such a
    /// name is never a path of more than one part.
    public init?(_ text: some StringProtocol) {
        guard let first = text.utf8.first, (0x61...0x7A).contains(first), text.utf8.count <= Self.lengthMax,
            text.utf8.allSatisfy({ (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D })
        else { return nil }
        self.text = String(text)
    }

    private init(unchecked text: String) { self.text = text }

    /// The name.
    public var description: String { text }

    /// Orders by value.
    public static func < (left: StackName, right: StackName) -> Bool { left.text < right.text }
}
