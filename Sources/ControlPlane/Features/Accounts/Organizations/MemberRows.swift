import APIKit
import Identity
import ProjectModel

/// A member of an organization.
struct MemberRow: EncodableBody {
    let member: Member

    init(_ member: Member) { self.member = member }

    static let shape = BodyShape<Self>(
        "Member",
        [
            .init("gotrue_id", .uuid, of: \.member.account.id),
            .init("username", of: \.member.account.username),
            .init("primary_email", .nullable(.text), of: \.member.account.email),
            .init("role_ids") { $0.member.roles.map(\.number).sorted() },
            .constant("mfa_enabled", false),
            .constant("is_sso_user", false, schema: .nullable(.boolean)),
            .constant("metadata", [String: JSON]()),
            .null("avatar_url"),
        ])
}

/// A member of an organization, on `/v1`.
struct V1Member: EncodableBody {
    let userID: String
    let userName: String
    let email: String
    let roleName: String

    init(_ member: Member) {
        userID = member.account.id
        userName = member.account.username
        email = member.account.email
        // The role that allows most: its number is the lowest.
        roleName = member.roles.map(\.base).min { $0.rawValue < $1.rawValue }?.name ?? ""
    }

    static let shape = BodyShape<Self>(
        "V1Member",
        [
            .init("user_id", .uuid, of: \.userID),
            .init("user_name", of: \.userName),
            .optional("email", of: \.email),
            .init("role_name", of: \.roleName),
            .constant("mfa_enabled", false),
        ])
}
