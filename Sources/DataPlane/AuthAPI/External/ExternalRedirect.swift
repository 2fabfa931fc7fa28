import DataPlaneCore
import TokenKit

extension AuthCall.Grant {
    /// As the fragment of a redirect has it, with what the provider gave.
    func fragment(providerToken: String, providerRefreshToken: String?) -> String {
        var pairs = [
            ("access_token", accessToken), ("expires_at", String(expiresAt)), ("expires_in", String(expiresIn)),
        ]
        if let providerRefreshToken, !providerRefreshToken.isEmpty {
            pairs.append(("provider_refresh_token", providerRefreshToken))
        }
        pairs += [
            ("provider_token", providerToken), ("refresh_token", refreshToken), ("sb", ""), ("token_type", "bearer"),
        ]
        return FormText.encode(pairs.map { (name: $0.0, value: $0.1) })
    }
}

/// How errors of a flow reach the application: in the query and in the fragment.
enum ExternalRedirect {
    /// Errors that refuse a user, whatever their status.
    private static let denials: Set<String> = ["signup_disabled", "user_banned", "provider_email_needs_verification"]

    static func location(_ target: String, _ error: AuthError) -> String {
        let plain = String(target.prefix { $0 != "#" })
        let text = FormText.encode(pairs(error))
        return "\(plain)\(plain.contains("?") ? "&" : "?")\(text)#\(text)&sb="
    }

    static func pairs(_ error: AuthError) -> [(name: String, value: String)] {
        guard !error.isOAuth else {
            return [("error", error.code), ("error_description", error.message)].filter { !$0.1.isEmpty }
        }
        return [("error", kind(error)), ("error_code", error.code), ("error_description", error.message)]
    }

    private static func kind(_ error: AuthError) -> String {
        if denials.contains(error.code) { return "access_denied" }
        return switch error.status {
        case 400: "invalid_request"
        case 401: "unauthorized_client"
        case 403: "access_denied"
        case 503: "temporarily_unavailable"
        default: "server_error"
        }
    }
}
