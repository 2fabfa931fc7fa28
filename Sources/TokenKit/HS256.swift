import FoundationEssentials

/// JSON Web Tokens signed with HMAC-SHA256 (RFC 7519, RFC 7515, RFC 7518 §3.2).
///
/// The algorithm is pinned: a token says which one it uses, but only `HS256` is ever accepted.
public enum HS256 {
    /// Longest token that is looked at.
    public static let maximumTokenBytes = 16_384

    /// Shortest secret, as RFC 7518 §3.2 demands: the size of the hash.
    public static let minimumSecretBytes = 32

    private struct Header: Codable {
        let alg: String
        var typ: String?
        var crit: [String]?
    }

    private struct Times: Decodable {
        var exp: Double?
        var nbf: Double?
    }

    /// Makes a token. Claims are written with sorted keys, so the same claims give the same token.
    public static func mint(_ claims: some Encodable, secret: KeyBytes) throws(TokenError) -> String {
        guard secret.count >= minimumSecretBytes else {
            throw .invalidArgument(reason: "a JWT secret has at least \(minimumSecretBytes) bytes")
        }
        let signed =
            Base64URL.encode(try json(Header(alg: "HS256", typ: "JWT")))
            + "." + Base64URL.encode(try json(claims))
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
        let payload = try verifiedPayload(token, secret: secret)
        let times: Times = try decode(payload, what: "exp or nbf is not a number")
        let now = Double(secondsSinceEpoch)
        if let exp = times.exp, now >= exp + Double(leewaySeconds) { throw .expired }
        if let nbf = times.nbf, now < nbf - Double(leewaySeconds) { throw .notYetValid }
        return try decode(payload, what: "the claims are not those expected")
    }

    private static func verifiedPayload(_ token: String, secret: KeyBytes) throws(TokenError) -> [UInt8] {
        guard token.utf8.count <= maximumTokenBytes else { throw .malformedToken(reason: "it is too long") }
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let headerBytes = Base64URL.decode(parts[0]),
            let payload = Base64URL.decode(parts[1]), let signature = Base64URL.decode(parts[2])
        else { throw .malformedToken(reason: "it is not three parts in base64url") }
        let header: Header = try decode(headerBytes, what: "its header is not a JSON object with alg")
        // `crit` names extensions that must be understood, and none is (RFC 7515 §4.1.11).
        guard header.alg == "HS256", header.crit == nil else {
            throw .malformedToken(reason: "its algorithm is not HS256, or it demands an extension")
        }
        let signed = Array(parts[0].utf8) + [UInt8(ascii: ".")] + Array(parts[1].utf8)
        guard constantTimeEqual(signature, try Digest.hmacSHA256(signed, key: secret)) else {
            throw .invalidSignature
        }
        return payload
    }

    private static func json(_ value: some Encodable) throws(TokenError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(value))
        } catch {
            throw .invalidArgument(reason: "the claims cannot be written as JSON")
        }
    }

    private static func decode<Value: Decodable>(_ bytes: [UInt8], what: String) throws(TokenError) -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(bytes))
        } catch {
            throw .malformedToken(reason: what)
        }
    }
}
