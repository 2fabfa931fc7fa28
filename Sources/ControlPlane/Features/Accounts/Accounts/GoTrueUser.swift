import APIKit
import Identity
import ProjectModel

/// An account as GoTrue shows a user.
struct GoTrueUser: Encodable, Sendable, Documented {
    let id: String
    let aud = GoTrueUser.audience
    let role = GoTrueUser.audience
    let email: String
    let phone = ""
    /// The address that waits for its confirmation.
    let newEmail: String?
    /// Always confirmed, also with an unconfirmed address: sign-in never waits for a mail.
    let emailConfirmedAt: String
    let confirmedAt: String
    let lastSignInAt: String?
    let appMetadata = AppMetadata()
    let userMetadata: [String: String] = [:]
    let identities: [LinkedIdentity]
    let createdAt: String
    let updatedAt: String
    let isAnonymous = false

    /// Audience and role of every account.
    private static let audience = "authenticated"

    /// How the user signs in.
    struct AppMetadata: Encodable, Sendable {
        let provider = "email"
        let providers = ["email"]
    }

    /// The one way in: the e-mail address.
    struct LinkedIdentity: Encodable, Sendable {
        let identityID: String
        let id: String
        let userID: String
        let identityData: [String: JSON]
        let provider = "email"
        let lastSignInAt: String?
        let createdAt: String
        let updatedAt: String
        let email: String

        enum CodingKeys: String, CodingKey {
            case id, provider, email
            case identityID = "identity_id"
            case userID = "user_id"
            case identityData = "identity_data"
            case lastSignInAt = "last_sign_in_at"
            case createdAt = "created_at"
            case updatedAt = "updated_at"
        }

        init(_ account: Account) {
            identityID = account.id
            id = account.id
            userID = account.id
            identityData = [
                "sub": .string(account.id), "email": .string(account.email),
                "email_verified": .boolean(account.isEmailVerified), "phone_verified": false,
            ]
            lastSignInAt = account.lastSignInAt?.rfc3339
            createdAt = account.insertedAt.rfc3339
            updatedAt = account.updatedAt.rfc3339
            email = account.email
        }
    }

    init(_ account: Account) {
        id = account.id
        email = account.email
        newEmail = account.pendingEmail
        emailConfirmedAt = account.insertedAt.rfc3339
        confirmedAt = account.insertedAt.rfc3339
        lastSignInAt = account.lastSignInAt?.rfc3339
        identities = [LinkedIdentity(account)]
        createdAt = account.insertedAt.rfc3339
        updatedAt = account.updatedAt.rfc3339
    }

    static let schema = Schema.named(
        "User",
        .fields(
            .init("id", .uuid), .init("aud", .choice([audience])), .init("role", .choice([audience])),
            .init("email", .text), .init("phone", .text), .optional("new_email", .text),
            .init("email_confirmed_at", .time), .init("confirmed_at", .time), .optional("last_sign_in_at", .time),
            .init("app_metadata", .fields(.init("provider", .text), .init("providers", .array(.text)))),
            .init("user_metadata", .map(.anything)), .init("identities", .array(identity)),
            .init("created_at", .time), .init("updated_at", .time), .init("is_anonymous", .boolean)))

    private static let identity = Schema.fields(
        .init("identity_id", .uuid), .init("id", .uuid), .init("user_id", .uuid),
        .init("identity_data", .map(.anything)), .init("provider", .text), .optional("last_sign_in_at", .time),
        .init("created_at", .time), .init("updated_at", .time), .init("email", .text))

    enum CodingKeys: String, CodingKey {
        case id, aud, role, email, phone, identities
        case newEmail = "new_email"
        case emailConfirmedAt = "email_confirmed_at"
        case confirmedAt = "confirmed_at"
        case lastSignInAt = "last_sign_in_at"
        case appMetadata = "app_metadata"
        case userMetadata = "user_metadata"
        case createdAt = "created_at"
        case updatedAt = "updated_at"
        case isAnonymous = "is_anonymous"
    }
}

/// What a sign-in and a refresh answer. It holds the tokens: it is never logged.
struct GoTrueSession: Encodable, Sendable, Documented {
    let accessToken: String
    let tokenType = "bearer"
    let expiresIn: Int
    let expiresAt: Int64
    let refreshToken: String
    let user: GoTrueUser

    init(_ grant: SessionGrant) {
        accessToken = grant.accessToken.reveal()
        expiresIn = grant.expiresIn
        expiresAt = grant.expiresAt
        refreshToken = grant.refreshToken.reveal()
        user = GoTrueUser(grant.account)
    }

    static let schema = Schema.named(
        "Session",
        .fields(
            .init("access_token", .text), .init("token_type", .choice(["bearer"])), .init("expires_in", .integer()),
            .init("expires_at", .integer()), .init("refresh_token", .text), .init("user", GoTrueUser.schema)))

    enum CodingKeys: String, CodingKey {
        case user
        case accessToken = "access_token"
        case tokenType = "token_type"
        case expiresIn = "expires_in"
        case expiresAt = "expires_at"
        case refreshToken = "refresh_token"
    }
}
