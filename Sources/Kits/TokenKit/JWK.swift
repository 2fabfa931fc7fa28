/// A public P-256 key for checking signatures, as JSON Web Key (RFC 7517, RFC 7518 §6.2).
public struct JWK: Codable, Sendable, Hashable {
    /// The family of the key: `EC`.
    public let kty: String
    /// The curve: `P-256`.
    public let crv: String
    /// First coordinate, 32 bytes in base64url.
    public let x: String
    /// Second coordinate, 32 bytes in base64url.
    public let y: String
    /// The key's name, which tokens carry in their header: its thumbprint (RFC 7638).
    public let kid: String
    /// The algorithm: `ES256`.
    public let alg: String
    /// The use of the key: `sig`.
    public let use: String

    init(x: String, y: String, kid: String) {
        kty = "EC"
        crv = "P-256"
        self.x = x
        self.y = y
        self.kid = kid
        alg = "ES256"
        use = "sig"
    }

    /// The public key.
    ///
    /// - Throws: ``TokenError/invalidArgument(reason:)`` for another family, curve or algorithm, coordinates that are
    ///   no point of the curve, or a name that is not the thumbprint.
    public func publicKey() throws(TokenError) -> ES256PublicKey {
        guard kty == "EC", crv == "P-256", alg == "ES256", use == "sig", let x = Base64URL.decode(x),
            let y = Base64URL.decode(y)
        else { throw .invalidArgument(reason: "the JSON Web Key is not a P-256 key for signatures") }
        let key = try ES256PublicKey(x963: [4] + x + y)
        guard key.thumbprint == kid else {
            throw .invalidArgument(reason: "the JSON Web Key's name is not its thumbprint")
        }
        return key
    }

    /// The members that RFC 7638 §3.2 names, in its order; base64url needs no escapes in JSON.
    static func thumbprint(x: String, y: String) throws(TokenError) -> String {
        let text = #"{"crv":"P-256","kty":"EC","x":"\#(x)","y":"\#(y)"}"#
        return Base64URL.encode(try Digest.sha256(Array(text.utf8)))
    }
}

/// A set of public keys (RFC 7517 §5).
public struct JWKSet: Codable, Sendable, Hashable {
    /// The keys, the one in use first.
    public let keys: [JWK]

    /// A set.
    public init(_ keys: [ES256PublicKey]) { self.keys = keys.map(\.jwk) }

    /// The set as JSON text with sorted keys.
    public func json() throws(TokenError) -> String {
        String(decoding: try CompactToken.json(self), as: UTF8.self)
    }
}
