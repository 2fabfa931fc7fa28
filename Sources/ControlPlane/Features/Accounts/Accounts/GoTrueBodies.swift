import APIKit
import ProjectModel

/// An e-mail address and a password, as sign-in and sign-up take them.
struct CredentialsBody: DecodableBody {
    let email: String
    let password: Secret<String>

    static let schemaName: String? = "Credentials"

    init(fields: BodyReader) throws {
        email = try fields.read("email")
        password = try fields.secret("password")
    }
}

/// The body of a sign-up.
struct SignUpBody: DecodableBody {
    let credentials: CredentialsBody
    /// The token of an invitation, which lets its holder in where sign-up is closed.
    let invitationToken: Secret<String>?

    static let schemaName: String? = "SignUp"

    init(fields: BodyReader) throws {
        credentials = try CredentialsBody(fields: fields)
        invitationToken = try fields.secretIfPresent("invitation_token")
    }
}

/// A refresh token.
struct RefreshBody: DecodableBody {
    let refreshToken: Secret<String>

    static let schemaName: String? = "Refresh"

    init(fields: BodyReader) throws {
        refreshToken = try fields.secret("refresh_token")
    }
}

/// A user's change of its own account.
struct UserUpdateBody: DecodableBody {
    let email: String?
    let password: Secret<String>?
    /// The present password: instead of a sign-in of the last minutes.
    let currentPassword: Secret<String>?
    let data: [String: JSON]?

    static let schemaName: String? = "UserUpdate"

    init(fields: BodyReader) throws {
        email = try fields.readIfPresent("email")
        password = try fields.secretIfPresent("password")
        currentPassword = try fields.secretIfPresent("current_password")
        data = try fields.readIfPresent("data")
    }
}

/// An e-mail address alone.
struct EmailBody: DecodableBody {
    let email: String

    static let schemaName: String? = "Email"

    init(fields: BodyReader) throws {
        email = try fields.read("email")
    }
}

/// What sign-in offers; providers besides the e-mail address: none.
struct GoTrueSettings: EncodableBody {
    let isSignUpOpen: Bool

    static let shape = BodyShape<Self>([
        .init("external") { body in
            Dictionary(uniqueKeysWithValues: Self.providers.map { ($0, false) }).merging(["email": true]) { $1 }
        },
        .init("disable_signup") { !$0.isSignUpOpen },
        .constant("mailer_autoconfirm", true),
        .constant("phone_autoconfirm", false),
        .constant("sms_provider", ""),
        .constant("saml_enabled", false),
    ])

    /// Providers that GoTrue names, by its spelling.
    private static let providers = [
        "anonymous_users", "apple", "azure", "bitbucket", "discord", "facebook", "figma", "fly", "github", "gitlab",
        "google", "kakao", "keycloak", "linkedin", "linkedin_oidc", "notion", "phone", "slack", "slack_oidc", "spotify",
        "twitch", "twitter", "workos", "zoom",
    ]
}
