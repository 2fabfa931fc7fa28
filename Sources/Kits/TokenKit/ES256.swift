/// JSON Web Tokens signed with ECDSA on P-256 and SHA-256 (RFC 7519, RFC 7515, RFC 7518 §3.4).
///
/// The algorithm is pinned, and a token must name one of the keys given: nothing in a token chooses how it is checked.
public enum ES256 {
    /// Longest token that is parsed, unless a verifier asks for less.
    public static let maximumTokenBytes = 16_384

    /// Bytes of a signature: r and s, 32 bytes each. The DER form of other standards is refused.
    public static let signatureByteCount = 64

    private struct Header: Encodable {
        let alg = "ES256"
        let kid: String
        let typ = "JWT"
    }

    /// Makes a token. Two tokens of the same claims differ: every signature draws a random number.
    public static func mint(_ claims: some Encodable, key: ES256PrivateKey) throws(TokenError) -> String {
        let header = Header(kid: key.publicKey.thumbprint)
        let signed = try CompactToken.signedText(header: header, claims: claims)
        let token = signed + "." + Base64URL.encode(try P256.sign(Array(signed.utf8), with: key))
        guard token.utf8.count <= maximumTokenBytes else {
            throw .invalidArgument(reason: "a token has at most \(maximumTokenBytes) bytes")
        }
        return token
    }

    /// Checks a token and gives its claims. `exp` and `nbf` are checked where they are present.
    ///
    /// The header must hold `alg` `ES256`, the `kid` of one of the keys, `typ` `JWT` or none, and nothing else: what
    /// brings its own key (`jwk`, `jku`, `x5c`) or demands extensions (`crit`) is refused.
    ///
    /// - Parameters:
    ///   - keys: the keys that may have signed it.
    ///   - secondsSinceEpoch: the time to check against.
    ///   - leewaySeconds: how far the clocks of issuer and verifier may be apart.
    ///   - maximumBytes: longest token that is parsed; never more than ``maximumTokenBytes``.
    public static func verify<Claims: Decodable>(
        _ token: String, keys: [ES256PublicKey], at secondsSinceEpoch: Int64, leewaySeconds: Int64 = 0,
        maximumBytes: Int = maximumTokenBytes, as claims: Claims.Type
    ) throws(TokenError) -> Claims {
        let token = try CompactToken(token, maximumBytes: min(maximumBytes, maximumTokenBytes))
        let key = try signer(token.header, among: keys)
        guard try isSignature(token.signature, of: token.signed, by: key) else { throw .invalidSignature }
        return try token.claims(at: secondsSinceEpoch, leewaySeconds: leewaySeconds)
    }

    /// Whether `signature` is r and s of a signature of `message` by the key.
    static func isSignature(
        _ signature: [UInt8], of message: [UInt8], by key: ES256PublicKey
    ) throws(TokenError) -> Bool {
        guard signature.count == signatureByteCount else { return false }
        return try P256.verify(signature, of: message, by: key)
    }

    private static func signer(_ header: [UInt8], among keys: [ES256PublicKey]) throws(TokenError) -> ES256PublicKey {
        let header: [String: String] = try CompactToken.decode(header, what: "its header has members of other types")
        guard header["alg"] == "ES256", (header["typ"] ?? "JWT") == "JWT",
            Set(header.keys).isSubset(of: ["alg", "kid", "typ"])
        else { throw .malformedToken(reason: "its header asks for something else than ES256 with a key known here") }
        guard let key = keys.first(where: { $0.thumbprint == header["kid"] }) else {
            throw .malformedToken(reason: "it names no key that is known here")
        }
        return key
    }
}
