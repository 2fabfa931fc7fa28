public import ProjectModel

/// Generates a project's secrets once, and opens them again.
public protocol KeyMinter: Sendable {
    /// Generates and seals everything that is required; `given` values are used unchanged.
    func mint(
        _ requirements: StackRequirements, for ref: ProjectRef, given: [String: Secret<String>], at time: Timestamp
    ) throws(KeyError) -> SealedSecrets
    /// The values by name.
    func open(_ sealed: SealedSecrets, of ref: ProjectRef) throws(KeyError) -> [String: Secret<String>]
    /// A new secret of the required form.
    func secret(_ requirement: SecretRequirement) throws(KeyError) -> Secret<String>
    /// The required API tokens, signed with `secret`.
    func tokens(
        _ required: [TokenRequirement], signedWith secret: Secret<String>, for ref: ProjectRef, at time: Timestamp
    ) throws(KeyError) -> [String: Secret<String>]
    /// A token of `role`, a PostgreSQL role of the stack, that expires after `lifetime`.
    func temporaryKey(
        role: String, signedWith secret: Secret<String>, for ref: ProjectRef, at time: Timestamp, lifetime: Duration
    ) throws(KeyError) -> Secret<String>
    /// A new opaque API key.
    func opaqueKey(_ kind: APIKeyKind, for ref: ProjectRef) throws(KeyError) -> Secret<String>
    /// Seals one more value under the key of `sealed`; it opens under this name only.
    func seal(
        _ value: Secret<String>, name: String, into sealed: SealedSecrets, of ref: ProjectRef
    ) throws(KeyError) -> [UInt8]
    /// What a database keeps of a role's password, with a new salt.
    func databaseVerifier(of password: Secret<String>) throws(KeyError) -> DatabasePasswordVerifier
    /// SHA-256 of a value in lower-case hexadecimal digits.
    func digest(_ value: Secret<String>) throws(KeyError) -> String
}

/// Why keys could not be made or opened. Holds no value.
public enum KeyError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The master key does not open this project's secrets.
    case cannotOpen(ProjectRef, String)
    /// The generator or the library failed.
    case cannotMint(String)

    /// The message: one sentence.
    public var description: String {
        switch self {
        case .cannotOpen(let ref, let reason): "the secrets of project \(ref) cannot be opened: \(reason)"
        case .cannotMint(let reason): "keys cannot be made: \(reason)"
        }
    }
}
