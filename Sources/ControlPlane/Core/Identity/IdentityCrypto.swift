public import ProjectModel

/// The cryptography that identities need; implemented by ProjectKeys.
public protocol IdentityCrypto: Sendable {
    /// A new verifier (PHC string) for a password. Takes about 100 ms of CPU on purpose.
    func hash(password: Secret<String>) async throws(IdentityCryptoError) -> String
    /// Whether a password matches a verifier; the same work is done when there is no verifier (nil), so that timing
    /// reveals nothing.
    func verify(password: Secret<String>, against verifier: String?) async throws(IdentityCryptoError) -> Bool
    /// Whether a verifier was made at a lower cost than ``hash(password:)`` has now.
    func isOutdated(_ verifier: String) -> Bool
    /// A new opaque token: `prefix` and lower-case hex digits of that many random bytes.
    func token(prefix: String, bytes: Int) throws(IdentityCryptoError) -> Secret<String>
    /// SHA-256 of a token in hex: what is stored.
    func digest(_ token: Secret<String>) throws(IdentityCryptoError) -> String
    /// A random UUID (version 4) in lower case.
    func uuid() throws(IdentityCryptoError) -> String
    /// A signed access token (JWT, ES256, `kid` in its header).
    func sign(_ claims: AccessClaims) throws(IdentityCryptoError) -> Secret<String>
    /// The claims of an access token whose signature, issuer, audience and time are right; nil for anything else
    /// (also for `alg: none`, HS256 with the public key, an unknown `kid`, and more than 4 KiB).
    func verify(accessToken: Secret<String>, at time: Timestamp) -> AccessClaims?
    /// The public keys as a JWK set (RFC 7517), JSON text.
    var jsonWebKeySet: String { get }
}

/// Why cryptography failed. Holds no value.
public struct IdentityCryptoError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The message: one sentence.
    public let description: String

    /// An error with a text that quotes no secret.
    public init(_ description: String) { self.description = description }
}

/// Claims of an access token, in GoTrue's words.
public struct AccessClaims: Codable, Sendable, Equatable {
    /// The issuer: the installation.
    public var iss: String
    /// The subject: the account's identifier.
    public var sub: String
    /// The audience: `authenticated`.
    public var aud: String
    /// When it was made, in seconds since 1970.
    public var iat: Int64
    /// When it ends, in seconds since 1970.
    public var exp: Int64
    /// PostgreSQL role in GoTrue's words: `authenticated`.
    public var role: String
    /// E-mail address of the account at the time of signing.
    public var email: String
    /// The session that it counts for.
    public var sessionID: String

    private enum CodingKeys: String, CodingKey {
        case iss, sub, aud, iat, exp, role, email
        case sessionID = "session_id"
    }

    /// Claims; times in seconds since 1970.
    public init(
        iss: String, sub: String, aud: String, iat: Int64, exp: Int64, role: String, email: String, sessionID: String
    ) {
        self.iss = iss
        self.sub = sub
        self.aud = aud
        self.iat = iat
        self.exp = exp
        self.role = role
        self.email = email
        self.sessionID = sessionID
    }
}
