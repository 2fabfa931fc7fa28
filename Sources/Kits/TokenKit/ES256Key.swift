import COpenSSL

/// The private half of a P-256 key pair (FIPS 186-4 D.1.2.3), for signatures or key agreement.
///
/// It prints as its public half.
public struct ES256PrivateKey: Sendable {
    /// Bytes of the private number.
    public static let byteCount = 32

    private static let maximumDraws = 16

    /// The public half.
    public let publicKey: ES256PublicKey

    let scalar: KeyBytes

    /// A key from its 32 bytes, big-endian, as ``raw`` gives them.
    ///
    /// - Throws: ``TokenError/invalidArgument(reason:)`` unless the number is at least 1 and below the curve's order.
    public init(raw: KeyBytes) throws(TokenError) {
        guard raw.count == Self.byteCount, try P256.isScalar(raw) else {
            throw .invalidArgument(reason: "a P-256 private key is \(Self.byteCount) bytes below the curve's order")
        }
        scalar = raw
        publicKey = try ES256PublicKey(x963: P256.publicPoint(of: raw))
    }

    /// A new key.
    public static func generate() throws(TokenError) -> ES256PrivateKey {
        // Random bytes are a key at once but for one case in 2^32: numbers from the curve's order on are drawn again.
        for _ in 0..<maximumDraws {
            let raw = try KeyBytes.random(count: byteCount)
            if try P256.isScalar(raw) { return try ES256PrivateKey(raw: raw) }
        }
        throw .crypto(operation: "making a P-256 key", reason: "the generator gave no number below the curve's order")
    }

    /// The 32 bytes of the private number, to be sealed and stored.
    public var raw: KeyBytes { scalar }
}

extension ES256PrivateKey: CustomStringConvertible, CustomReflectable {
    /// The public half's thumbprint; nothing of the private one.
    public var description: String { "ES256PrivateKey(\(publicKey.thumbprint))" }

    /// A mirror without children.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// The public half of a P-256 key pair: a point that was checked to lie on the curve.
public struct ES256PublicKey: Sendable, Hashable {
    /// Bytes of the uncompressed point.
    public static let pointByteCount = 65

    /// The uncompressed point: 4, then x and y in 32 bytes each (SEC 1 §2.3.3).
    public let x963: [UInt8]

    /// The key's name: the SHA-256 of its required members in base64url (RFC 7638).
    public let thumbprint: String

    /// A key from its uncompressed point.
    ///
    /// - Throws: ``TokenError/invalidArgument(reason:)`` for another form, or a point that is not on the curve.
    public init(x963: [UInt8]) throws(TokenError) {
        guard x963.count == Self.pointByteCount, x963.first == 4, try P256.isOnCurve(x963) else {
            throw .invalidArgument(reason: "it is not an uncompressed point of P-256")
        }
        self.x963 = x963
        thumbprint = try JWK.thumbprint(x: Self.x(x963), y: Self.y(x963))
    }

    /// The key as JSON Web Key, for checking signatures.
    public var jwk: JWK { JWK(x: Self.x(x963), y: Self.y(x963), kid: thumbprint) }

    private static func x(_ point: [UInt8]) -> String { Base64URL.encode(Array(point[1...32])) }

    private static func y(_ point: [UInt8]) -> String { Base64URL.encode(Array(point[33...64])) }
}
