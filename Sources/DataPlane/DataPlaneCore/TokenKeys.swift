import TokenKit

extension TokenVerifier {
    /// Reads a configured secret: a text for HS256, or a JSON Web Key or key set.
    ///
    /// - Parameter isBase64: whether a plain secret is the base64 of its bytes.
    public static func keys(secret: String?, isBase64: Bool) throws(TokenKeyError) -> [Key] {
        guard let secret, !secret.isEmpty else { return [] }
        if let json = try? JSONText(Array(secret.utf8)), case .object = json {
            return try (json["keys"]?.arrayValue ?? [json]).map { element throws(TokenKeyError) in try key(element) }
        }
        var bytes = Array(secret.utf8)
        if isBase64 {
            guard let decoded = Base64.decode(secret) ?? Base64URL.decode(secret) else { throw .badBase64 }
            bytes = decoded
        }
        guard bytes.count >= secretBytesMin else { throw .shortSecret(bytes: bytes.count) }
        return [.secret(KeyBytes(bytes))]
    }

    /// Shortest secret for HS256, in bytes.
    public static let secretBytesMin = 31

    private static func key(_ json: JSONText) throws(TokenKeyError) -> Key {
        let bytes = { (name: String) in json[name]?.stringValue.flatMap { Base64URL.decode($0) } }
        switch json["kty"]?.stringValue {
        case "oct":
            guard let k = bytes("k"), k.count >= secretBytesMin else { throw .badKey }
            return .secret(KeyBytes(k))
        case "RSA":
            guard let n = bytes("n"), let e = bytes("e"), let key = try? RSAPublicKey(modulus: n, exponent: e) else {
                throw .badKey
            }
            return .rsa(key)
        case "EC":
            guard json["crv"]?.stringValue == "P-256", let x = bytes("x"), let y = bytes("y"),
                let key = try? ES256PublicKey(x963: [4] + x + y)
            else { throw .badKey }
            return .ellipticCurve(key)
        default: throw .badKey
        }
    }
}

/// Why a configured secret cannot be used. No case holds any of it.
public enum TokenKeyError: Error, Sendable, Equatable, CustomStringConvertible {
    case badBase64
    case shortSecret(bytes: Int)
    case badKey

    /// The error in words.
    public var description: String {
        switch self {
        case .badBase64: "the JWT secret is not valid base64"
        case .shortSecret(let bytes): "the JWT secret has \(bytes) bytes; HS256 needs 32"
        case .badKey: "a JSON Web Key of the JWT secret is none of oct, RSA and EC P-256, or its numbers are wrong"
        }
    }
}
