public import Orchestrator

/// Why something about people was refused or failed.
public enum IdentityError: Error, Sendable, Equatable, CustomStringConvertible {
    /// E-mail address or password, or a refresh token, is not right; which of them is not revealed.
    case invalidCredentials
    /// Too many failed sign-ins; the next is checked after this time.
    case throttled(retryAfter: Duration)
    /// Another request with a password of the same account is being worked on.
    case passwordInHand
    /// Sign-up is switched off.
    case signUpDisabled
    /// Another account has the e-mail address.
    case emailTaken
    /// The e-mail address cannot be one, and why.
    case badEmail(String)
    /// The password cannot be used, and why.
    case badPassword(String)
    /// The session is older than what the change asks for, and the current password was not given.
    case reauthenticationNeeded
    /// The current password that was given is not right.
    case wrongPassword
    /// The object does not exist.
    case notFound(what: String)
    /// The principal may not.
    case forbidden(String)
    /// It contradicts how things are.
    case conflict(String)
    /// A value cannot be used, and why.
    case invalid(String)
    /// A refresh token was used twice: the session has been ended.
    case reusedRefreshToken
    /// The database failed.
    case store(StoreError)
    /// Cryptography failed.
    case crypto(IdentityCryptoError)

    /// The message: one sentence.
    public var description: String {
        switch self {
        case .invalidCredentials: "the e-mail address or the password is wrong, or the session has ended: sign in again"
        case .throttled(let wait):
            "too many failed sign-ins: try again in \(max(1, wait.components.seconds)) seconds"
        case .passwordInHand:
            "another request with a password of this account is being worked on: try again when it is answered"
        case .signUpDisabled:
            "sign-up is switched off: ask the operator of this installation for an account"
        case .emailTaken:
            "this e-mail address cannot be used: another account has it, or it is reserved or invited; sign in with it, "
                + "accept the invitation with its token, or choose another"
        case .reauthenticationNeeded:
            "give the current password as well (current_password), or sign in again: the sign-in of this session is "
                + "too long ago for the change"
        case .wrongPassword: "the current password is wrong"
        case .badEmail(let reason): "this e-mail address cannot be used: \(reason)"
        case .badPassword(let reason): "this password cannot be used: \(reason)"
        case .notFound(let what): "there is no \(what)"
        case .forbidden(let text), .conflict(let text), .invalid(let text): text
        case .reusedRefreshToken:
            "this refresh token was used before, so its session has been ended for safety: sign in again"
        case .store(let error): "\(error)"
        case .crypto(let error): "\(error)"
        }
    }
}
