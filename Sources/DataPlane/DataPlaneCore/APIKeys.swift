import TokenKit

/// The keys that a project's clients name themselves with.
public struct APIKeys: Sendable {
    /// Longest key that is looked at, in bytes.
    public static let bytesMax = 8 << 10

    private let known: [(key: [UInt8], token: String)]
    /// What is signed of the tokens that are keys no more.
    private let refused: [[UInt8]]
    private let sharedTokenSecondsMax: Double?

    /// The keys of a project.
    ///
    /// - Parameters:
    ///   - tokens: JSON Web Tokens that are keys themselves.
    ///   - names: opaque keys, each with the token that it stands for.
    ///   - refused: tokens that were keys once, and open nothing any more however their signature is spelled.
    ///   - sharedTokenSecondsMax: the longest life of a token that is signed with a shared secret, as keys once were;
    ///     nil sets no bound.
    public init(
        tokens: [String], names: [(key: String, token: String)] = [], refused: [String] = [],
        sharedTokenSecondsMax: Int? = nil
    ) {
        known = (tokens.map { ($0, $0) } + names).map { (Array($0.0.utf8), $0.1) }
        self.refused = refused.map(Self.signedPart)
        self.sharedTokenSecondsMax = sharedTokenSecondsMax.map(Double.init)
    }

    /// Whether a text is a token that is a key no more, or one that lives as long as a key.
    public func isRefused(_ key: String) -> Bool {
        guard key.utf8.count <= Self.bytesMax else { return false }
        if !refused.isEmpty {
            let signed = Self.signedPart(key)
            if refused.contains(where: { constantTimeEqual($0, signed) }) { return true }
        }
        return isLongLived(key)
    }

    /// Whether a token is signed with a shared secret and lives longer than that of a session. The signature is not
    /// looked at: what has a wrong one gets no further than this either.
    private func isLongLived(_ token: String) -> Bool {
        guard let sharedTokenSecondsMax else { return false }
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let head = Self.json(parts[0]), let claims = Self.json(parts[1]),
            head["alg"]?.stringValue?.hasPrefix("HS") == true
        else { return false }
        // A token cannot have been issued in the future: its life bounds its end.
        guard let end = claims["exp"]?.doubleValue, let begin = claims["iat"]?.doubleValue else { return true }
        return !(end - begin <= sharedTokenSecondsMax)
    }

    private static func json(_ part: Substring) -> JSONText? {
        Base64URL.decode(part).flatMap { try? JSONText($0) }
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
