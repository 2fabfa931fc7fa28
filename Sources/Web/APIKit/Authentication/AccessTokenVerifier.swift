public import Identity
public import ProjectModel

/// Resolves an access token to its principal.
public protocol AccessTokenVerifier: Sendable {
    /// The principal behind a token, or nothing when the token is not valid (any more).
    func principal(for token: Secret<String>) async throws(AccessTokenError) -> Principal?

    /// Whether what a principal asks with still counts, without any memory. In a unit of work nothing ends it before
    /// the unit does.
    func holds(_ principal: Principal) async throws(AccessTokenError) -> Bool
}

/// Why a token could not be verified, which says nothing about the token itself.
public enum AccessTokenError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The token store does not answer.
    case unavailable(String)

    /// The message: one sentence.
    public var description: String {
        switch self {
        case .unavailable(let reason): "access tokens cannot be verified at the moment: \(reason)"
        }
    }
}
