public import DataPlaneCore
import TokenKit

/// The keys of access tokens: one signs, all check.
public struct SigningKeys: Sendable {
    enum Signer: Sendable {
        case secret(KeyBytes, kid: String?)
        case ellipticCurve(ES256PrivateKey, kid: String?)
    }

    let signer: Signer
    /// Public keys as the keys document shows them.
    let published: [JSONText]
    /// Every key that tokens may be signed with.
    public let verifying: [TokenVerifier.Key]
    /// The server's own key for codes and mails that wait; it comes from the secret.
    let codeKey: KeyBytes

    /// Keys from the settings.
    ///
    /// - Parameters:
    ///   - secret: `GOTRUE_JWT_SECRET`; signs where no key of the set does, and always checks.
    ///   - keyID: `GOTRUE_JWT_KEY_ID`
    ///   - keys: `GOTRUE_JWT_KEYS`: a JSON array of JSON Web Keys, of which one has `sign` among its `key_ops`.
    public init(secret: String, keyID: String?, keys: String?) throws(SigningKeyError) {
        guard secret.utf8.count >= TokenVerifier.secretBytesMin else {
            throw SigningKeyError("the JWT secret has \(secret.utf8.count) bytes; HS256 needs 32")
        }
        let bytes = KeyBytes(Array(secret.utf8))
        guard let derived = try? Digest.hmacSHA256(Array("one-time codes".utf8), key: bytes) else {
            throw SigningKeyError("libcrypto refused the JWT secret")
        }
        codeKey = KeyBytes(derived)
        var signers: [Signer] = []
        var published: [JSONText] = []
        var verifying: [TokenVerifier.Key] = []
        for json in try Self.elements(keys) {
            let key = try Self.key(json)
            if let signer = key.signer { signers.append(signer) }
            if let shown = key.published { published.append(shown) }
            verifying.append(key.verifying)
        }
        guard signers.count <= 1, signers.count == 1 || verifying.isEmpty else {
            throw SigningKeyError("of the JWT keys exactly one must have \"sign\" among its key_ops")
        }
        signer = signers.first ?? .secret(bytes, kid: keyID)
        self.published = published
        self.verifying = verifying + [.secret(bytes)]
    }

    /// A signed token.
    func token(_ claims: JSONText) throws(TokenError) -> String {
        var header: [JSONText.Member] = [.init("typ", .string("JWT"))]
        let kid: String?
        switch signer {
        case .secret(_, let id):
            header.append(.init("alg", .string("HS256")))
            kid = id
        case .ellipticCurve(_, let id):
            header.append(.init("alg", .string("ES256")))
            kid = id
        }
        if let kid { header.append(.init("kid", .string(kid))) }
        let text = { (json: JSONText) in Base64URL.encode(Array(json.text.utf8)) }
        let signed = "\(text(.object(header))).\(text(claims))"
        let signature =
            switch signer {
            case .secret(let key, _): try Digest.hmacSHA256(Array(signed.utf8), key: key)
            case .ellipticCurve(let key, _): try key.signature(of: Array(signed.utf8))
            }
        return "\(signed).\(Base64URL.encode(signature))"
    }

    // MARK: JSON Web Keys

    private static func elements(_ text: String?) throws(SigningKeyError) -> [JSONText] {
        guard let text, !text.isEmpty else { return [] }
        guard let json = try? JSONText(Array(text.utf8)),
            let elements = json.arrayValue ?? json["keys"]?.arrayValue
        else { throw SigningKeyError("the JWT keys are not a JSON array of JSON Web Keys") }
        return elements
    }

    private struct Key {
        var signer: Signer?
        var published: JSONText?
        var verifying: TokenVerifier.Key
    }

    private static func key(_ json: JSONText) throws(SigningKeyError) -> Key {
        guard let verifying = try? TokenVerifier.keys(secret: json.text, isBase64: false).first else {
            throw SigningKeyError("a JWT key is none of oct, RSA and EC P-256, or its numbers are wrong")
        }
        let kid = json["kid"]?.stringValue
        let signs = (json["key_ops"]?.arrayValue ?? []).contains(.string("sign"))
        var key = Key(published: published(json), verifying: verifying)
        guard signs else { return key }
        switch verifying {
        case .secret(let secret): key.signer = .secret(secret, kid: kid)
        case .ellipticCurve(let publicKey):
            guard let d = json["d"]?.stringValue.flatMap({ Base64URL.decode($0) }),
                let own = try? ES256PrivateKey(raw: KeyBytes(d)), own.publicKey == publicKey
            else { throw SigningKeyError("the JWT key that signs has no private number that fits its public one") }
            key.signer = .ellipticCurve(own, kid: kid ?? publicKey.thumbprint)
        case .rsa: throw SigningKeyError("an RSA key checks tokens only; sign with an EC P-256 key or a secret")
        }
        return key
    }

    /// The public members, never those of a secret.
    private static func published(_ json: JSONText) -> JSONText? {
        let names: [String]
        let algorithm: String
        switch json["kty"]?.stringValue {
        case "EC": (names, algorithm) = (["kty", "crv", "x", "y"], "ES256")
        case "RSA": (names, algorithm) = (["kty", "n", "e"], "RS256")
        default: return nil
        }
        var members = names.compactMap { name in json[name].map { JSONText.Member(name, $0) } }
        members += [.init("alg", .string(algorithm)), .init("use", .string("sig"))]
        if let kid = json["kid"] { members.append(.init("kid", kid)) }
        members.append(.init("key_ops", .array([.string("verify")])))
        return .object(members)
    }
}

/// Why configured keys cannot be used. Nothing of them is repeated.
public struct SigningKeyError: Error, CustomStringConvertible, Sendable, Equatable {
    /// The reason.
    public var description: String

    init(_ description: String) { self.description = description }
}
