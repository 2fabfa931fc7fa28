import DataPlaneCore

/// The documents that need no token.
extension AuthCall {
    /// The version of the contract.
    static let contractVersion = "v2.196.0"

    func document(_ route: AuthRoute) -> ServiceResponse {
        switch route {
        case .settings: return ServiceResponse(status: 200, json: settings)
        case .keys:
            var response = ServiceResponse(
                status: 200, json: .object([.init("keys", .array(service.keys.published))]))
            response.set("Cache-Control", "public, max-age=600")
            return response
        case .openIDConfiguration: return ServiceResponse(status: 200, json: openIDConfiguration)
        default:
            return ServiceResponse(
                status: 200,
                json: .object([
                    .init("version", .string(Self.contractVersion)), .init("name", .string("GoTrue")),
                    .init("description", .string("GoTrue is a user registration and authentication API")),
                ]))
        }
    }

    /// Providers that a GoTrue names here.
    private static let providers = [
        "apple", "azure", "bitbucket", "discord", "facebook", "figma", "fly", "github", "gitlab", "google", "keycloak",
        "kakao", "linkedin", "linkedin_oidc", "notion", "slack", "slack_oidc", "snapchat", "spotify", "twitch",
        "twitter", "workos", "x", "zoom",
    ]

    private var settings: JSONText {
        var external: [JSONText.Member] = [.init("anonymous_users", .bool(configuration.hasAnonymous))]
        external += Self.providers.map { .init($0, .bool(configuration.external.isEnabled($0))) }
        external += [.init("email", .bool(configuration.hasEmail)), .init("phone", .bool(configuration.hasPhone))]
        return .object([
            .init("external", .object(external)), .init("disable_signup", .bool(configuration.isSignupDisabled)),
            .init("mailer_autoconfirm", .bool(configuration.autoconfirmsEmail)),
            .init("phone_autoconfirm", .bool(configuration.autoconfirmsPhone)),
            .init("sms_provider", .string(configuration.sms.account?.provider.name ?? "")),
            .init("saml_enabled", .bool(false)), .init("saml_private_key_next_configured", .bool(false)),
            .init("passkeys_enabled", .bool(false)),
        ])
    }

    private var openIDConfiguration: JSONText {
        let texts = { (names: [String]) in JSONText.array(names.map { .string($0) }) }
        return .object([
            .init("issuer", .string(configuration.issuerName)),
            .init("jwks_uri", .string(configuration.externalURL + "/.well-known/jwks.json")),
            .init("subject_types_supported", texts(["public"])),
            .init("id_token_signing_alg_values_supported", texts(["RS256", "HS256", "ES256"])),
        ])
    }
}
