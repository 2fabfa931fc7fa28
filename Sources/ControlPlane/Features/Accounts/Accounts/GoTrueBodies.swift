import APIKit
import ProjectModel

/// An e-mail address and a password, as sign-in and sign-up take them.
struct CredentialsBody: Decodable, Sendable {
    let email: String
    let password: Secret<String>

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        email = try container.decode(String.self, forKey: .email)
        password = Secret(try container.decode(String.self, forKey: .password))
    }

    private enum CodingKeys: String, CodingKey {
        case email, password
    }

    static let schema = Schema.named("Credentials", .fields(.init("email", .text), .init("password", .text)))
}

/// The body of a sign-up.
struct SignUpBody: Decodable, Sendable {
    let email: String
    let password: Secret<String>
    /// The token of an invitation, which lets its holder in where sign-up is closed.
    let invitationToken: Secret<String>?

    init(from decoder: any Decoder) throws {
        let credentials = try CredentialsBody(from: decoder)
        (email, password) = (credentials.email, credentials.password)
        invitationToken = try decoder.container(keyedBy: CodingKeys.self)
            .decodeIfPresent(String.self, forKey: .invitationToken).map { Secret($0) }
    }

    private enum CodingKeys: String, CodingKey {
        case invitationToken = "invitation_token"
    }

    static let schema = Schema.named(
        "SignUp", CredentialsBody.schema.inlined.adding([.optional("invitation_token", .text)]))
}

/// A refresh token.
struct RefreshBody: Decodable, Sendable {
    let refreshToken: Secret<String>

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        refreshToken = Secret(try container.decode(String.self, forKey: .refreshToken))
    }

    private enum CodingKeys: String, CodingKey {
        case refreshToken = "refresh_token"
    }

    static let schema = Schema.named("Refresh", .fields(.init("refresh_token", .text)))
}

/// A user's change of its own account.
struct UserUpdateBody: Decodable, Sendable {
    let email: String?
    let password: Secret<String>?
    /// The present password: instead of a sign-in of the last minutes.
    let currentPassword: Secret<String>?
    let data: [String: JSON]?

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        email = try container.decodeIfPresent(String.self, forKey: .email)
        password = try container.decodeIfPresent(String.self, forKey: .password).map { Secret($0) }
        currentPassword = try container.decodeIfPresent(String.self, forKey: .currentPassword).map { Secret($0) }
        data = try container.decodeIfPresent([String: JSON].self, forKey: .data)
    }

    private enum CodingKeys: String, CodingKey {
        case email, password, data
        case currentPassword = "current_password"
    }

    static let schema = Schema.named(
        "UserUpdate",
        .fields(
            .optional("email", .text), .optional("password", .text), .optional("current_password", .text),
            .optional("data", .map(.anything))))
}

/// An e-mail address alone.
struct EmailBody: Decodable, Sendable {
    let email: String

    static let schema = Schema.named("Email", .fields(.init("email", .text)))
}

/// What sign-in offers; providers besides the e-mail address: none.
struct GoTrueSettings: Encodable, Sendable, Documented {
    let external: [String: Bool]
    let disableSignup: Bool
    let mailerAutoconfirm = true
    let phoneAutoconfirm = false
    let smsProvider = ""
    let samlEnabled = false

    init(isSignUpOpen: Bool) {
        external = Dictionary(uniqueKeysWithValues: Self.providers.map { ($0, false) })
            .merging(["email": true]) { $1 }
        disableSignup = !isSignUpOpen
    }

    /// Providers that GoTrue names, by its spelling.
    private static let providers = [
        "anonymous_users", "apple", "azure", "bitbucket", "discord", "facebook", "figma", "fly", "github", "gitlab",
        "google", "kakao", "keycloak", "linkedin", "linkedin_oidc", "notion", "phone", "slack", "slack_oidc", "spotify",
        "twitch", "twitter", "workos", "zoom",
    ]

    static let schema = Schema.fields(
        .init("external", .map(.boolean)), .init("disable_signup", .boolean), .init("mailer_autoconfirm", .boolean),
        .init("phone_autoconfirm", .boolean), .init("sms_provider", .text), .init("saml_enabled", .boolean))

    enum CodingKeys: String, CodingKey {
        case external
        case disableSignup = "disable_signup"
        case mailerAutoconfirm = "mailer_autoconfirm"
        case phoneAutoconfirm = "phone_autoconfirm"
        case smsProvider = "sms_provider"
        case samlEnabled = "saml_enabled"
    }
}
