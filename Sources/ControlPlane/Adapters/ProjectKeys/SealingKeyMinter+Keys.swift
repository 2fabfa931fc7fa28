public import Orchestrator
public import ProjectModel
import TokenKit

/// What is made after a project's creation: keys of all kinds, and values sealed beside the first ones.
extension SealingKeyMinter {
    /// Longest life of a temporary key.
    public static let temporaryLifetimeMax: Duration = .seconds(3_600)

    /// A new secret of the required form.
    public func secret(_ requirement: SecretRequirement) throws(KeyError) -> Secret<String> {
        do { return try specification(of: requirement).generate() } catch { throw .cannotMint("\(error)") }
    }

    /// The required tokens, signed with `secret`; they expire as the policy says.
    public func tokens(
        _ required: [TokenRequirement], signedWith secret: Secret<String>, for ref: ProjectRef, at time: Timestamp
    ) throws(KeyError) -> [String: Secret<String>] {
        do { return try tokens(required, of: ref, secret: secret, at: time) } catch { throw .cannotMint("\(error)") }
    }

    /// A token of `role` that expires after `lifetime`, at most an hour.
    public func temporaryKey(
        role: String, signedWith secret: Secret<String>, for ref: ProjectRef, at time: Timestamp, lifetime: Duration
    ) throws(KeyError) -> Secret<String> {
        guard lifetime > .zero, lifetime <= Self.temporaryLifetimeMax else {
            throw .cannotMint(
                "a temporary key is valid for at most \(Self.temporaryLifetimeMax.components.seconds) seconds")
        }
        let issued = time.milliseconds / 1_000
        let claims = TemporaryClaims(
            role: role, iss: APIToken.issuer, ref: ref.text, iat: issued,
            exp: issued + lifetime.components.seconds)
        do throws(TokenError) {
            return Secret(try HS256.mint(claims, secret: KeyBytes(Array(secret.reveal().utf8))))
        } catch { throw .cannotMint("\(error)") }
    }

    /// A new opaque API key.
    public func opaqueKey(_ kind: APIKeyKind, for ref: ProjectRef) throws(KeyError) -> Secret<String> {
        let form: OpaqueAPIKey.Kind = kind == .publishable ? .publishable : .secret
        do { return try OpaqueAPIKey.mint(form, for: ref) } catch { throw .cannotMint("\(error)") }
    }

    /// Seals one more value under the project's key.
    public func seal(
        _ value: Secret<String>, name: String, into sealed: SealedSecrets, of ref: ProjectRef
    ) throws(KeyError) -> [UInt8] {
        let keyring: ProjectKeyring
        do { keyring = try self.keyring(of: ref, sealed) } catch { throw .cannotOpen(ref, "\(error)") }
        do { return try keyring.seal(value, name: name) } catch { throw .cannotMint("\(error)") }
    }

    /// A verifier of SCRAM-SHA-256.
    public func databaseVerifier(of password: Secret<String>) throws(KeyError) -> DatabasePasswordVerifier {
        do { return try DatabasePasswordVerifier(try SCRAMVerifier.make(password.reveal())) } catch {
            throw .cannotMint("\(error)")
        }
    }

    /// SHA-256 of a value in lower-case hexadecimal digits.
    public func digest(_ value: Secret<String>) throws(KeyError) -> String {
        do throws(TokenError) {
            return Hex.encode(try Digest.sha256(Array(value.reveal().utf8)))
        } catch { throw .cannotMint("\(error)") }
    }
}

/// Claims of a temporary key.
private struct TemporaryClaims: Codable {
    let role: String
    let iss: String
    let ref: String
    let iat: Int64
    let exp: Int64
}
