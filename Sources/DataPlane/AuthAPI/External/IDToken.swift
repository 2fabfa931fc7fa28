import DataPlaneCore
import TokenKit

/// A public key of a provider.
struct ProviderKey: Sendable {
    var id: String?
    var key: TokenVerifier.Key

    /// Most keys of one set.
    static let keysMax = 64

    /// The keys of a JSON Web Key Set that can have signed an ID token; others are left out, secrets above all.
    static func keys(of set: JSONText) -> [ProviderKey] {
        (set["keys"]?.arrayValue ?? []).prefix(keysMax).compactMap { json in
            guard ["RSA", "EC"].contains(json["kty"]?.stringValue), (json["use"]?.stringValue ?? "sig") == "sig",
                let key = try? TokenVerifier.keys(secret: json.text, isBase64: false).first
            else { return nil }
            return ProviderKey(id: json["kid"]?.stringValue, key: key)
        }
    }
}

/// An ID token (OpenID Connect Core 1.0 §2), not yet trusted.
struct IDToken: Sendable {
    let text: String
    /// The key that its header names.
    let keyID: String?
    /// `iss` as the token has it: good for choosing a provider, for nothing else.
    let claimedIssuer: String?

    init(_ text: String) throws(IDTokenProblem) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard text.utf8.count <= TokenVerifier.tokenBytesMax, parts.count == 3,
            let header = Base64URL.decode(parts[0]).flatMap({ try? JSONText($0) }),
            let claims = Base64URL.decode(parts[1]).flatMap({ try? JSONText($0) })
        else { throw .malformed }
        self.text = text
        keyID = header["kid"]?.stringValue
        claimedIssuer = claims["iss"]?.stringValue
    }

    /// The keys that may have signed it.
    func candidates(among keys: [ProviderKey]) -> [ProviderKey] {
        keys.filter { $0.id == nil || keyID == nil || $0.id == keyID }
    }

    /// The claims, if one of the keys has signed them and the time is right. `exp` has to be there.
    func claims(signedBy keys: [ProviderKey], at now: Double) throws(IDTokenProblem) -> JSONText {
        let verifier = TokenVerifier(keys: candidates(among: keys).map(\.key), audience: nil)
        let claims: JSONText
        do throws(TokenRefusal) {
            claims = try verifier.claims(of: text, at: now)
        } catch .expired { throw .expired } catch .notYetValid, .issuedInFuture { throw .notYetValid } catch {
            throw .signature
        }
        guard claims["exp"]?.doubleValue != nil else { throw .expired }
        return claims
    }
}

/// Why an ID token is refused.
enum IDTokenProblem: Error, Sendable, Equatable {
    case malformed, signature, expired, notYetValid, issuer, subject
    case audience([String])
    case nonceMissing, nonceMismatch
    case accessTokenHash
}

/// What the claims of an ID token have to say.
struct IDTokenRules: Sendable {
    /// How the nonce is compared.
    enum Nonce: Sendable, Equatable {
        case unchecked
        /// The client gives the text of which the token has the SHA-256 in hexadecimal; both or none.
        case hashed(String?)
        /// This server gave it.
        case exact(String)
    }

    /// Accepted values of `iss`; `{tenant}` stands for any UUID.
    var issuers: [String]
    var audiences: [String]
    var nonce: Nonce
    /// The token that `at_hash` is about, where there is one.
    var accessToken: String?

    func check(_ claims: JSONText) throws(IDTokenProblem) {
        guard let issuer = claims["iss"]?.stringValue, Self.isListed(issuer, in: issuers) else { throw .issuer }
        guard let subject = claims["sub"]?.stringValue, !subject.isEmpty else { throw .subject }
        let list = claims["aud"]?.arrayValue?.compactMap(\.stringValue) ?? []
        let named = claims["aud"]?.stringValue.map { [$0] } ?? list
        guard named.contains(where: { !$0.isEmpty && audiences.contains($0) }) else { throw .audience(named) }
        try check(nonceOf: claims)
        try checkHash(claims)
    }

    static func isListed(_ issuer: String, in issuers: [String]) -> Bool {
        issuers.contains { pattern in
            guard let place = pattern.firstRange(of: "{tenant}") else { return pattern == issuer }
            let (head, tail) = (pattern[..<place.lowerBound], pattern[place.upperBound...])
            guard issuer.hasPrefix(head), issuer.hasSuffix(tail), issuer.count > head.count + tail.count else {
                return false
            }
            return UUIDText.bytes(String(issuer.dropFirst(head.count).dropLast(tail.count))) != nil
        }
    }

    private func check(nonceOf claims: JSONText) throws(IDTokenProblem) {
        let own = claims["nonce"]?.stringValue ?? ""
        let wanted: String
        switch nonce {
        case .unchecked: return
        case .exact(let text): wanted = text
        case .hashed(let given):
            let given = given ?? ""
            guard given.isEmpty == own.isEmpty else { throw .nonceMissing }
            if given.isEmpty { return }
            guard let digest = try? Digest.sha256(Array(given.utf8)) else { throw .nonceMismatch }
            wanted = Hex.encode(digest)
        }
        guard constantTimeEqual(Array(own.utf8), Array(wanted.utf8)) else { throw .nonceMismatch }
    }

    /// OpenID Connect Core 1.0 §3.1.3.6: the left half of the token's hash. All accepted algorithms hash with SHA-256.
    private func checkHash(_ claims: JSONText) throws(IDTokenProblem) {
        guard let accessToken, let hash = claims["at_hash"]?.stringValue else { return }
        guard let digest = try? Digest.sha256(Array(accessToken.utf8)) else { throw .accessTokenHash }
        let half = Base64URL.encode(Array(digest.prefix(digest.count / 2)))
        guard constantTimeEqual(Array(half.utf8), Array(hash.utf8)) else { throw .accessTokenHash }
    }
}
