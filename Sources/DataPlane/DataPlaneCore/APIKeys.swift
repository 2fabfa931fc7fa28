import TokenKit

/// The keys that a project's clients name themselves with.
public struct APIKeys: Sendable {
    /// Longest key that is looked at, in bytes.
    public static let bytesMax = 8 << 10

    private let known: [(key: [UInt8], token: String)]

    /// The keys of a project.
    ///
    /// - Parameters:
    ///   - tokens: JSON Web Tokens that are keys themselves.
    ///   - names: opaque keys, each with the token that it stands for.
    public init(tokens: [String], names: [(key: String, token: String)] = []) {
        known = (tokens.map { ($0, $0) } + names).map { (Array($0.0.utf8), $0.1) }
    }

    /// The token that a key stands for; nil for an unknown key. The time does not depend on which key nearly fits.
    public func token(for key: String) -> String? {
        let key = Array(key.utf8)
        guard !key.isEmpty, key.count <= Self.bytesMax else { return nil }
        var found: String?
        for entry in known where constantTimeEqual(entry.key, key) { found = entry.token }
        return found
    }
}
