import FoundationEssentials

/// The parts of a JSON Web Token in its compact form that do not depend on the algorithm (RFC 7515 §7.1, RFC 7519).
struct CompactToken {
    let header: [UInt8]
    let payload: [UInt8]
    let signature: [UInt8]

    /// What the signature is made over: the first two parts as they were sent.
    let signed: [UInt8]

    private struct Times: Decodable {
        var exp: Double?
        var nbf: Double?
    }

    /// Takes a token apart. Nothing about it is trusted yet.
    init(_ token: String, maximumBytes: Int) throws(TokenError) {
        guard token.utf8.count <= maximumBytes else { throw .malformedToken(reason: "it is too long") }
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Base64URL.decode(parts[0]), let payload = Base64URL.decode(parts[1]),
            let signature = Base64URL.decode(parts[2])
        else { throw .malformedToken(reason: "it is not three parts in base64url") }
        self.header = header
        self.payload = payload
        self.signature = signature
        signed = Array(parts[0].utf8) + [UInt8(ascii: ".")] + Array(parts[1].utf8)
    }

    /// The text to sign for a header and claims, both written with sorted keys.
    static func signedText(header: some Encodable, claims: some Encodable) throws(TokenError) -> String {
        Base64URL.encode(try json(header)) + "." + Base64URL.encode(try json(claims))
    }

    /// The claims, if the time is right. Only for tokens whose signature was checked.
    ///
    /// - Parameters:
    ///   - secondsSinceEpoch: the time to check `exp` and `nbf` against, where they are present.
    ///   - leewaySeconds: how far the clocks of issuer and verifier may be apart.
    func claims<Claims: Decodable>(
        at secondsSinceEpoch: Int64, leewaySeconds: Int64
    ) throws(TokenError) -> Claims {
        let times: Times = try Self.decode(payload, what: "exp or nbf is not a number")
        let now = Double(secondsSinceEpoch)
        if let exp = times.exp, now >= exp + Double(leewaySeconds) { throw .expired }
        if let nbf = times.nbf, now < nbf - Double(leewaySeconds) { throw .notYetValid }
        return try Self.decode(payload, what: "the claims are not those expected")
    }

    static func json(_ value: some Encodable) throws(TokenError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(value))
        } catch {
            throw .invalidArgument(reason: "the claims cannot be written as JSON")
        }
    }

    static func decode<Value: Decodable>(_ bytes: [UInt8], what: String) throws(TokenError) -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(bytes))
        } catch {
            throw .malformedToken(reason: what)
        }
    }
}
