import TokenKit

/// What ties a callback to the flow that it ends: the flow's id and its end, signed with the server's own key.
struct OAuthState: Sendable, Equatable {
    /// Longest state that is looked at.
    static let bytesMax = 256
    private static let tagBytes = 16

    /// Id of the flow's row.
    let flow: String
    /// Seconds since the epoch.
    let expiresAt: Int64

    init(flow: String, expiresAt: Int64) {
        self.flow = flow
        self.expiresAt = expiresAt
    }

    /// Reads a state of this server's; nil for any other text.
    init?(_ text: String, key: KeyBytes) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard text.utf8.count <= Self.bytesMax, parts.count == 3, let flow = UUIDText.canonical(parts[0]),
            let expiresAt = Int64(parts[1])
        else { return nil }
        self.init(flow: flow, expiresAt: expiresAt)
        guard let known = try? self.text(key: key), constantTimeEqual(Array(known.utf8), Array(text.utf8)) else {
            return nil
        }
    }

    /// The text that travels to the provider and back.
    func text(key: KeyBytes) throws(TokenError) -> String {
        let plain = "\(flow).\(expiresAt)"
        return "\(plain).\(try Self.mac("state", of: plain, key: key, bytes: Self.tagBytes))"
    }

    // MARK: Secrets of a flow, none of which is stored

    /// The nonce that the provider puts into its ID token.
    static func nonce(flow: String, key: KeyBytes) throws(TokenError) -> String {
        try mac("nonce", of: flow, key: key, bytes: 32)
    }

    /// The verifier of a code (RFC 7636 §4.1).
    static func verifier(flow: String, key: KeyBytes) throws(TokenError) -> String {
        try mac("verifier", of: flow, key: key, bytes: 32)
    }

    private static func mac(
        _ purpose: String, of text: String, key: KeyBytes, bytes: Int
    ) throws(TokenError) -> String {
        let tag = try Digest.hmacSHA256(Array("oauth \(purpose)\0\(text)".utf8), key: key)
        return Base64URL.encode(Array(tag.prefix(bytes)))
    }
}
