public import ProjectModel

/// Generates a project's secrets once, and opens them again.
public protocol KeyMinter: Sendable {
    /// Generates and seals everything that is required; `given` values are taken as they are.
    func mint(
        _ requirements: StackRequirements, for ref: ProjectRef, given: [String: Secret<String>], at time: Timestamp
    ) throws(KeyError) -> SealedSecrets
    /// The values by name.
    func open(_ sealed: SealedSecrets, of ref: ProjectRef) throws(KeyError) -> [String: Secret<String>]
}

/// Why keys could not be made or opened. Holds no value.
public enum KeyError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The master key does not open this project's secrets.
    case cannotOpen(ProjectRef, String)
    /// The generator or the library failed.
    case cannotMint(String)

    /// The same in words.
    public var description: String {
        switch self {
        case .cannotOpen(let ref, let reason): "the secrets of project \(ref) cannot be opened: \(reason)"
        case .cannotMint(let reason): "keys cannot be made: \(reason)"
        }
    }
}
