package import APIKit
import FeatureKit
import HTTPTypes
package import Identity
import Orchestrator

/// The directory's errors as HTTP statuses.
extension APIError {
    /// An error of the directory.
    init(_ error: IdentityError) {
        switch error {
        case .invalidCredentials, .reusedRefreshToken: self = .unauthorized("\(error)")
        case .throttled(let delay): self = .tooManySignIns("\(error)", after: delay)
        case .passwordInHand: self = .tooManySignIns("\(error)", after: .seconds(1))
        case .signUpDisabled, .forbidden, .reauthenticationNeeded, .wrongPassword: self.init(.forbidden, "\(error)")
        case .emailTaken, .conflict: self.init(.conflict, "\(error)")
        case .badEmail, .badPassword, .invalid: self.init(.badRequest, "\(error)")
        case .notFound: self.init(.notFound, "\(error)")
        case .store(let error): self.init(CatalogError.store(error))
        // Too many sign-ins at once is the one failure to expect here: worth another try.
        case .crypto: self = .unavailable("\(error)")
        }
    }

    /// 429 after too many failed sign-ins.
    private static func tooManySignIns(_ message: String, after delay: Duration) -> APIError {
        var error = APIError(.tooManyRequests, message)
        error.headers[.retryAfter] = String(delay.secondsRoundedUp)
        return error
    }
}

extension Duration {
    /// Whole seconds that are not shorter, at least one.
    var secondsRoundedUp: Int64 {
        let (seconds, attoseconds) = components
        return max(1, attoseconds > 0 ? seconds + 1 : seconds)
    }
}

extension Operation.Refusal {
    /// 409 for an e-mail address that is taken.
    static let emailTaken = Operation.Refusal(status: .conflict, meaning: "another account has this e-mail address")
    /// 403 for a change that asks for the person.
    static let reauthentication = Operation.Refusal(
        status: .forbidden,
        meaning: "the current password is missing or wrong and the session is older than five minutes, or an access "
            + "token asked")
    /// 403 for a token that a session of an older sign-in asks for.
    static let oldSignIn = Operation.Refusal(
        status: .forbidden,
        meaning: "the session's sign-in is older than five minutes, and current_password is missing or wrong")
    /// 403 for a credential that reaches less than the whole account.
    static let scopedToken = Operation.Refusal(
        status: .forbidden, meaning: "a scoped access token cannot do this: sign in, or use a personal access token")
    /// 429 after failed sign-ins.
    static let throttled = Operation.Refusal(
        status: .tooManyRequests, meaning: "too many failed sign-ins; Retry-After says when to try again")
}

extension IdentityError: Refusable {
    package var refusal: APIError { APIError(self) }
}
