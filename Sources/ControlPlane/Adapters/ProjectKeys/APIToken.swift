public import ProjectModel
import TokenKit

/// When the API keys of a project expire.
///
/// Keys made on one day must not all expire on one day years later: each project's validity is longer by a time that
/// follows from its ref alone, and so is the same however often it is computed.
public struct APITokenPolicy: Sendable, Hashable {
    private static let secondsPerDay: Int64 = 86_400

    /// The shortest validity of a key, in days.
    public var validityDays: Int64 = 3_650

    /// The most days by which the validity of a project's keys is longer.
    public var spreadDays: Int64 = 180

    /// Ten years and up to half a year.
    public init() {}

    /// The end of validity of keys issued at `issuedAt`.
    public func expiry(of ref: ProjectRef, issuedAt: Timestamp) throws(ProjectKeyError) -> Timestamp {
        let spreadSeconds = max(0, spreadDays) * Self.secondsPerDay
        let offset = spreadSeconds > 0 ? Int64(try Self.fraction(of: ref) % UInt64(spreadSeconds)) : 0
        return issuedAt + .seconds(max(0, validityDays) * Self.secondsPerDay + offset)
    }

    /// A number that depends on the ref only, spread evenly.
    private static func fraction(of ref: ProjectRef) throws(ProjectKeyError) -> UInt64 {
        do throws(TokenError) {
            let digest = try Digest.sha256(Array("supamanager token expiry v1 \(ref.text)".utf8))
            return digest.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        } catch {
            throw .crypto(error)
        }
    }
}

/// The JSON Web Tokens that clients of a project send as `apikey`.
public enum APIToken {
    /// The issuer that the stack's services expect.
    public static let issuer = "supabase"

    /// The claims of a key.
    public struct Claims: Codable, Sendable, Hashable {
        /// A PostgreSQL role of the stack.
        public let role: String

        /// Always ``APIToken/issuer``.
        public let iss: String

        /// The project.
        public let ref: String

        /// When it was issued, in seconds since 1970.
        public let iat: Int64

        /// When it expires, in seconds since 1970.
        public let exp: Int64
    }

    /// Makes a key. The same arguments give the same key.
    ///
    /// - Parameters:
    ///   - role: a PostgreSQL role of the stack.
    ///   - secret: the project's JWT secret, of at least 32 bytes. Its text itself is the key, not what it
    ///   decodes to, as in every service of the stack.
    public static func mint(
        role: String, ref: ProjectRef, secret: Secret<String>, issuedAt: Timestamp, expiry: Timestamp
    ) throws(ProjectKeyError) -> Secret<String> {
        let claims = Claims(
            role: role, iss: issuer, ref: ref.text, iat: issuedAt.seconds, exp: expiry.seconds)
        do throws(TokenError) {
            return Secret(try HS256.mint(claims, secret: key(secret)))
        } catch {
            throw .crypto(error)
        }
    }

    /// Checks a key: signature, time, issuer and project.
    ///
    /// - Throws: ``ProjectKeyError/crypto(_:)`` with what is wrong about the token.
    public static func verify(
        _ token: String, ref: ProjectRef, secret: Secret<String>, at time: Timestamp
    ) throws(ProjectKeyError) -> Claims {
        do throws(TokenError) {
            let claims = try HS256.verify(token, secret: key(secret), at: time.seconds, as: Claims.self)
            guard claims.iss == issuer, claims.ref == ref.text else {
                throw TokenError.malformedToken(reason: "it was issued for another project")
            }
            return claims
        } catch {
            throw .crypto(error)
        }
    }

    private static func key(_ secret: Secret<String>) -> KeyBytes {
        KeyBytes(Array(secret.reveal().utf8))
    }
}

extension Timestamp {
    fileprivate var seconds: Int64 { milliseconds / 1_000 }
}
