/// The public identifier of a project: exactly twenty lower-case letters, as the Supabase CLI and the Management API
/// demand (`^[a-z]{20}$`). It is safe in host names, container names, paths and SQL identifiers.
public struct ProjectRef: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Number of letters of every ref.
    public static let length = 20

    /// The twenty letters.
    public let text: String

    /// Gives nothing unless `text` is exactly twenty letters from a to z.
    public init?(_ text: some StringProtocol) {
        let letters = text.utf8
        guard letters.count == Self.length, letters.allSatisfy({ $0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "z") })
        else { return nil }
        self.text = String(text)
    }

    /// Draws a ref at random; 26^20 values make a collision a matter for the unique constraint only.
    public init(using generator: inout some RandomNumberGenerator) {
        text = String(
            decoding: (0..<Self.length).map { _ in UInt8.random(in: 97...122, using: &generator) }, as: UTF8.self)
    }

    /// The text form.
    public var description: String { text }

    /// Orders by value.
    public static func < (left: ProjectRef, right: ProjectRef) -> Bool { left.text < right.text }
}
