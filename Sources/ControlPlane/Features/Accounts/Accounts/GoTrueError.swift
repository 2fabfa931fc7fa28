import APIKit
import FeatureKit
import HTTPTypes
import Identity

/// Errors of sign-in in the form that auth-js reads: `{"code": 400, "error_code": …, "msg": …}`.
extension APIError {
    /// An error of that form. `message` repeats `msg`, so that every refusal of this API can be read the same way.
    static func goTrue(_ status: HTTPResponse.Status, code: String, message: String) -> APIError {
        APIError(status, message).inGoTrueForm(code)
    }

    /// This error in GoTrue's form, with the same status and header fields.
    func inGoTrueForm(_ code: String) -> APIError {
        var error = self
        error.body = [
            "code": .integer(Int64(status.code)), "error_code": .string(code), "msg": .string(message),
            "message": .string(message),
        ]
        return error
    }

    /// The same with `error` and `error_description`, which older auth-js reads on `/token`.
    var asGrantError: APIError {
        guard case .object(var fields)? = body else { return self }
        fields["error"] = "invalid_grant"
        fields["error_description"] = .string(message)
        var error = self
        error.body = .object(fields)
        return error
    }

    /// An error of the directory in GoTrue's words.
    init(_ error: IdentityError, during step: GoTrueStep) {
        switch error {
        case .invalidCredentials where step == .refresh:
            self = .goTrue(
                .badRequest, code: "refresh_token_not_found", message: "Invalid Refresh Token: Refresh Token Not Found")
        case .invalidCredentials:
            self = .goTrue(.badRequest, code: "invalid_credentials", message: "Invalid login credentials")
        case .reusedRefreshToken:
            self = .goTrue(
                .badRequest, code: "refresh_token_already_used", message: "Invalid Refresh Token: Already Used")
        case .signUpDisabled:
            self = .goTrue(
                .unprocessableContent, code: "signup_disabled", message: "Signups not allowed for this instance")
        case .emailTaken where step == .signUp:
            self = .goTrue(.unprocessableContent, code: "user_already_exists", message: "User already registered")
        case .emailTaken:
            self = .goTrue(
                .unprocessableContent, code: "email_exists",
                message: "A user with this email address has already been registered")
        case .badPassword: self = .goTrue(.unprocessableContent, code: "weak_password", message: "\(error)")
        default: self = APIError(error).inGoTrueForm(error.goTrueCode)
        }
    }
}

/// What was being done when the directory refused.
enum GoTrueStep: Sendable {
    case password, refresh, signUp, update, signOut
}

extension IdentityError {
    /// The code of the refusals whose status is the same on every API.
    fileprivate var goTrueCode: String {
        switch self {
        case .throttled, .passwordInHand: "over_request_rate_limit"
        case .badEmail: "email_address_invalid"
        case .invalid: "validation_failed"
        case .notFound: "user_not_found"
        case .forbidden: "no_authorization"
        case .conflict: "conflict"
        case .reauthenticationNeeded: "reauthentication_needed"
        case .wrongPassword: "invalid_credentials"
        case .invalidCredentials, .reusedRefreshToken, .signUpDisabled, .emailTaken, .badPassword, .store, .crypto:
            "unexpected_failure"
        }
    }
}
