public import Identity
import PasswordKit
public import ProjectModel
import TokenKit

/// The cryptography of identities by libcrypto: scrypt for passwords, SHA-256 for opaque tokens, ES256 for access
/// tokens: the ``Identity/IdentityCrypto`` of production.
public struct SealingIdentityCrypto: IdentityCrypto {
    /// The audience of access tokens; GoTrue's default.
    public static let audience = "authenticated"

    /// Longest access token that is parsed.
    public static let maximumAccessTokenBytes = 4_096

    /// Random bytes of an opaque token: fewer could be guessed, more add nothing.
    public static let tokenBytes = 16...64

    private static let keyPurpose = "access token signing key"

    /// The public keys, JSON text: `{"keys":[…]}`.
    public let jsonWebKeySet: String

    private let key: ES256PrivateKey
    private let issuer: String
    private let workers = PasswordWorkers()

    private static let overload = IdentityCryptoError("too many sign-ins at once; try again later")

    /// Makes the key that signs access tokens; once for an installation; the result is stored unchanged.
    ///
    /// - Returns: the key, sealed under the master key for this installation.
    public static func makeSigningKey(master: MasterKey, installation: String) throws(ProjectKeyError) -> [UInt8] {
        let raw: [UInt8]
        do throws(TokenError) {
            raw = try ES256PrivateKey.generate().raw.reveal()
        } catch {
            throw .crypto(error)
        }
        return try InstallationSealer(master: master, installation: installation).seal(raw, as: keyPurpose)
    }

    /// Opens the signing key.
    ///
    /// - Parameters:
    ///   - sealedSigningKey: what ``makeSigningKey(master:installation:)`` gave.
    ///   - issuer: `iss` of access tokens; tokens of another issuer are not accepted.
    /// - Throws: ``ProjectKeyError/notAuthentic(name:)`` when the key was sealed with another master key or for
    ///   another installation, or was changed.
    public init(
        sealedSigningKey: [UInt8], master: MasterKey, installation: String, issuer: String
    ) throws(ProjectKeyError) {
        let sealer = InstallationSealer(master: master, installation: installation)
        let raw = try sealer.open(sealedSigningKey, as: Self.keyPurpose)
        do throws(TokenError) {
            key = try ES256PrivateKey(raw: KeyBytes(raw))
            jsonWebKeySet = try JWKSet([key.publicKey]).json()
        } catch {
            throw .crypto(error)
        }
        self.issuer = issuer
    }

    /// Hashes with scrypt; waits for its turn.
    public func hash(password: Secret<String>) async throws(IdentityCryptoError) -> String {
        try await work(.make) { () throws(IdentityCryptoError) in
            try identityCrypto { () throws(TokenError) in try PasswordHash.hash(password.reveal()) }
        }
    }

    /// Checks with scrypt; waits for its turn. A password longer than any that is hashed is just a wrong one.
    public func verify(
        password: Secret<String>, against verifier: String?
    ) async throws(IdentityCryptoError) -> Bool {
        guard password.reveal().utf8.count <= PasswordHash.maximumPasswordBytes else { return false }
        return try await work(.check) { () throws(IdentityCryptoError) in
            try identityCrypto { () throws(TokenError) in
                if let verifier { return try PasswordHash.verify(password.reveal(), against: verifier) }
                // The same work without an account: the response time must not reveal which accounts exist.
                _ = try PasswordHash.hash(password.reveal())
                return false
            }
        }
    }

    private func work<Value: Sendable>(
        _ kind: PasswordWork, _ body: @escaping @Sendable () throws(IdentityCryptoError) -> Value
    ) async throws(IdentityCryptoError) -> Value {
        try await workers.run(kind, for: PasswordClient.network, refusal: Self.overload, body)
    }

    /// Compares the cost of scrypt.
    public func isOutdated(_ verifier: String) -> Bool { PasswordHash.isOutdated(verifier) }

    /// An opaque token from libcrypto's generator, of ``tokenBytes`` bytes.
    public func token(prefix: String, bytes: Int) throws(IdentityCryptoError) -> Secret<String> {
        guard Self.tokenBytes.contains(bytes) else {
            throw IdentityCryptoError(
                "a token has \(Self.tokenBytes.lowerBound) to \(Self.tokenBytes.upperBound) random bytes")
        }
        return try identityCrypto { () throws(TokenError) in
            Secret(prefix + Hex.encode(try RandomSource.bytes(bytes)))
        }
    }

    /// The SHA-256 of a token. It needs no salt and no slowness: 128 random bits cannot be guessed.
    public func digest(_ token: Secret<String>) throws(IdentityCryptoError) -> String {
        try identityCrypto { () throws(TokenError) in Hex.encode(try Digest.sha256(Array(token.reveal().utf8))) }
    }

    /// A random UUID (RFC 9562 §5.4).
    public func uuid() throws(IdentityCryptoError) -> String {
        var bytes = try identityCrypto { () throws(TokenError) in try RandomSource.bytes(16) }
        bytes[6] = bytes[6] & 0x0f | 0x40
        bytes[8] = bytes[8] & 0x3f | 0x80
        let groups = [0..<4, 4..<6, 6..<8, 8..<10, 10..<16]
        return groups.map { Hex.encode(Array(bytes[$0])) }.joined(separator: "-")
    }

    /// Signs claims unchanged.
    public func sign(_ claims: AccessClaims) throws(IdentityCryptoError) -> Secret<String> {
        try identityCrypto { () throws(TokenError) in Secret(try ES256.mint(claims, key: key)) }
    }

    /// Checks everything about a token but its session, which only the store knows.
    public func verify(accessToken: Secret<String>, at time: Timestamp) -> AccessClaims? {
        do throws(TokenError) {
            let claims = try ES256.verify(
                accessToken.reveal(), keys: [key.publicKey], at: time.milliseconds / 1_000,
                maximumBytes: Self.maximumAccessTokenBytes, as: AccessClaims.self)
            return claims.iss == issuer && claims.aud == Self.audience ? claims : nil
        } catch {
            return nil
        }
    }
}

extension SealingIdentityCrypto: CustomStringConvertible, CustomReflectable {
    /// The issuer, without any key.
    public var description: String { "SealingIdentityCrypto(\(issuer))" }

    /// A mirror without keys.
    public var customMirror: Mirror { Mirror(self, children: ["issuer": issuer]) }
}

/// Runs `work`; an error of libcrypto becomes one of identities, whose text quotes no secret either.
private func identityCrypto<Value>(_ work: () throws(TokenError) -> Value) throws(IdentityCryptoError) -> Value {
    do throws(TokenError) {
        return try work()
    } catch {
        throw IdentityCryptoError(error.description)
    }
}
