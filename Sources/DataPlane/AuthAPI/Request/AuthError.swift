import DataPlaneCore

/// An error as the API tells it: a status, a code that clients compare, and a message.
struct AuthError: Error, Sendable, Equatable {
    /// Unicode scalars of a message of the database's.
    static let messageScalarsMax = 8_192

    /// Why a password is too weak, in the API's words.
    enum Weakness: String, Sendable {
        case length, characters, pwned
    }

    var status: Int
    var code: String
    var message: String
    var weaknesses: [Weakness] = []
    /// Errors of the OAuth grants have a form of their own: `code` is `error`, `message` is `error_description`.
    var isOAuth = false
    var retryAfterSeconds: Int?
    /// What the server's log says about it; never sent.
    var cause: String?
    /// Names the error's line in the server's log.
    var id: String?
    /// What the project's own code in the database said, which clients of the older form read in place of ours.
    var trigger: TriggerError?

    /// An error of a trigger or a constraint of the project's.
    struct TriggerError: Sendable, Equatable {
        var code: String
        var message: String
        var detail: String?
    }

    init(_ status: Int, code: String, message: String) {
        self.status = status
        self.code = code
        self.message = message
    }

    static func oauth(_ error: String, _ description: String) -> AuthError {
        var made = AuthError(400, code: error, message: description)
        made.isOAuth = true
        return made
    }

    /// The answer in the form that the client's version asks for.
    func response(_ version: APIVersion) -> ServiceResponse {
        var response = ServiceResponse(status: status, json: body(version))
        response.set("x-sb-error-code", code)
        if version == .v2024 { response.set("X-Supabase-Api-Version", APIVersion.v2024Name) }
        if let seconds = retryAfterSeconds { response.set("Retry-After", String(seconds)) }
        return response
    }

    private static func members(_ trigger: TriggerError) -> [JSONText.Member] {
        [.init("code", .string(trigger.code)), .init("message", .string(trigger.message))]
            + (trigger.detail.map { [.init("detail", .string($0))] } ?? [])
    }

    private func body(_ version: APIVersion) -> JSONText {
        if isOAuth {
            return .object([.init("error", .string(code)), .init("error_description", .string(message))])
        }
        var members: [JSONText.Member] =
            switch version {
            case .v2024: [.init("code", .string(code)), .init("message", .string(message))]
            case .initial:
                trigger.map(Self.members)
                    ?? [
                        .init("code", .number(String(status))), .init("error_code", .string(code)),
                        .init("msg", .string(message)),
                    ]
            }
        if version == .initial, let id { members.append(.init("error_id", .string(id))) }
        if code == "weak_password" {
            let reasons = weaknesses.map { JSONText.string($0.rawValue) }
            members.append(.init("weak_password", .object([.init("reasons", .array(reasons))])))
        }
        return .object(members)
    }
}

/// Which form of errors a client reads.
enum APIVersion: Sendable {
    case initial
    case v2024

    static let v2024Name = "2024-01-01"

    /// Dates compare as texts; what is no date counts as no version.
    init(header: String?) {
        let parts = (header ?? "").split(separator: "-", omittingEmptySubsequences: false)
        let isDate =
            parts.count == 3 && parts.map(\.utf8.count) == [4, 2, 2]
            && parts.allSatisfy { $0.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } }
        self = isDate && (header ?? "") >= Self.v2024Name ? .v2024 : .initial
    }
}

/// Errors that several endpoints give.
extension AuthError {
    static func validation(_ message: String) -> AuthError {
        AuthError(400, code: "validation_failed", message: message)
    }

    static let badJSON = AuthError(400, code: "bad_json", message: "Could not parse request body as JSON")
    static let notFound = AuthError(404, code: "unknown", message: "There is nothing at this path")
    static let methodNotAllowed = AuthError(405, code: "unknown", message: "The path does not take this method")
    static let noAuthorization = AuthError(
        401, code: "no_authorization", message: "This endpoint requires a valid Bearer token")
    static let notAdmin = AuthError(403, code: "not_admin", message: "User not allowed")
    static let invalidCredentials = AuthError(400, code: "invalid_credentials", message: "Invalid login credentials")
    static let signupDisabled = AuthError(
        422, code: "signup_disabled", message: "Signups not allowed for this instance")
    static let emailExists = AuthError(
        422, code: "email_exists", message: "A user with this email address has already been registered")
    static let phoneExists = AuthError(
        422, code: "phone_exists", message: "A user with this phone number has already been registered")
    static let userNotFound = AuthError(404, code: "user_not_found", message: "User not found")
    static let userBanned = AuthError(403, code: "user_banned", message: "User is banned")
    static let invalidEmail = validation("Unable to validate email address: invalid format")
    static let invalidPhone = validation("Invalid phone number format (E.164 required)")
    static let codeExpired = AuthError(403, code: "otp_expired", message: "Token has expired or is invalid")
    static let linkExpired = AuthError(403, code: "otp_expired", message: "Email link is invalid or has expired")
    static let ssoManaged = AuthError(
        422, code: "user_sso_managed", message: "Updating email, phone, password of a SSO account only possible via SSO"
    )
    static let samlDisabled = AuthError(404, code: "saml_provider_disabled", message: "SAML 2.0 is disabled")
    static let oauthServerDisabled = AuthError(404, code: "feature_disabled", message: "OAuth server is disabled")
    static let passkeyDisabled = AuthError(404, code: "passkey_disabled", message: "Passkeys are disabled")
    static let linkingDisabled = AuthError(404, code: "manual_linking_disabled", message: "Manual linking is disabled")
    static let factorNotFound = AuthError(404, code: "mfa_factor_not_found", message: "Factor not found")
    static let noMailServer = AuthError(
        422, code: "email_provider_disabled", message: "No mail can be sent: no mail server is set up for this project")
    static let rateLimit = AuthError(429, code: "over_request_rate_limit", message: "Request rate limit reached")

    static func badToken(_ reason: String) -> AuthError {
        AuthError(403, code: "bad_jwt", message: "invalid JWT: unable to parse or verify signature, \(reason)")
    }

    static func unexpected(_ message: String, cause: String) -> AuthError {
        var error = AuthError(500, code: "unexpected_failure", message: message)
        error.cause = cause
        return error
    }

    static func overloaded(_ message: String) -> AuthError {
        var error = AuthError(503, code: "unexpected_failure", message: message)
        error.retryAfterSeconds = 1
        return error
    }

    static func tooSoon(_ code: String, seconds: Int) -> AuthError {
        var error = AuthError(
            429, code: code, message: "For security purposes, you can only request this after \(seconds) seconds.")
        error.retryAfterSeconds = seconds
        return error
    }
}
