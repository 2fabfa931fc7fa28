import APIKit
import HTTPTypes

/// The parts of GoTrue that are not offered: everything that needs mail, a phone, a second factor or another provider.
/// Each answers the refusal that GoTrue itself gives where the feature is switched off.
struct GoTrueRefusals: Sendable {
    /// A refusal: which routes give it, and its words.
    private struct Refusal: Sendable {
        let access: Access
        let status: HTTPResponse.Status
        let code: String
        let message: String
        let routes: [(HTTPRequest.Method, String)]
    }

    private static let table: [Refusal] = [
        Refusal(
            access: .open, status: .unprocessableContent, code: "otp_disabled",
            message: "Signups not allowed for otp: this installation sends no mail and no text messages",
            routes: [(.post, "otp"), (.post, "magiclink"), (.post, "resend")]),
        Refusal(
            access: .open, status: .forbidden, code: "otp_expired",
            message: "Token has expired or is invalid: this installation sends none",
            routes: [(.get, "verify"), (.post, "verify")]),
        Refusal(
            access: .open, status: .badRequest, code: "validation_failed",
            message: "Unsupported provider: provider is not enabled", routes: [(.get, "authorize")]),
        Refusal(
            access: .open, status: .notFound, code: "sso_provider_not_found",
            message: "No SSO provider assigned for this domain", routes: [(.post, "sso")]),
        Refusal(
            access: .signedIn, status: .unprocessableContent, code: "mfa_totp_enroll_not_enabled",
            message: "MFA enroll is disabled: second factors are not offered by this installation",
            routes: [(.post, "factors")]),
        Refusal(
            access: .signedIn, status: .notFound, code: "mfa_factor_not_found", message: "Factor not found",
            routes: [(.post, "factors/{id}/challenge"), (.post, "factors/{id}/verify"), (.delete, "factors/{id}")]),
        Refusal(
            access: .signedIn, status: .badRequest, code: "validation_failed",
            message: "Reauthentication needs mail, which this installation does not send",
            routes: [(.get, "reauthenticate")]),
        Refusal(
            access: .signedIn, status: .notFound, code: "manual_linking_disabled",
            message: "Manual linking is disabled: the e-mail address is the only identity here",
            routes: [(.get, "user/identities/authorize"), (.delete, "user/identities/{id}")]),
    ]

    var routes: [Route] {
        Self.table.flatMap { refusal in
            refusal.routes.map { method, path in
                let error = APIError.goTrue(refusal.status, code: refusal.code, message: refusal.message)
                return Route(
                    method, "\(GoTrueController.base)/\(path)", access: refusal.access,
                    operation: Operation(
                        summary: "Not offered: \(refusal.message)", answer: .json(Self.schema, refusal.status))
                ) { _ in APIResponse(error) }
            }
        }
    }

    /// The shape of every refusal in GoTrue's form.
    private static let schema = Schema.named(
        "GoTrueError",
        .fields(
            .init("code", .integer()), .init("error_code", .text), .init("msg", .text), .init("message", .text)))
}
