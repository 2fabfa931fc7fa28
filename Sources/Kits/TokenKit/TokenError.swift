/// Errors with keys, tokens and sealed data. No case carries key material or plain text.
public enum TokenError: Error, Sendable, Equatable {
    /// libcrypto refused an operation: which one, and its own reason.
    case crypto(operation: String, reason: String)

    /// An argument is outside the limits named in the reason.
    case invalidArgument(reason: String)

    /// Sealed data was changed, was sealed with another key, or belongs to another context.
    case notAuthentic

    /// Sealed data of a format that this version does not know, or too short to be any.
    case unknownFormat

    /// A token that is not of the accepted form: the reason.
    case malformedToken(reason: String)

    /// A token whose signature does not fit.
    case invalidSignature

    /// A token whose time is over.
    case expired

    /// A token whose time has not come.
    case notYetValid

    /// A key file could not be used: where, and why.
    case keyFile(path: String, reason: KeyFileProblem)
}

/// Why a key file could not be used.
public enum KeyFileProblem: Sendable, Equatable {
    /// There is none.
    case missing

    /// There is one already, where a new one was to be made.
    case exists

    /// It is no regular file.
    case notRegular

    /// Others than its owner may read or write it: its permission bits.
    case permissions(UInt32)

    /// It belongs to another user than the one that runs this program: that user's id.
    case owner(UInt32)

    /// It has another length than a key: the length found, as far as it was read.
    case length(Int)

    /// The system refused: the call and its errno.
    case system(call: String, errno: Int32)
}

extension TokenError: CustomStringConvertible {
    /// The message: one sentence.
    public var description: String {
        switch self {
        case .crypto(let operation, let reason): "\(operation) failed in libcrypto: \(reason)"
        case .invalidArgument(let reason): reason
        case .notAuthentic: "the sealed data was changed, or was sealed with another key or for another purpose"
        case .unknownFormat: "the sealed data has a format that this version does not know"
        case .malformedToken(let reason): "the token is malformed: \(reason)"
        case .invalidSignature: "the token's signature is not valid"
        case .expired: "the token has expired"
        case .notYetValid: "the token is not valid yet"
        case .keyFile(let path, let problem): "the key file \(path) \(problem)"
        }
    }
}

extension KeyFileProblem: CustomStringConvertible {
    /// The rest of a sentence that begins with the file.
    public var description: String {
        switch self {
        case .missing: "does not exist"
        case .exists: "exists already"
        case .notRegular: "is not a regular file"
        case .permissions(let mode):
            "may be read or written by others than its owner (mode \(String(mode, radix: 8))); set it to 600"
        case .owner(let id): "belongs to another user (id \(id))"
        case .length(let count): "has a wrong length (\(count) bytes)"
        case .system(let call, let code): "cannot be used: \(call) failed with errno \(code)"
        }
    }
}
