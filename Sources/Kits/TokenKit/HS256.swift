/// JSON Web Tokens signed with HMAC-SHA256 (RFC 7519, RFC 7515, RFC 7518 §3.2).
///
/// The algorithm is pinned: a token says which one it uses, but only `HS256` is ever accepted.
public enum HS256 {
    /// Longest token that is parsed.
    public static let maximumTokenBytes = 16_384

    /// Shortest secret, as RFC 7518 §3.2 demands: the size of the hash.
    public static let minimumSecretBytes = 32

    private struct Header: Codable {
        let alg: String
        var typ: String?
        var crit: [String]?
    }

    /// Makes a token. Claims are written with sorted keys, so the same claims give the same token.
    public static func mint(_ claims: some Encodable, secret: KeyBytes) throws(TokenError) -> String {
        guard secret.count >= minimumSecretBytes else {
            throw .invalidArgument(reason: "a JWT secret has at least \(minimumSecretBytes) bytes")
        }
        let signed = try CompactToken.signedText(header: Header(alg: "HS256", typ: "JWT"), claims: claims)
        let token = signed + "." + Base64URL.encode(try Digest.hmacSHA256(Array(signed.utf8), key: secret))
        guard token.utf8.count <= maximumTokenBytes else {
            throw .invalidArgument(reason: "a token has at most \(maximumTokenBytes) bytes")
        }
        return token
    }

    /// Checks a token and gives its claims. `exp` and `nbf` are checked where they are present.
    ///
    /// - Parameters:
    ///   - secondsSinceEpoch: the time to check against.
    ///   - leewaySeconds: how far the clocks of issuer and verifier may be apart.
    public static func verify<Claims: Decodable>(
        _ token: String, secret: KeyBytes, at secondsSinceEpoch: Int64, leewaySeconds: Int64 = 0,
        as claims: Claims.Type
    ) throws(TokenError) -> Claims {
        let token = try CompactToken(token, maximumBytes: maximumTokenBytes)
        let header: Header = try CompactToken.decode(token.header, what: "its header is not a JSON object with alg")
        // `crit` names extensions that must be understood, and none is (RFC 7515 §4.1.11).
        guard header.alg == "HS256", header.crit == nil else {
            throw .malformedToken(reason: "its algorithm is not HS256, or it demands an extension")
        }
        guard constantTimeEqual(token.signature, try Digest.hmacSHA256(token.signed, key: secret)) else {
            throw .invalidSignature
        }
        return try token.claims(at: secondsSinceEpoch, leewaySeconds: leewaySeconds)
    }
}
