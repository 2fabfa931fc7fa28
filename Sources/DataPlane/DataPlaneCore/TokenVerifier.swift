import Synchronization
public import TokenKit

/// Checks the JSON Web Tokens of a project's clients: HS256 with a shared secret, ES256 and RS256 with public keys.
///
/// The keys decide which algorithms count; nothing in a token chooses how it is checked.
public final class TokenVerifier: Sendable {
    /// A key that tokens may be signed with.
    public enum Key: Sendable {
        case secret(KeyBytes)
        case ellipticCurve(ES256PublicKey)
        case rsa(RSAPublicKey)
    }

    /// Longest token that is looked at.
    public static let tokenBytesMax = 16_384
    /// How far the clocks of issuer and server may be apart, in seconds.
    public static let leewaySeconds: Double = 30
    /// Verified tokens that are kept.
    public static let cachedTokensMax = 1_000

    private struct State {
        var keys: [Key]
        /// How often the keys were replaced.
        var generation = 0
        var cache = TokenCache(capacity: TokenVerifier.cachedTokensMax)
    }

    private let state: Mutex<State>
    private let audience: String?

    /// A verifier.
    ///
    /// - Parameters:
    ///   - keys: keys that count; empty where no secret is configured.
    ///   - audience: what `aud` has to name, where a token has one; nil accepts any.
    public init(keys: [Key], audience: String?) {
        state = Mutex(State(keys: keys))
        self.audience = audience
    }

    /// Puts other keys in the place of those that counted; tokens of keys that are gone count no more.
    public func replaceKeys(_ keys: [Key]) {
        state.withLock { $0 = State(keys: keys, generation: $0.generation &+ 1) }
    }

    /// Checks signature, time and audience, and gives the claims.
    public func claims(of token: String, at secondsSinceEpoch: Double) throws(TokenRefusal) -> JSONText {
        let (keys, generation, known) = state.withLock { ($0.keys, $0.generation, $0.cache.claims(of: token)) }
        guard !keys.isEmpty else { throw .noKeys }
        guard !token.isEmpty else { throw .empty }
        if let known {
            try check(known, at: secondsSinceEpoch)
            return known
        }
        let claims = try Self.verified(token, by: keys)
        try check(claims, at: secondsSinceEpoch)
        state.withLock { if $0.generation == generation { $0.cache.insert(token, claims) } }
        return claims
    }

    private static func verified(_ token: String, by keys: [Key]) throws(TokenRefusal) -> JSONText {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .parts(parts.count) }
        guard token.utf8.count <= tokenBytesMax, let header = Base64URL.decode(parts[0]),
            let headerJSON = try? JSONText(header), let payload = Base64URL.decode(parts[1]),
            let signature = Base64URL.decode(parts[2])
        else { throw .undecodable }
        let algorithm = headerJSON["alg"]?.stringValue ?? ""
        guard algorithm != "none" else { throw .unsecured }
        guard headerJSON["crit"] == nil else { throw .unsupported }
        let signed = Array(parts[0].utf8) + [UInt8(ascii: ".")] + Array(parts[1].utf8)
        guard keys.contains(where: { fits($0, algorithm: algorithm, signature: signature, signed: signed) }) else {
            throw .noSuitableKey
        }
        guard let claims = try? JSONText(payload), case .object = claims else { throw .claims }
        return claims
    }

    private static func fits(_ key: Key, algorithm: String, signature: [UInt8], signed: [UInt8]) -> Bool {
        // A key that libcrypto cannot use has signed nothing.
        switch (key, algorithm) {
        case (.secret(let secret), "HS256"):
            (try? Digest.hmacSHA256(signed, key: secret)).map { constantTimeEqual($0, signature) } ?? false
        case (.ellipticCurve(let key), "ES256"): (try? key.isSignature(signature, of: signed)) ?? false
        case (.rsa(let key), "RS256"): (try? key.isSignature(signature, of: signed)) ?? false
        default: false
        }
    }

    // MARK: Claims

    private func check(_ claims: JSONText, at now: Double) throws(TokenRefusal) {
        let expiry = try time("exp", claims)
        let notBefore = try time("nbf", claims)
        let issued = try time("iat", claims)
        if let expiry, now - Self.leewaySeconds > expiry { throw .expired }
        if let notBefore, now + Self.leewaySeconds < notBefore { throw .notYetValid }
        if let issued, now + Self.leewaySeconds < issued { throw .issuedInFuture }
        guard try isForUs(claims["aud"]) else { throw .audience }
    }

    private func time(_ name: String, _ claims: JSONText) throws(TokenRefusal) -> Double? {
        guard let claim = claims[name] else { return nil }
        guard let number = claim.doubleValue else { throw .notANumber(name) }
        return number.rounded(.down)
    }

    private func isForUs(_ claim: JSONText?) throws(TokenRefusal) -> Bool {
        switch claim {
        case nil, .null?: return true
        case .string(let text)?: return audience.map { $0 == text } ?? true
        case .array(let elements)?:
            let names = elements.compactMap(\.stringValue)
            guard names.count == elements.count else { throw .badAudience }
            return audience.map { names.isEmpty || names.contains($0) } ?? true
        default: throw .badAudience
        }
    }
}

/// Why a token is refused.
public enum TokenRefusal: Error, Sendable, Equatable {
    case noKeys
    case empty
    case parts(Int)
    case undecodable
    case unsecured
    case unsupported
    case noSuitableKey
    case claims
    case expired
    case notYetValid
    case issuedInFuture
    case audience
    case badAudience
    case notANumber(String)
}

/// Verified tokens; when it is full, half of them go, those that were not used lately first.
private struct TokenCache {
    private struct Entry {
        var claims: JSONText
        var lastUse: UInt64
    }

    private let capacity: Int
    private var entries: [String: Entry] = [:]
    private var clock: UInt64 = 0

    init(capacity: Int) { self.capacity = capacity }

    mutating func claims(of token: String) -> JSONText? {
        guard let index = entries.index(forKey: token) else { return nil }
        clock += 1
        entries.values[index].lastUse = clock
        return entries.values[index].claims
    }

    mutating func insert(_ token: String, _ claims: JSONText) {
        if entries.count >= capacity {
            let limit = entries.values.map(\.lastUse).sorted()[entries.count / 2]
            entries = entries.filter { $0.value.lastUse > limit }
        }
        clock += 1
        entries[token] = Entry(claims: claims, lastUse: clock)
    }
}
