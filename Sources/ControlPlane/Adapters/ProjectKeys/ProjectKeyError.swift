public import TokenKit

/// Errors with the secrets of a project. No case carries a secret.
public enum ProjectKeyError: Error, Sendable, Equatable {
    /// The sealed value of this name was changed, or belongs to another key, project or name.
    case notAuthentic(name: String)

    /// The sealed value of this name has a format that this version does not know.
    case unknownFormat(name: String)

    /// A secret cannot be made as specified: its name and why.
    case invalidSpecification(name: String, reason: String)

    /// libcrypto failed.
    case crypto(TokenError)

    init(_ error: TokenError, name: String) {
        switch error {
        case .notAuthentic: self = .notAuthentic(name: name)
        case .unknownFormat: self = .unknownFormat(name: name)
        default: self = .crypto(error)
        }
    }
}

extension ProjectKeyError: CustomStringConvertible {
    /// The message: one sentence.
    public var description: String {
        switch self {
        case .notAuthentic(let name): "\(name): \(TokenError.notAuthentic)"
        case .unknownFormat(let name): "\(name): \(TokenError.unknownFormat)"
        case .invalidSpecification(let name, let reason): "the secret \(name) cannot be made: \(reason)"
        case .crypto(let error): error.description
        }
    }
}
