import APIKit
import Identity
import ProjectModel

/// An invitation that was not accepted yet.
struct InvitationRow: Encodable, Sendable, Documented {
    let id: Int64
    let invitedAt: String
    let invitedEmail: String
    let roleID: Int64

    init(_ invitation: Invitation) {
        id = invitation.number
        invitedAt = invitation.invitedAt.rfc3339
        invitedEmail = invitation.email
        roleID = invitation.role.rawValue
    }

    static let schema = Schema.named(
        "Invitation",
        .fields(
            .init("id", .integer()), .init("invited_at", .time), .init("invited_email", .text),
            .init("role_id", .integer())))

    enum CodingKeys: String, CodingKey {
        case id
        case invitedAt = "invited_at"
        case invitedEmail = "invited_email"
        case roleID = "role_id"
    }
}

/// The invitations of an organization.
struct InvitationsBody: Encodable, Sendable, Documented {
    let invitations: [InvitationRow]

    static let schema = Schema.fields(.init("invitations", .array(InvitationRow.schema)))
}

/// A new invitation. There is no mail: the inviter passes the token on, which this answer alone shows.
struct CreatedInvitation: Encodable, Sendable, Documented {
    let id: Int64
    let invitedAt: String
    let invitedEmail: String
    let roleID: Int64
    let expiresAt: String
    let token: String
    /// For newer Studios: the invited addresses and the failed ones.
    let succeeded: [String]
    let failed: [String] = []

    init(_ invitation: Invitation, token: Secret<String>) {
        id = invitation.number
        invitedAt = invitation.invitedAt.rfc3339
        invitedEmail = invitation.email
        roleID = invitation.role.rawValue
        expiresAt = invitation.expiresAt.rfc3339
        self.token = token.reveal()
        succeeded = [invitation.email]
    }

    static let schema = Schema.named(
        "CreatedInvitation",
        InvitationRow.schema.inlined.adding([
            .init("expires_at", .time), .init("token", .text), .init("succeeded", .array(.text)),
            .init("failed", .array(.anything)),
        ]))

    enum CodingKeys: String, CodingKey {
        case id, token, succeeded, failed
        case invitedAt = "invited_at"
        case invitedEmail = "invited_email"
        case roleID = "role_id"
        case expiresAt = "expires_at"
    }
}

/// An invitation, as the holder of its token sees it.
struct InvitationStatus: Encodable, Sendable, Documented {
    let authorizedUser = true
    let emailMatch: Bool
    let expiredToken: Bool
    let inviteID: Int64?
    let organizationName: String
    let ssoMismatch = false
    let tokenDoesNotExist: Bool

    /// A token that belongs to no invitation.
    static let none = InvitationStatus(
        emailMatch: false, expiredToken: false, inviteID: nil, organizationName: "", tokenDoesNotExist: true)

    static let schema = Schema.named(
        "InvitationStatus",
        .fields(
            .init("authorized_user", .boolean), .init("email_match", .boolean), .init("expired_token", .boolean),
            .optional("invite_id", .integer()), .init("organization_name", .text), .init("sso_mismatch", .boolean),
            .init("token_does_not_exist", .boolean)))

    enum CodingKeys: String, CodingKey {
        case authorizedUser = "authorized_user"
        case emailMatch = "email_match"
        case expiredToken = "expired_token"
        case inviteID = "invite_id"
        case organizationName = "organization_name"
        case ssoMismatch = "sso_mismatch"
        case tokenDoesNotExist = "token_does_not_exist"
    }
}

/// The address to invite, and its role.
struct InvitationBody: Decodable, Sendable {
    let email: String
    let role: RoleBody

    init(from decoder: any Decoder) throws {
        email = try decoder.container(keyedBy: CodingKeys.self).decode(String.self, forKey: .email)
        role = try RoleBody(from: decoder)
    }

    private enum CodingKeys: String, CodingKey {
        case email
    }

    static let schema = Schema.named("Invite", RoleBody.schema.inlined.adding([.init("email", .text)]))
}
