public import ProjectModel

/// Tells whose an access token is.
public protocol AccessTokenVerifier: Sendable {
    /// The principal behind a token, or nothing when the token is not valid (any more).
    func principal(for token: Secret<String>) async throws(AccessTokenError) -> Principal?
}

/// Why a token could not be verified, which says nothing about the token itself.
public enum AccessTokenError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Whatever holds the tokens does not answer.
    case unavailable(String)

    /// In words for people.
    public var description: String {
        switch self {
        case .unavailable(let reason): "access tokens cannot be verified at the moment: \(reason)"
        }
    }
}

/// Accepts exactly one token, the one that the operator configured, as the administrator.
public struct BootstrapTokenVerifier: AccessTokenVerifier {
    private let token: AccessToken

    /// A verifier for `token`.
    public init(_ token: AccessToken) { self.token = token }

    /// The administrator for the one token, nobody for any other.
    public func principal(for token: Secret<String>) async throws(AccessTokenError) -> Principal? {
        Self.isSame(token.reveal(), self.token.text.reveal()) ? .administrator : nil
    }

    /// Compares without stopping at the first difference, so that the time taken does not tell how much was right.
    /// Only the length shows, and that is public.
    private static func isSame(_ given: String, _ expected: String) -> Bool {
        let given = Array(given.utf8)
        let expected = Array(expected.utf8)
        guard given.count == expected.count else { return false }
        return zip(given, expected).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
