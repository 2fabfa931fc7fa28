/// What a request asks for.
enum AuthRoute: Sendable, Equatable {
    case health, settings, keys, openIDConfiguration
    case signup, token, otp, magiclink, recover, resend
    case verify, verifyLink, authorize, callback
    case user, updateUser, reauthenticate, logout
    case authorizeIdentity
    case deleteIdentity(String)
    case enrollFactor
    case challengeFactor(String)
    case verifyFactor(String)
    case deleteFactor(String)
    case invite, generateLink
    case listUsers, createUser
    case adminUser(String)
    case updateAdminUser(String)
    case deleteAdminUser(String)
    case adminFactors(user: String)
    case updateAdminFactor(user: String, factor: String)
    case deleteAdminFactor(user: String, factor: String)
    case audit
    /// Served by no part of this server; the error is the one that a GoTrue gives with the part switched off.
    case unsupported(AuthError)

    /// The route of a method and a path's segments.
    ///
    /// - Throws: `unknown` with 404 or 405.
    init(method: String, segments: [String]) throws(AuthError) {
        let method = method == "HEAD" ? "GET" : method
        if let fixed = Self.fixed[segments.joined(separator: "/")] {
            guard let route = fixed[method] else { throw .methodNotAllowed }
            self = route
            return
        }
        if let route = Self.nested(method, segments) ?? Self.admin(method, segments) {
            self = route
            return
        }
        guard let error = Self.unsupportedError(segments) else { throw .notFound }
        self = .unsupported(error)
    }

    private static let fixed: [String: [String: AuthRoute]] = [
        "health": ["GET": .health], "settings": ["GET": .settings],
        ".well-known/jwks.json": ["GET": .keys], ".well-known/openid-configuration": ["GET": .openIDConfiguration],
        "signup": ["POST": .signup], "token": ["POST": .token], "otp": ["POST": .otp],
        "magiclink": ["POST": .magiclink], "recover": ["POST": .recover], "resend": ["POST": .resend],
        "verify": ["POST": .verify, "GET": .verifyLink], "authorize": ["GET": .authorize],
        "callback": ["GET": .callback, "POST": .callback], "user": ["GET": .user, "PUT": .updateUser],
        "reauthenticate": ["GET": .reauthenticate], "logout": ["POST": .logout],
        "user/identities/authorize": ["GET": .authorizeIdentity], "factors": ["POST": .enrollFactor],
        "invite": ["POST": .invite], "admin/generate_link": ["POST": .generateLink],
        "admin/users": ["GET": .listUsers, "POST": .createUser], "admin/audit": ["GET": .audit],
    ]

    private static func nested(_ method: String, _ segments: [String]) -> AuthRoute? {
        switch (method, segments.count, segments.first) {
        case ("DELETE", 3, "user") where segments[1] == "identities": .deleteIdentity(segments[2])
        case ("DELETE", 2, "factors"): .deleteFactor(segments[1])
        case ("POST", 3, "factors") where segments[2] == "challenge": .challengeFactor(segments[1])
        case ("POST", 3, "factors") where segments[2] == "verify": .verifyFactor(segments[1])
        default: nil
        }
    }

    private static func admin(_ method: String, _ segments: [String]) -> AuthRoute? {
        guard segments.count >= 3, segments[0] == "admin", segments[1] == "users" else { return nil }
        let user = segments[2]
        switch (method, segments.count) {
        case ("GET", 3): return .adminUser(user)
        case ("PUT", 3): return .updateAdminUser(user)
        case ("DELETE", 3): return .deleteAdminUser(user)
        case ("GET", 4) where segments[3] == "factors": return .adminFactors(user: user)
        case ("PUT", 5) where segments[3] == "factors":
            return .updateAdminFactor(user: user, factor: segments[4])
        case ("DELETE", 5) where segments[3] == "factors":
            return .deleteAdminFactor(user: user, factor: segments[4])
        default: return nil
        }
    }

    private static func unsupportedError(_ segments: [String]) -> AuthError? {
        switch segments.first {
        case "sso": return .samlDisabled
        case "passkeys": return .passkeyDisabled
        case "oauth": return .oauthServerDisabled
        case "user" where segments.dropFirst() == ["oauth", "grants"]: return .oauthServerDisabled
        case ".well-known" where segments.dropFirst() == ["oauth-authorization-server"]: return .oauthServerDisabled
        case "admin" where segments.count > 1:
            switch segments[1] {
            case "users" where segments.count > 3 && segments[3] == "passkeys": return .passkeyDisabled
            case "sso": return .samlDisabled
            case "oauth": return .oauthServerDisabled
            case "custom-providers":
                return AuthError(404, code: "feature_disabled", message: "Custom OAuth providers are disabled")
            default: return nil
            }
        default: return nil
        }
    }

    /// Whether a role of administrators is needed.
    var isAdmin: Bool {
        switch self {
        case .invite, .generateLink, .listUsers, .createUser, .adminUser, .updateAdminUser, .deleteAdminUser,
            .adminFactors, .updateAdminFactor, .deleteAdminFactor, .audit:
            true
        default: false
        }
    }

    /// Whether a body is read, and whether it must be there.
    var body: (isRead: Bool, isRequired: Bool) {
        switch self {
        case .signup, .token, .otp, .magiclink, .recover, .resend, .verify, .updateUser, .enrollFactor, .verifyFactor,
            .invite, .generateLink, .createUser, .updateAdminUser, .updateAdminFactor:
            (true, true)
        case .challengeFactor, .deleteAdminUser, .callback: (true, false)
        default: (false, false)
        }
    }
}
