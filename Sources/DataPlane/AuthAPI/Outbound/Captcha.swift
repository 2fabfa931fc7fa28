import DataPlaneCore

/// `GOTRUE_SECURITY_CAPTCHA_*`: a check that a person is there.
public struct CaptchaConfiguration: Sendable {
    /// Who checks.
    public enum Provider: String, Sendable, CaseIterable {
        case hcaptcha, turnstile

        var url: String {
            switch self {
            case .hcaptcha: "https://hcaptcha.com/siteverify"
            case .turnstile: "https://challenges.cloudflare.com/turnstile/v0/siteverify"
            }
        }
    }

    /// `_PROVIDER`
    public var provider: Provider
    /// `_SECRET`
    public var secret: String
    /// `_TIMEOUT` in seconds.
    public var timeoutSeconds = 10

    /// A provider with the project's secret.
    public init(provider: Provider, secret: String) {
        self.provider = provider
        self.secret = secret
    }
}

extension AuthCall {
    private static let captchaBytesMax = 64 << 10
    private static let captchaTokenBytesMax = 8 << 10

    /// Whether bodies of a route carry a captcha. Of the grants it is passwords' alone: the others bring what only
    /// another server gives out.
    private func asksForCaptcha(_ route: AuthRoute) -> Bool {
        switch route {
        case .signup, .otp, .magiclink, .recover, .resend: true
        case .token: request.queryValue("grant_type") == "password"
        default: false
        }
    }

    /// - Throws: `captcha_failed` where the captcha is missing or refused.
    func checkCaptcha(_ route: AuthRoute) async throws(AuthError) {
        guard let captcha = configuration.captcha, asksForCaptcha(route), !isFromAdministrator else { return }
        let token = request.body["gotrue_meta_security"]?["captcha_token"]?.stringValue?.trimmed ?? ""
        guard !token.isEmpty, token.utf8.count <= Self.captchaTokenBytesMax else {
            throw .captcha("no captcha_token found in request")
        }
        guard let http = service.http else {
            throw .unexpected("captcha verification process failed", cause: "there is no HTTP client")
        }
        var form = [(name: "secret", value: captcha.secret), (name: "response", value: token)]
        if let address { form.append((name: "remoteip", value: address)) }
        let answer: OutboundResponse
        do throws(OutboundFailure) {
            answer = try await http.send(
                OutboundRequest(
                    form: form, to: captcha.provider.url, timeout: .seconds(captcha.timeoutSeconds),
                    responseBytesMax: Self.captchaBytesMax))
        } catch { throw .unexpected("captcha verification process failed", cause: "\(error)") }
        guard let json = answer.json, case .bool(let isRight)? = json["success"] else {
            throw .unexpected(
                "captcha verification process failed", cause: "the provider answered with status \(answer.status)")
        }
        guard !isRight else { return }
        let codes = (json["error-codes"]?.arrayValue ?? []).compactMap(\.stringValue).prefix(8)
        throw .captcha(codes.map { String($0.prefix(64)) }.joined(separator: ", "))
    }

    /// A server of the operator's has no captcha to show.
    private var isFromAdministrator: Bool {
        guard let claims = try? service.claims(request) else { return false }
        return configuration.adminRoles.contains(claims.role)
    }
}

extension AuthError {
    fileprivate static func captcha(_ reason: String) -> AuthError {
        AuthError(400, code: "captcha_failed", message: "captcha protection: request disallowed (\(reason))")
    }
}
