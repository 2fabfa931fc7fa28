import TokenKit

/// The keys that a project's clients name themselves with.
public struct APIKeys: Sendable {
    /// Longest key that is looked at, in bytes.
    public static let bytesMax = 8 << 10

    private let known: [(key: [UInt8], token: String)]
    /// What is signed of the tokens that are keys no more.
    private let refused: [[UInt8]]

    /// The keys of a project.
    ///
    /// - Parameters:
    ///   - tokens: JSON Web Tokens that are keys themselves.
    ///   - names: opaque keys, each with the token that it stands for.
    ///   - refused: tokens that were keys once, and open nothing any more however their signature is spelled.
    public init(tokens: [String], names: [(key: String, token: String)] = [], refused: [String] = []) {
        known = (tokens.map { ($0, $0) } + names).map { (Array($0.0.utf8), $0.1) }
        self.refused = refused.map(Self.signedPart)
    }

    /// Whether a text is a token that is a key no more.
    public func isRefused(_ key: String) -> Bool {
        guard !refused.isEmpty, key.utf8.count <= Self.bytesMax else { return false }
        let signed = Self.signedPart(key)
        return refused.contains { constantTimeEqual($0, signed) }
    }

    /// Header and claims of a token, as they were sent.
    private static func signedPart(_ token: String) -> [UInt8] {
        Array(
            token.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).prefix(2).joined(
                separator: [UInt8(ascii: ".")]))
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
