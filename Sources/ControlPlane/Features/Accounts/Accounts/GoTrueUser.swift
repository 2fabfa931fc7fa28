import APIKit
import Identity
import ProjectModel

/// An account as GoTrue shows a user.
struct GoTrueUser: EncodableBody {
    let account: Account

    init(_ account: Account) { self.account = account }

    /// Audience and role of every account.
    private static let audience = "authenticated"

    /// How the user signs in.
    struct AppMetadata: EncodableBody {
        static let shape = BodyShape<Self>([
            .constant("provider", "email"),
            .constant("providers", ["email"]),
        ])
    }

    /// The one way in: the e-mail address.
    struct LinkedIdentity: EncodableBody {
        let account: Account

        /// What the provider says of the user.
        private var facts: [String: JSON] {
            [
                "sub": .string(account.id), "email": .string(account.email),
                "email_verified": .boolean(account.isEmailVerified), "phone_verified": false,
            ]
        }

        static let shape = BodyShape<Self>([
            .init("identity_id", .uuid, of: \.account.id),
            .init("id", .uuid, of: \.account.id),
            .init("user_id", .uuid, of: \.account.id),
            .init("identity_data", of: \.facts),
            .constant("provider", "email"),
            .optional("last_sign_in_at", .time, of: \.account.lastSignInAt?.rfc3339),
            .init("created_at", .time, of: \.account.insertedAt.rfc3339),
            .init("updated_at", .time, of: \.account.updatedAt.rfc3339),
            .init("email", of: \.account.email),
        ])
    }

    static let shape = BodyShape<Self>(
        "User",
        [
            .init("id", .uuid, of: \.account.id),
            .constant("aud", audience, schema: .choice([audience])),
            .constant("role", audience, schema: .choice([audience])),
            .init("email", of: \.account.email),
            .constant("phone", ""),
            // The address that waits for its confirmation.
            .optional("new_email", of: \.account.pendingEmail),
            // Always confirmed, also with an unconfirmed address: sign-in never waits for a mail.
            .init("email_confirmed_at", .time, of: \.account.insertedAt.rfc3339),
            .init("confirmed_at", .time, of: \.account.insertedAt.rfc3339),
            .optional("last_sign_in_at", .time, of: \.account.lastSignInAt?.rfc3339),
            .constant("app_metadata", AppMetadata()),
            .constant("user_metadata", [String: JSON]()),
            .init("identities") { [LinkedIdentity(account: $0.account)] },
            .init("created_at", .time, of: \.account.insertedAt.rfc3339),
            .init("updated_at", .time, of: \.account.updatedAt.rfc3339),
            .constant("is_anonymous", false),
        ])
}

/// What a sign-in and a refresh answer. It holds the tokens: it is never logged.
struct GoTrueSession: EncodableBody {
    let grant: SessionGrant

    init(_ grant: SessionGrant) { self.grant = grant }

    static let shape = BodyShape<Self>(
        "Session",
        [
            .init("access_token") { $0.grant.accessToken.reveal() },
            .constant("token_type", "bearer", schema: .choice(["bearer"])),
            .init("expires_in", of: \.grant.expiresIn),
            .init("expires_at", of: \.grant.expiresAt),
            .init("refresh_token") { $0.grant.refreshToken.reveal() },
            .init("user") { GoTrueUser($0.grant.account) },
        ])
}
