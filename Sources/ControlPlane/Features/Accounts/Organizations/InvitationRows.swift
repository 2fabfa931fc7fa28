import APIKit
import Identity
import ProjectModel

/// An invitation that was not accepted yet.
struct InvitationRow: EncodableBody {
    let invitation: Invitation

    init(_ invitation: Invitation) { self.invitation = invitation }

    static let shape = BodyShape<Self>(
        "Invitation",
        [
            .init("id", of: \.invitation.number),
            .init("invited_at", .time, of: \.invitation.invitedAt.rfc3339),
            .init("invited_email", of: \.invitation.email),
            .init("role_id", of: \.invitation.role.rawValue),
        ])
}

/// The invitations of an organization.
struct InvitationsBody: EncodableBody {
    let invitations: [InvitationRow]

    static let shape = BodyShape<Self>([
        .init("invitations", of: \.invitations)
    ])
}

/// A new invitation. There is no mail: the inviter passes the token on, which this answer alone shows.
struct CreatedInvitation: EncodableBody {
    let invitation: Invitation
    let token: Secret<String>

    init(_ invitation: Invitation, token: Secret<String>) {
        self.invitation = invitation
        self.token = token
    }

    static let shape = BodyShape<Self>(
        "CreatedInvitation", including: { InvitationRow($0.invitation) },
        [
            .init("expires_at", .time, of: \.invitation.expiresAt.rfc3339),
            .init("token") { $0.token.reveal() },
            // For newer Studios: the invited addresses and the failed ones.
            .init("succeeded") { [$0.invitation.email] },
            .constant("failed", [JSON]()),
        ])
}

/// An invitation, as the holder of its token sees it.
struct InvitationStatus: EncodableBody {
    let emailMatch: Bool
    let expiredToken: Bool
    let inviteID: Int64?
    let organizationName: String
    let tokenDoesNotExist: Bool

    /// A token that belongs to no invitation.
    static let none = InvitationStatus(
        emailMatch: false, expiredToken: false, inviteID: nil, organizationName: "", tokenDoesNotExist: true)

    static let shape = BodyShape<Self>(
        "InvitationStatus",
        [
            .constant("authorized_user", true),
            .init("email_match", of: \.emailMatch),
            .init("expired_token", of: \.expiredToken),
            .optional("invite_id", of: \.inviteID),
            .init("organization_name", of: \.organizationName),
            .constant("sso_mismatch", false),
            .init("token_does_not_exist", of: \.tokenDoesNotExist),
        ])
}

/// The address to invite, and its role.
struct InvitationBody: DecodableBody {
    let email: String
    let role: RoleBody

    static let schemaName: String? = "Invite"

    init(fields: BodyReader) throws {
        role = try RoleBody(fields: fields)
        email = try fields.read("email")
    }
}
